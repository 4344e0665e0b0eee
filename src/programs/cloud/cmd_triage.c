/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "control/triage_desk.h"
#include "region_files.h"
#include "service_run.h"
#include "sys/file.h"
#include "sys/key_file.h"
#include "triage_apply.h"

/*
 * overt-cloud triage ...: what people decide about what was analysed.
 *
 *     list DIR               cases, a line each
 *     show DIR SAMPLE        one case: its text, and what people have said
 *     confirm DIR SAMPLE VERDICT [FAMILY]
 *     reject DIR SAMPLE      the same with the verdict "nothing"
 *     sign CASE VERDICT [FAMILY]   the same without a database: prints a note
 *     take DIR NOTE          keeps such a note
 *     reopen DIR SAMPLE      another round of a closed case
 *     apply DIR CLOUD        what two people agree on goes into the journal
 *
 * Who may decide is said by DIR/trust/people, a people file
 * (docs/protocol-entries.md, "People") as the publisher has it.
 */

#define MAX_TEXT (2 * OV_CASE_MAX)
#define MAX_FILE ((size_t)1 << 20)

/* ---- what they share ---- */

struct desk {
    struct cloud *c;
    struct triage_desk t;
    struct ov_arena *arena;
    char dir_people[CLOUD_PATH_MAX];
};

static void desk_done(struct desk *d)
{
    control_store_free(d->t.store);
    ov_arena_free(d->arena);
}

#define AUTO_DESK __attribute__((cleanup(desk_done))) struct desk

/* Opens the region's folder that word n names. */
static bool open_desk(struct cloud *c, struct desk *d, size_t n)
{
    __attribute__((cleanup(region_files_done))) struct region_files r = {
        .keys = NULL};
    const char *where = cloud_option(c, "store");
    struct ov_diag diag = {.text = ""};
    char file[CLOUD_PATH_MAX];

    d->c = c;
    d->arena = ov_arena_new((size_t)8 << 20);
    if (d->arena == NULL || n >= c->n_words) {
        (void)cloud_say("say the region's folder; see --help");
        return false;
    }
    c->dir = c->words[n];
    if (!region_read(c, d->arena, &r) ||
        !cloud_path(c, file, "state/store.db") ||
        !cloud_path(c, d->dir_people, "trust/people"))
        return false;
    d->t.people = cloud_option(c, "people") != NULL ? cloud_option(c, "people")
                                                    : d->dir_people;
    d->t.now = service_now;
    if (control_store_open(where != NULL ? where : file, r.keys->region,
                           &d->t.store, &diag) == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}

static bool parse_purpose(const struct cloud *c, enum ov_envelope_purpose *ret)
{
    const char *word = cloud_option(c, "purpose");

    *ret = OV_PURPOSE_SAMPLE;
    if (word == NULL || ov_purpose_parse(ov_span_str(word), ret))
        return true;
    (void)cloud_say("--purpose %s: sample or false-positive", word);
    return false;
}

static bool parse_sample(const struct cloud *c, size_t n,
                         uint8_t ret[static 32])
{
    if (n < c->n_words && ov_hex_decode(ov_span_str(c->words[n]), ret, 32))
        return true;
    (void)cloud_say("say the sample: a SHA-256 of 64 digits");
    return false;
}

static int print(const struct ov_buf *b)
{
    if (ov_buf_status(b) != OV_OK)
        return cloud_say("out of memory");
    return fwrite(b->ptr, 1, b->len, stdout) == b->len && fflush(stdout) == 0
               ? CLOUD_OK
               : CLOUD_FAILED;
}

/* ---- looking ---- */

static int list(struct cloud *c)
{
    AUTO_DESK d = {.c = c};
    const char *word = cloud_option(c, "state");
    OV_AUTO_DONE(buf) page = ov_buf_with_max(TRIAGE_PAGE_MAX);
    struct ov_diag diag = {.text = ""};
    enum control_case_state state = CASE_OPEN;
    uint64_t from;

    if ((word != NULL && !triage_state_parse(ov_span_str(word), &state)) ||
        !cloud_number(c, "from", 0, &from)) {
        (void)cloud_say("--state is open, decided or closed");
        return CLOUD_USAGE;
    }
    if (!open_desk(c, &d, 1))
        return CLOUD_FAILED;
    if (triage_put_list(&d.t, state, from, &page, &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    return print(&page);
}

static int show(struct cloud *c)
{
    AUTO_DESK d = {.c = c};
    OV_AUTO_DONE(buf) page = ov_buf_with_max(TRIAGE_PAGE_MAX);
    enum ov_envelope_purpose purpose;
    struct ov_diag diag = {.text = ""};
    uint8_t sample[32];

    if (!parse_sample(c, 2, sample) || !parse_purpose(c, &purpose))
        return CLOUD_USAGE;
    if (!open_desk(c, &d, 1))
        return CLOUD_FAILED;
    if (triage_put_case(&d.t, sample, purpose, cloud_option(c, "text") != NULL,
                        &page, &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    return print(&page);
}

/* ---- deciding ---- */

static bool read_key(const struct cloud *c, const char *person,
                     struct ov_key *ret)
{
    const char *keys = cloud_option(c, "keys");
    const char *given = cloud_option(c, "key");
    const char *file = cloud_option(c, "passphrase-file");
    struct ov_diag diag = {.text = ""};
    char passphrase[1024];
    char path[CLOUD_PATH_MAX];
    size_t len = 0;
    int n = given != NULL ? snprintf(path, sizeof(path), "%s", given)
                          : snprintf(path, sizeof(path), "%s/%s.key",
                                     keys != NULL ? keys : "keys", person);
    enum ov_status status;

    if (n < 0 || (size_t)n >= sizeof(path))
        return false;
    status = ov_key_file_read(path, ov_span_of(NULL, 0), ret, &diag);
    if (status == OV_ENCRYPTED &&
        ov_passphrase_get(file, person, passphrase, sizeof(passphrase), &len) ==
            OV_OK)
        status =
            ov_key_file_read(path, ov_span_of(passphrase, len), ret, &diag);
    explicit_bzero(passphrase, sizeof(passphrase));
    if (status == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text[0] != '\0' ? diag.text : path);
    return false;
}

/* Signs the decision that words from n on tell, about this case. */
static bool sign(const struct cloud *c, struct ov_span text, size_t n,
                 struct ov_buf *note)
{
    const char *person = cloud_option(c, "as");
    const char *why = cloud_option(c, "why");
    const char *word = n < c->n_words ? c->words[n] : "nothing";
    const char *family = n + 1 < c->n_words ? c->words[n + 1] : "";
    struct ov_decision d = {.time = c->now};
    OV_AUTO_DONE(key) key = {.name = ""};
    struct ov_diag diag = {.text = ""};
    struct ov_vkey vkey;

    if (person == NULL || why == NULL) {
        (void)cloud_say("say --as PERSON and --why WORDS");
        return false;
    }
    d.person = ov_span_str(person);
    d.why = ov_span_str(why);
    if (!ov_triage_verdict_parse(ov_span_str(word), ov_span_str(family),
                                 &d.verdict)) {
        (void)cloud_say("%s %s: no such verdict: good, malicious, unwanted, "
                        "suspicious, recalled, test, nothing",
                        word, family);
        return false;
    }
    if (ov_triage_case_parse(text, &d.about, d.seen, &diag) != OV_OK) {
        (void)cloud_say("the case: %s", diag.text);
        return false;
    }
    if (!read_key(c, person, &key))
        return false;
    if (ov_vkey_make(key.name, OV_NOTE_ED25519, key.public_key, &vkey) ==
            OV_OK &&
        ov_decision_sign(note, &d, &vkey, key.seed) == OV_OK)
        return true;
    (void)cloud_say("cannot sign this; --why is one line of %d bytes at most",
                    OV_DECISION_WHY_MAX);
    return false;
}

static int keep(struct desk *d, struct ov_span note)
{
    struct ov_diag diag = {.text = ""};
    enum control_deciding outcome;

    if (triage_take(&d->t, note, &outcome, &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    (void)printf("%s\n", triage_outcome_words(outcome));
    return outcome == DECIDING_KEPT || outcome == DECIDING_AGREED ||
                   outcome == DECIDING_KNOWN
               ? CLOUD_OK
               : CLOUD_FAILED;
}

static int confirm(struct cloud *c, bool is_rejection)
{
    AUTO_DESK d = {.c = c};
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_TEXT);
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_DECISION_MAX);
    enum ov_envelope_purpose purpose;
    struct ov_diag diag = {.text = ""};
    uint8_t sample[32];

    if (!parse_sample(c, 2, sample) || !parse_purpose(c, &purpose))
        return CLOUD_USAGE;
    if (is_rejection ? c->n_words != 3 : c->n_words < 4 || c->n_words > 5) {
        (void)cloud_say("triage confirm DIR SAMPLE VERDICT [FAMILY], or "
                        "triage reject DIR SAMPLE");
        return CLOUD_USAGE;
    }
    if (!open_desk(c, &d, 1))
        return CLOUD_FAILED;
    if (triage_put_case(&d.t, sample, purpose, true, &text, &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    if (!sign(c, ov_buf_span(&text), 3, &note))
        return CLOUD_FAILED;
    return keep(&d, ov_buf_span(&note));
}

static bool read_text(const char *path, struct ov_buf *ret)
{
    enum ov_status status;

    *ret = ov_buf_with_max(MAX_FILE);
    status = ov_file_read(path, ret);
    if (status == OV_OK)
        return true;
    (void)cloud_say("%s: %s", path, ov_status_name(status));
    return false;
}

static int sign_file(struct cloud *c)
{
    OV_AUTO_DONE(buf) text = {.ptr = NULL};
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_DECISION_MAX);

    if (c->n_words < 3 || c->n_words > 4) {
        (void)cloud_say("triage sign CASE VERDICT [FAMILY]");
        return CLOUD_USAGE;
    }
    if (!read_text(c->words[1], &text) ||
        !sign(c, ov_buf_span(&text), 2, &note))
        return CLOUD_FAILED;
    return print(&note);
}

static int take(struct cloud *c)
{
    AUTO_DESK d = {.c = c};
    OV_AUTO_DONE(buf) note = {.ptr = NULL};

    if (c->n_words != 3) {
        (void)cloud_say("triage take DIR NOTE");
        return CLOUD_USAGE;
    }
    if (!open_desk(c, &d, 1) || !read_text(c->words[2], &note))
        return CLOUD_FAILED;
    return keep(&d, ov_buf_span(&note));
}

static int reopen(struct cloud *c)
{
    AUTO_DESK d = {.c = c};
    enum ov_envelope_purpose purpose;
    struct ov_diag diag = {.text = ""};
    uint8_t sample[32];

    if (!parse_sample(c, 2, sample) || !parse_purpose(c, &purpose))
        return CLOUD_USAGE;
    if (!open_desk(c, &d, 1))
        return CLOUD_FAILED;
    if (control_case_reopen(d.t.store, sample, purpose, c->now, &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    (void)printf("open again\n");
    return CLOUD_OK;
}

static int apply(struct cloud *c)
{
    AUTO_DESK d = {.c = c};
    OV_AUTO_DONE(buf) text = {.ptr = NULL};
    struct ov_people people;
    struct ov_diag diag = {.text = ""};

    if (c->n_words != 3) {
        (void)cloud_say("triage apply DIR CLOUD");
        return CLOUD_USAGE;
    }
    if (!open_desk(c, &d, 1))
        return CLOUD_FAILED;
    if (triage_read_people(d.t.people, d.arena, &text, &people, &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    return triage_apply(c, 2, c->words[1], d.t.store, &people);
}

int cmd_triage(struct cloud *c)
{
    const char *what = c->n_words > 0 ? c->words[0] : "";

    if (strcmp(what, "list") == 0)
        return list(c);
    if (strcmp(what, "show") == 0)
        return show(c);
    if (strcmp(what, "confirm") == 0)
        return confirm(c, false);
    if (strcmp(what, "reject") == 0)
        return confirm(c, true);
    if (strcmp(what, "sign") == 0)
        return sign_file(c);
    if (strcmp(what, "take") == 0)
        return take(c);
    if (strcmp(what, "reopen") == 0)
        return reopen(c);
    if (strcmp(what, "apply") == 0)
        return apply(c);
    (void)cloud_say("triage list, show, confirm, reject, sign, take, reopen or "
                    "apply? see --help");
    return CLOUD_USAGE;
}
