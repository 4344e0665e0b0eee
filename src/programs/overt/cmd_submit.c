/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "command.h"
#include "host/cloud_local.h"
#include "host/config.h"
#include "host/outbound_log.h"
#include "host/output.h"
#include "host/setting_value.h"
#include "host/state_place.h"
#include "submit_find.h"
#include "submit_item.h"
#include "submit_place.h"
#include "submit_preview.h"
#include "submit_send.h"
#include "submit_state.h"
#include "submit_trust.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/sandbox.h"
#include "sys/spawn.h"

/* overt submit: has the owner's files looked at by the region that the owner
 * chose; docs/privacy.md says what may be sent, docs/protocol-submissions.md
 * how. Each file is scanned first, and what could be sent is what a rule holds
 * for: a member, not what contains it. Then the policy decides, the preview is
 * shown, and only an agreement to just that sends it. */

#define MAX_RULE_PATHS 64

struct submit_options {
    unsigned mode; /* enum ov_submission_mode */
    struct setting_list classes;
    struct setting_list markers;
    struct setting_list private_places;
    struct setting_list named; /* --approve */
    struct setting_list rule_paths;
    const char *region;
    const char *manifest;
    const char *server;
    const char *quarantine;
    const char *deletion;
    bool is_false_positive;
    bool is_preview;
    bool is_list;
    bool is_check;
    bool may_change_region;
    bool has_all_bytes;
    unsigned spawn_flags;
};

/* ---- options ---- */

#define SETTER(function, what)                                                 \
    static const char *function(void *data, const char *value)                 \
    {                                                                          \
        struct submit_options *o = data;                                       \
                                                                               \
        (void)value;                                                           \
        what;                                                                  \
    }

static const char *const modes[] = {"never", "ask", "auto", NULL};

SETTER(set_mode, return setting_choice(&o->mode, value, modes,
                                       "is not never, ask or auto"))
SETTER(set_marker, return setting_add(&o->markers, value))
SETTER(set_private, return setting_add_path(&o->private_places, value))
SETTER(set_rules, return setting_add(&o->rule_paths, value))
SETTER(set_manifest, return setting_text(&o->manifest, value))
SETTER(set_server, return setting_text(&o->server, value))
SETTER(set_quarantine, return setting_text(&o->quarantine, value))
SETTER(set_deletion, return setting_text(&o->deletion, value))
SETTER(set_false_positive, o->is_false_positive = true; return NULL)
SETTER(set_preview, o->is_preview = true; return NULL)
SETTER(set_list, o->is_list = true; return NULL)
SETTER(set_check, o->is_check = true; return NULL)
SETTER(set_change_region, o->may_change_region = true; return NULL)
SETTER(set_hexdump, o->has_all_bytes = true; return NULL)
SETTER(set_best_effort, o->spawn_flags = OV_SPAWN_BEST_EFFORT; return NULL)

static const char *set_class(void *data, const char *value)
{
    struct submit_options *o = data;
    enum ov_submission_class c;

    if (!ov_submission_class_from_word(ov_span_str(value), &c))
        return "is no class; docs/privacy.md has them";
    if (!ov_submission_class_is_offered(c))
        return "is a class that is never sent without naming the file";
    return setting_add(&o->classes, value);
}

static const char *set_region(void *data, const char *value)
{
    if (!ov_region_is_valid(ov_span_str(value)))
        return "is no region: letters, digits and hyphens, 15 at most";
    ((struct submit_options *)data)->region = value;
    return NULL;
}

static const char *set_named(void *data, const char *value)
{
    uint8_t digest[OV_DIGEST_MAX];

    if (!ov_hex_decode(ov_span_str(value), digest, sizeof(digest)))
        return "is no SHA-256; the preview shows it";
    return setting_add(&((struct submit_options *)data)->named, value);
}

static const struct option_row rows[] = {
    {"mode", 0, "MODE", "never (the default), ask, or auto", set_mode},
    {"auto", 0, "CLASS", "with auto: sent without asking; repeatable",
     set_class},
    {"marker", 0, "WORD", "what holds it is never sent by itself; repeatable",
     set_marker},
    {"private", 0, "PATH", "nor what lies below it; repeatable", set_private},
    {"region", 0, "REGION", "where to", set_region},
    {"change-region", 0, NULL, "another one than until now", set_change_region},
    {"manifest", 0, "FILE", "the regions' keys, with their entry and proof",
     set_manifest},
    {"server", 0, "URL", "not the manifest's address", set_server},
    {"rules", 'r', "PATH", "as for overt scan; repeatable", set_rules},
    {"state", 0, "DIR", "where receipts are kept", state_place_option},
    {"quarantine", 0, "ITEM", "what is in quarantine, instead of a file",
     set_quarantine},
    {"false-positive", 0, NULL, "say that it is found wrongly",
     set_false_positive},
    {"approve", 0, "SHA256", "agree to send what has this digest; repeatable",
     set_named},
    {"preview", 0, NULL, "only show it", set_preview},
    {"hexdump", 0, NULL, "show all of its bytes", set_hexdump},
    {"list", 0, NULL, "what was submitted", set_list},
    {"check", 0, NULL, "whether the log has what was submitted", set_check},
    {"delete", 0, "NAME", "have a submission deleted", set_deletion},
    {"best-effort-jail", 0, NULL, "go on where a jail step is not possible",
     set_best_effort},
};

static const struct option_list options = {
    .command = "overt submit",
    .usage = "[OPTION]... FILE... | --quarantine ITEM | --list | --check | "
             "--delete NAME",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
};

/* ---- where to ---- */

struct submitter {
    const struct submit_options *o;
    struct out *out;
    struct ov_buf state;         /* the folder, NUL-terminated */
    struct ov_buf manifest_path; /* NUL-terminated */
    struct ov_buf manifest_text;
    struct submit_trust trust;
    struct ov_buf endpoint;
    struct ov_arena *arena;
    uint32_t epoch; /* of what is kept of the cloud; 0: nothing is */
    struct ov_key_manifest manifest;
    struct outbound_log *log;
    struct submit_link link;
    struct ov_buf words; /* of the owner's, a line each */
    struct ov_submission_policy policy;
    struct rule_set rules;
    bool has_rules;
    unsigned n_sent;
    unsigned n_kept; /* shown, or refused */
    unsigned n_failed;
};

static uint64_t now(void)
{
    time_t t = time(NULL);

    return t > 0 ? (uint64_t)t : 0;
}

static bool read_manifest(struct submitter *s)
{
    struct ov_buf *path = &s->manifest_path;
    struct ov_diag diag = {.text = ""};
    enum ov_status status;

    if (s->o->manifest != NULL)
        ov_put_str(path, s->o->manifest);
    else
        ov_put_format(path, "%s/reputation/keys", (char *)s->state.ptr);
    ov_put_u8(path, 0);
    status = ov_buf_status(path);
    if (status == OV_OK)
        status = ov_file_read((char *)path->ptr, &s->manifest_text);
    if (status != OV_OK) {
        out_error("submit: %s: %s; say --manifest, or overt cloud update",
                  (char *)path->ptr, ov_status_name(status));
        return false;
    }
    s->trust = (struct submit_trust){(char *)s->state.ptr, (char *)path->ptr,
                                     s->o->spawn_flags};
    if (ov_key_manifest_parse(s->arena, ov_buf_span(&s->manifest_text),
                              &s->manifest, &diag) == OV_OK)
        return submit_manifest_is_logged(&s->trust,
                                         ov_buf_span(&s->manifest_text));
    out_error("submit: %s: %s", (char *)path->ptr, diag.text);
    return false;
}

static bool find_region(struct submitter *s)
{
    if (s->o->region == NULL) {
        out_error("submit: no region is chosen; say --region, or \"region = "
                  "REGION\" in [submit] of overt.conf");
        return false;
    }
    s->link.keys =
        ov_key_manifest_find(&s->manifest, ov_span_str(s->o->region), now());
    if (s->link.keys == NULL) {
        out_error("submit: the manifest has no valid key of region %s",
                  s->o->region);
        return false;
    }
    if (s->o->server != NULL)
        ov_put_str(&s->endpoint, s->o->server);
    else
        ov_put_span(&s->endpoint, s->link.keys->endpoint);
    if (!ov_span_ends(ov_buf_span(&s->endpoint), OV_SPAN_LIT("/")))
        ov_put_u8(&s->endpoint, '/');
    ov_put_u8(&s->endpoint, 0);
    s->link.endpoint = (const char *)s->endpoint.ptr;
    return ov_buf_status(&s->endpoint) == OV_OK;
}

static bool open_link(struct submitter *s)
{
    struct ov_fetch_book book;
    struct ov_diag diag = {.text = ""};

    if (outbound_log_open((char *)s->state.ptr, "overt submit", &s->log,
                          &diag) != OV_OK) {
        out_error("%s: %s", (char *)s->state.ptr, diag.text);
        return false;
    }
    book = outbound_log_book(s->log);
    s->link.fetch = ov_fetch_new(s->o->spawn_flags, &book);
    return s->link.fetch != NULL;
}

static void set_policy(struct submitter *s)
{
    const struct submit_options *o = s->o;
    enum ov_submission_class c;

    s->policy.mode = (enum ov_submission_mode)o->mode;
    for (size_t i = 0; i < o->classes.n; i++) {
        if (ov_submission_class_from_word(ov_span_str(o->classes.items[i]), &c))
            s->policy.auto_classes |= UINT32_C(1) << c;
    }
    s->words = ov_buf_with_max((size_t)1 << 20);
    for (size_t i = 0; i < o->markers.n; i++)
        ov_put_format(&s->words, "%s\n", o->markers.items[i]);
}

_Static_assert(SETTING_MAX_LIST <= OV_SUBMISSION_MARKERS_MAX, "all are used");

static bool is_sending(const struct submit_options *o)
{
    return !o->is_preview && !o->is_check && o->deletion == NULL;
}

static bool begin(struct submitter *s)
{
    struct cloud_local *local = NULL;

    s->arena = ov_arena_new((size_t)1 << 20);
    if (s->arena == NULL || !state_place_put(&s->state))
        return false;
    s->link.state = (const char *)s->state.ptr;
    if ((is_sending(s->o) && !submit_is_allowed(s->link.state)) ||
        !submit_has_publisher(s->link.state))
        return false;
    set_policy(s);
    if (cloud_local_open(s->link.state, &local) == OV_OK) {
        s->epoch = cloud_local_epoch(local);
        cloud_local_close(local);
    }
    if (ov_buf_status(&s->words) != OV_OK)
        return false;
    return read_manifest(s) && find_region(s) &&
           (!is_sending(s->o) ||
            submit_region_is_ours(&s->trust, s->o->region,
                                  s->o->may_change_region)) &&
           open_link(s);
}

static void end(struct submitter *s)
{
    ov_fetch_free(s->link.fetch); /* may still write to the log */
    outbound_log_close(s->log);
    if (s->has_rules)
        rule_set_done(&s->rules);
    ov_buf_done(&s->words);
    ov_buf_done(&s->endpoint);
    ov_buf_done(&s->manifest_text);
    ov_buf_done(&s->manifest_path);
    ov_buf_done(&s->state);
    ov_arena_free(s->arena);
}

/* ---- one thing ---- */

/* A file, and what its place says. */
struct target {
    const char *path;
    bool is_private;
    bool is_of_others;
};

static bool look_at_place(const struct submit_options *o, struct target *t)
{
    char real[PATH_MAX];
    struct stat st;

    if (realpath(t->path, real) == NULL || stat(real, &st) != 0) {
        out_error("submit: %s: %s", t->path, strerror(errno));
        return false;
    }
    t->is_private =
        submit_place_is_private(&o->private_places, ov_span_str(real));
    t->is_of_others = st.st_uid != getuid();
    return true;
}

static enum ov_envelope_purpose purpose_of(const struct submit_options *o)
{
    return o->is_false_positive ? OV_PURPOSE_FALSE_POSITIVE : OV_PURPOSE_SAMPLE;
}

static bool is_named(const struct submit_options *o,
                     const uint8_t digest[static OV_DIGEST_MAX])
{
    uint8_t named[OV_DIGEST_MAX];

    for (size_t i = 0; i < o->named.n; i++) {
        if (ov_hex_decode(ov_span_str(o->named.items[i]), named,
                          sizeof(named)) &&
            memcmp(named, digest, sizeof(named)) == 0)
            return true;
    }
    return false;
}

static void put_note(const struct submitter *s, struct ov_buf *b,
                     const struct submit_found *f, enum ov_consent consent)
{
    struct ov_sample_note n = {.size = f->bytes.len,
                               .type = ov_buf_span(&f->type),
                               .rule = ov_buf_span(&f->rule),
                               .build = ov_span_str(OV_VERSION),
                               .epoch = s->epoch,
                               .consent = consent};
    time_t t = (time_t)now();
    struct tm tm;

    memcpy(n.digest, f->digest, sizeof(n.digest));
    if (gmtime_r(&t, &tm) == NULL ||
        strftime(n.month, sizeof(n.month), "%Y-%m", &tm) == 0)
        memcpy(n.month, "1970-01", sizeof(n.month));
    n.rule = ov_span_clip(n.rule, 0, OV_SAMPLE_RULE_MAX);
    ov_put_sample_note(b, &n);
}

enum agreement {
    AGREED_NOT,
    AGREED_ONCE,
    AGREED_RULE,
};

/* Asks at the terminal, which is not standard input: that may be a file. */
static enum agreement ask(struct submitter *s)
{
    static const char question[] =
        "send this? y: yes, a: always for this rule, else: no ";
    OV_AUTO_FD tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    char answer[8] = "";

    if (tty < 0 || !out_flush(s->out) ||
        write(tty, question, sizeof(question) - 1) < 0 ||
        read(tty, answer, sizeof(answer) - 1) <= 0)
        return AGREED_NOT;
    return answer[0] == 'y'   ? AGREED_ONCE
           : answer[0] == 'a' ? AGREED_RULE
                              : AGREED_NOT;
}

static void send_it(struct submitter *s, const struct submit_found *f,
                    enum ov_consent consent)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_SAMPLE_NOTE_MAX);
    uint8_t name[OV_ENVELOPE_NAME];
    struct ov_diag diag = {.text = ""};
    enum ov_status status;

    put_note(s, &note, f, consent);
    status = ov_buf_status(&note);
    if (status == OV_OK)
        status = submit_send(&s->link, purpose_of(s->o), ov_buf_span(&note),
                             ov_buf_span(&f->bytes), name, &diag);
    if (status != OV_OK) {
        s->n_failed++;
        out_error("submit: %s", diag.text);
        return;
    }
    s->n_sent++;
    out_format(s->out, "sent as ");
    ov_put_hex(&s->out->text, ov_span_of(name, sizeof(name)));
    out_format(s->out, "; its receipt is kept\n");
}

static void show(struct submitter *s, const struct submit_found *f,
                 struct ov_submission_decision d, enum ov_consent consent)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_SAMPLE_NOTE_MAX);
    struct submit_preview p = {
        .keys = s->link.keys,
        .endpoint = s->link.endpoint,
        .purpose = purpose_of(s->o),
        .sample = ov_buf_span(&f->bytes),
        .depth = f->depth,
        .decision = d,
        .has_all = s->o->has_all_bytes,
    };

    put_note(s, &note, f, consent);
    p.note = ov_buf_span(&note);
    submit_show(s->out, &p);
}

/* What the decision comes to with the owner's word. */
static void settle(struct submitter *s, const struct submit_found *f,
                   struct ov_submission_decision d, bool is_agreed_rule)
{
    enum ov_consent consent = is_named(s->o, f->digest) ? OV_CONSENT_FILE
                              : is_agreed_rule          ? OV_CONSENT_RULE
                                                        : OV_CONSENT_CLASS;
    enum agreement agreement = AGREED_ONCE;
    struct ov_diag diag = {.text = ""};

    if (d.answer == OV_SUBMISSION_ASK)
        consent = OV_CONSENT_FILE;
    show(s, f, d, consent);
    if (d.answer == OV_SUBMISSION_ASK && !s->o->is_preview)
        agreement = ask(s);
    if (s->o->is_preview || agreement == AGREED_NOT ||
        d.answer == OV_SUBMISSION_REFUSE || d.answer == OV_SUBMISSION_NAME) {
        s->n_kept++;
        out_format(s->out, "not sent%s\n",
                   d.answer == OV_SUBMISSION_REFUSE ? ""
                                                    : "; to send it: --approve "
                                                      "and its sha256");
        return;
    }
    if (agreement == AGREED_RULE &&
        submit_state_agree(s->link.state, ov_buf_span(&f->rule), &diag) !=
            OV_OK)
        out_error("submit: %s", diag.text);
    send_it(s, f, agreement == AGREED_RULE ? OV_CONSENT_RULE : consent);
}

static void offer(struct submitter *s, const struct target *t,
                  const struct submit_found *f)
{
    struct ov_submission_item item = {
        .facts = f->facts,
        .is_in_private_place = t->is_private,
        .is_of_others = t->is_of_others,
        .is_named = is_named(s->o, f->digest),
        .is_approved_rule =
            submit_state_is_agreed(s->link.state, ov_buf_span(&f->rule)),
    };
    struct ov_diag diag = {.text = ""};

    if (f->bytes.len != f->object_len || !f->has_facts) {
        s->n_kept++;
        out_format(s->out, "not sent: larger than what may be sent\n");
        return;
    }
    if (!s->o->is_preview &&
        submit_state_has(s->link.state, purpose_of(s->o), f->digest)) {
        out_format(s->out, "not sent: it was sent before\n");
        return;
    }
    if (submit_state_today(s->link.state, now(), &item.count_today,
                           &item.bytes_today, &diag) != OV_OK) {
        s->n_failed++;
        out_error("submit: %s", diag.text);
        return;
    }
    settle(s, f, ov_submission_decide(&s->policy, &item),
           item.is_approved_rule);
}

static bool is_clean(const struct submit_found *f)
{
    return ov_span_equal(ov_buf_span(&f->rule), OV_SPAN_LIT("-"));
}

static void do_target(struct submitter *s, const struct target *t)
{
    static struct submit_findings f; /* large */
    const struct submit_look look = {&s->rules, t->path, ov_buf_span(&s->words),
                                     s->o->spawn_flags};

    f = (struct submit_findings){.n = 0};
    if (!submit_find(&look, &f)) {
        s->n_failed++;
    } else if (f.n == 0) {
        s->n_failed++;
        out_error("submit: %s: is empty, or larger than what may be sent",
                  t->path);
    } else if (strcmp(t->path, "-") == 0 && is_clean(&f.list[0])) {
        out_format(s->out, "not sent: nothing is found in it any more\n");
    } else {
        for (size_t i = 0; i < f.n; i++)
            offer(s, t, &f.list[i]);
    }
    submit_findings_done(&f);
    (void)out_flush(s->out);
}

/* ---- whole commands ---- */

static bool load_rules(struct submitter *s)
{
    const struct rule_set_options how = {
        .paths = s->o->rule_paths.items,
        .n_paths = s->o->rule_paths.n,
        .skip_errors = true,
        .spawn_flags = s->o->spawn_flags,
    };

    s->has_rules = rule_set_load(&how, &s->rules);
    return s->has_rules;
}

static int exit_code_of(const struct submitter *s)
{
    out_format(s->out, "%u sent, %u not sent, %u failed\n", s->n_sent,
               s->n_kept, s->n_failed);
    return s->n_failed > 0 ? EXIT_ERROR : EXIT_CLEAN;
}

static int do_files(struct submitter *s, int argc, char **argv)
{
    if (!load_rules(s))
        return EXIT_ERROR;
    for (int i = 1; i < argc; i++) {
        struct target t = {.path = argv[i]};

        if (look_at_place(s->o, &t))
            do_target(s, &t);
        else
            s->n_failed++;
    }
    return exit_code_of(s);
}

static int do_quarantined(struct submitter *s)
{
    struct target t = {.path = "-"};

    if (!submit_item_open(s->o->quarantine, &s->o->private_places,
                          &t.is_private, &t.is_of_others) ||
        !load_rules(s))
        return EXIT_ERROR;
    do_target(s, &t);
    return exit_code_of(s);
}

static int do_deletion(struct submitter *s)
{
    uint8_t name[OV_ENVELOPE_NAME];
    struct ov_diag diag = {.text = ""};

    if (!ov_hex_decode(ov_span_str(s->o->deletion), name, sizeof(name))) {
        out_error("submit: %s is no submission; overt submit --list has them",
                  s->o->deletion);
        return EXIT_ERROR;
    }
    if (submit_delete(&s->link, name, &diag) != OV_OK) {
        out_error("submit: %s", diag.text);
        return EXIT_ERROR;
    }
    out_format(s->out, "deleted; the receipt is kept\n");
    return EXIT_CLEAN;
}

static int do_check(struct submitter *s)
{
    unsigned n_bad = 0;

    if (!submit_receipts_check(&s->trust, s->o->region, s->link.endpoint,
                               s->out, &n_bad))
        return EXIT_ERROR;
    return n_bad > 0 ? EXIT_ERROR : EXIT_CLEAN;
}

static void list_one(void *data, struct ov_span name, struct ov_span note,
                     struct ov_span receipt, struct ov_span deletion)
{
    struct out *o = data;
    struct ov_sample_note n;

    out_escaped(o, name);
    out_format(o, "  %s  ",
               deletion.len > 0  ? "deleted"
               : receipt.len > 0 ? "sent"
                                 : "no receipt");
    if (ov_sample_note_parse(note, &n, NULL) == OV_OK) {
        ov_put_hex(&o->text, ov_span_of(n.digest, sizeof(n.digest)));
        out_format(o, "  ");
        out_escaped(o, n.rule);
    }
    out_format(o, "\n");
}

static int do_list(struct out *o)
{
    OV_AUTO_DONE(buf) state = ov_buf_with_max(PATH_MAX);

    if (!state_place_put(&state))
        return EXIT_ERROR;
    return submit_state_list((char *)state.ptr, list_one, o) == OV_OK
               ? EXIT_CLEAN
               : EXIT_ERROR;
}

static int run(const struct submit_options *o, int argc, char **argv)
{
    struct submitter s = {.o = o,
                          .out = out_standard(),
                          .state = ov_buf_with_max(PATH_MAX),
                          .manifest_path = ov_buf_with_max(PATH_MAX),
                          .manifest_text = ov_buf_with_max((size_t)1 << 20),
                          .endpoint = ov_buf_with_max(PATH_MAX)};
    int code = EXIT_ERROR;

    if (o->is_list) {
        code = do_list(s.out);
    } else if (o->mode == OV_SUBMIT_NEVER && is_sending(o)) {
        out_error(
            "submit: submissions are off, nothing was sent; \"mode = ask\" in "
            "[submit] of overt.conf, or --mode ask, lets you be asked");
    } else if (argc < 2 && o->quarantine == NULL && o->deletion == NULL &&
               !o->is_check) {
        out_error("submit: give files; see overt submit --help");
    } else if (begin(&s)) {
        code = o->is_check             ? do_check(&s)
               : o->deletion != NULL   ? do_deletion(&s)
               : o->quarantine != NULL ? do_quarantined(&s)
                                       : do_files(&s, argc, argv);
    }
    end(&s);
    return out_flush(s.out) ? code : EXIT_ERROR;
}

int cmd_submit(int argc, char **argv)
{
    static struct submit_options o; /* zeroed */
    bool is_help = false;

    if (!config_apply(&options, "submit", &o) ||
        !options_parse(&options, &argc, argv, &o, &is_help))
        return EXIT_ERROR;
    return is_help ? EXIT_CLEAN : run(&o, argc, argv);
}
