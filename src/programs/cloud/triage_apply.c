/* SPDX-License-Identifier: Apache-2.0 */
#include "triage_apply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "family_names.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "verdict_journal.h"

/*
 * The journal is the truth, the region's store says what is to go there. Both
 * are durable, and there is no transaction over both: so a case is closed in
 * the store after the journal has it, and before it is added the journal is
 * asked. Each decision is a batch of one verdict, from "triage REGION", for the
 * reason
 *
 *     PURPOSE round ROUND; PERSON: WHY; PERSON: WHY
 *
 * CLOUD/decided remembers what the journal has of that, so that not all of it
 * is read each time: lines "REGION SAMPLE PURPOSE ROUND" and, behind those of a
 * part of the journal, "at OFFSET". It is appended to, may lack its end, and is
 * made again from the journal if it is away.
 *
 * A round that is not above those that the journal has of a case is never
 * added: what people said once is not said again by who can write to the store.
 */

#define DECIDED_MAX ((size_t)1 << 30)
#define WHY_SHOWN 200

struct decided_case {
    struct control_case c;
    uint64_t told; /* the highest round of it that the journal has */
    bool is_done;
};

struct apply {
    struct cloud *c; /* the journal's */
    const char *region_dir;
    struct control_store *store;
    const struct ov_people *people;
    struct decided_case *list; /* CASES_PER_PAGE */
    size_t n;
    bool is_sorted;
    struct verdict_journal *journal;
    struct family_names families;
    struct ov_buf told; /* new lines for CLOUD/decided */
    uint64_t at;        /* where the journal is to be read from */
    size_t n_added;
    size_t n_refused;
};

/* ---- what is to be added ---- */

static void take_case(void *data, const struct control_case *c,
                      struct ov_span found)
{
    struct apply *a = data;

    (void)found;
    if (a->n < CASES_PER_PAGE)
        a->list[a->n++].c = *c;
}

/* The case that a line is about. There are few cases and one line for each
 * decision ever: a look at the first byte sorts most out. */
static void mark_told(struct apply *a, const struct ov_triage_case *told)
{
    for (size_t i = 0; i < a->n; i++) {
        const struct ov_triage_case *about = &a->list[i].c.about;
        struct ov_triage_case same = *told;

        if (about->sample[0] != told->sample[0])
            continue;
        same.round = about->round;
        if (ov_triage_case_is_same(&same, about) &&
            told->round > a->list[i].told)
            a->list[i].told = told->round;
    }
}

/* ---- what the journal has ---- */

/* "REGION SAMPLE PURPOSE ROUND" */
static bool parse_told(struct ov_span line, struct ov_triage_case *ret)
{
    struct ov_triage_case c = {.round = 0};
    struct ov_span word;

    (void)ov_span_cut(&line, ' ', &word);
    if (!ov_region_is_valid(word))
        return false;
    memcpy(c.region, word.ptr, word.len);
    (void)ov_span_cut(&line, ' ', &word);
    if (!ov_hex_decode(word, c.sample, sizeof(c.sample)))
        return false;
    (void)ov_span_cut(&line, ' ', &word);
    if (!ov_purpose_parse(word, &c.purpose) ||
        !ov_parse_uint(line, OV_TRIAGE_ROUND_MAX, &c.round))
        return false;
    *ret = c;
    return true;
}

static void put_told(struct ov_buf *b, const struct ov_triage_case *c)
{
    ov_put_format(b, "%s ", c->region);
    ov_put_hex(b, ov_span_of(c->sample, sizeof(c->sample)));
    ov_put_format(b, " %s %llu\n", ov_purpose_name(c->purpose),
                  (unsigned long long)c->round);
}

static bool read_decided(struct apply *a)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(DECIDED_MAX);
    struct ov_triage_case told;
    char path[CLOUD_PATH_MAX];
    struct ov_span left;
    struct ov_span line;
    enum ov_status status;

    a->at = JOURNAL_START;
    if (!cloud_path(a->c, path, "decided"))
        return false;
    status = ov_file_read(path, &text);
    if (status != OV_OK && status != OV_NOT_FOUND) {
        (void)cloud_say("%s: %s", path, ov_status_name(status));
        return false;
    }
    left = ov_buf_span(&text);
    while (ov_span_find_byte(left, '\n', 0) != SIZE_MAX) {
        (void)ov_span_cut(&left, '\n', &line);
        if (ov_span_starts(line, OV_SPAN_LIT("at ")))
            (void)ov_parse_uint(ov_span_clip(line, 3, line.len), INT64_MAX,
                                &a->at);
        else if (parse_told(line, &told))
            mark_told(a, &told);
    }
    return true;
}

/* "PURPOSE round ROUND; ..." of a batch from "triage REGION" */
static bool parse_batch(const struct journal_batch *b,
                        struct ov_triage_case *ret)
{
    struct ov_triage_case c = {.round = 0};
    struct ov_span region =
        ov_span_clip(b->source, sizeof(TRIAGE_SOURCE) - 1, b->source.len);
    struct ov_span why = b->why;
    struct journal_verdict v;
    struct ov_span word;

    if (!ov_span_starts(b->source, OV_SPAN_LIT(TRIAGE_SOURCE)) ||
        !ov_region_is_valid(region) || b->n != 1)
        return false;
    memcpy(c.region, region.ptr, region.len);
    journal_at(b, 0, &v);
    memcpy(c.sample, v.hash, sizeof(c.sample));
    (void)ov_span_cut(&why, ' ', &word);
    if (!ov_purpose_parse(word, &c.purpose))
        return false;
    (void)ov_span_cut(&why, ' ', &word);
    (void)ov_span_cut(&why, ';', &word);
    if (!ov_parse_uint(word, OV_TRIAGE_ROUND_MAX, &c.round))
        return false;
    *ret = c;
    return true;
}

static enum ov_status read_journal(struct apply *a, uint64_t from)
{
    struct ov_triage_case told;
    struct journal_batch b;
    uint64_t at = from;
    enum ov_status s;

    ov_buf_clear(&a->told);
    while ((s = journal_read(a->journal, &at, &b)) == OV_OK) {
        if (parse_batch(&b, &told)) {
            mark_told(a, &told);
            put_told(&a->told, &told);
        }
    }
    return s == OV_NOT_FOUND ? OV_OK : s;
}

/* From where CLOUD/decided ends; from the beginning if the journal is another
 * one than it was. */
static bool look_into_journal(struct apply *a)
{
    enum ov_status s = OV_MALFORMED;

    if (a->at > JOURNAL_START && a->at <= journal_end(a->journal))
        s = read_journal(a, a->at);
    if (s != OV_OK)
        s = read_journal(a, JOURNAL_START);
    if (s == OV_OK)
        return true;
    (void)cloud_say("journal: %s", ov_status_name(s));
    return false;
}

static bool write_decided(struct apply *a)
{
    char path[CLOUD_PATH_MAX];
    OV_AUTO_FD fd = -1;

    if (!cloud_path(a->c, path, "decided"))
        return false;
    ov_put_format(&a->told, "at %llu\n",
                  (unsigned long long)journal_end(a->journal));
    /* What an end in between has left is a line of its own, and none. */
    ov_buf_insert(&a->told, 0, OV_SPAN_LIT("\n"));
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd >= 0 && ov_buf_status(&a->told) == OV_OK &&
        ov_write_all(fd, ov_buf_span(&a->told)) == OV_OK && fsync(fd) == 0)
        return true;
    (void)cloud_say("%s: %s", path, strerror(errno));
    return false;
}

/* ---- adding ---- */

static void put_why(struct ov_buf *b, const struct decided_case *d,
                    const struct ov_agreement *agreement)
{
    ov_put_format(b, "%s round %llu", ov_purpose_name(d->c.about.purpose),
                  (unsigned long long)d->c.about.round);
    for (size_t i = 0; i < agreement->n; i++) {
        const struct ov_decision *by = agreement->by[i];

        if (b->len + by->person.len + WHY_SHOWN + 8 > JOURNAL_TEXT_MAX)
            break;
        ov_put_str(b, "; ");
        ov_put_span(b, by->person);
        ov_put_str(b, ": ");
        ov_put_span(b, ov_span_clip(by->why, 0, WHY_SHOWN));
    }
}

static bool add_verdict(struct apply *a, struct decided_case *d,
                        const struct ov_agreement *agreement)
{
    OV_AUTO_DONE(buf) source = ov_buf_with_max(64);
    OV_AUTO_DONE(buf) why = ov_buf_with_max(JOURNAL_TEXT_MAX);
    struct journal_verdict v = {.reputation =
                                    (uint8_t)agreement->verdict.reputation};
    enum ov_status s;

    memcpy(v.hash, d->c.about.sample, sizeof(v.hash));
    if (agreement->verdict.family.len > 0 &&
        (!family_names_number(&a->families, agreement->verdict.family,
                              &v.family) ||
         !family_names_save(a->c, &a->families)))
        return false;
    ov_put_format(&source, TRIAGE_SOURCE "%s", d->c.about.region);
    put_why(&why, d, agreement);
    s = ov_buf_status(&why);
    if (s == OV_OK)
        s = journal_add(a->journal, a->c->now, ov_buf_span(&source),
                        ov_buf_span(&why), &v, 1);
    if (s != OV_OK) {
        (void)cloud_say("journal: %s", ov_status_name(s));
        return false;
    }
    put_told(&a->told, &d->c.about);
    d->is_done = true;
    a->n_added++;
    return true;
}

static bool refuse(struct apply *a, const struct decided_case *d,
                   const char *words)
{
    OV_AUTO_DONE(buf) hex = ov_buf_with_max(128);

    ov_put_hex(&hex, ov_span_of(d->c.about.sample, 32));
    ov_put_u8(&hex, 0);
    if (ov_buf_status(&hex) == OV_OK)
        (void)cloud_say("%s: not taken: %s", (const char *)hex.ptr, words);
    a->n_refused++;
    return true;
}

/* False if nothing can be added any more. */
static bool apply_one(struct apply *a, struct decided_case *d)
{
    OV_AUTO(arena) arena = ov_arena_new((size_t)4 << 20);
    const struct control_case_want want = {.sample = d->c.about.sample,
                                           .purpose = d->c.about.purpose};
    struct ov_agreement agreement;
    struct ov_diag diag = {.text = ""};
    struct control_case now;
    enum ov_status status;

    if (arena == NULL)
        return false;
    if (d->told == d->c.about.round) {
        d->is_done = true;
        return true;
    }
    if (d->told > d->c.about.round)
        return refuse(a, d, "the journal has a later round");
    status = control_case_get(a->store, &want, &now, &diag);
    if (status == OV_OK)
        status = control_case_verify(a->store, arena, a->people, &now,
                                     &agreement, &diag);
    if (status == OV_BAD_PROOF)
        return refuse(a, d, diag.text);
    if (status != OV_OK) {
        (void)cloud_say("%s", diag.text);
        return false;
    }
    if (now.state != CASE_DECIDED || now.about.round != d->c.about.round)
        return true; /* others were faster */
    if (agreement.verdict.is_nothing)
        return refuse(a, d, "people say that nothing is to be said");
    d->c = now;
    return add_verdict(a, d, &agreement);
}

static bool close_cases(struct apply *a)
{
    for (size_t i = 0; i < a->n; i++) {
        struct ov_diag diag = {.text = ""};

        if (a->list[i].is_done &&
            control_case_close(a->store, &a->list[i].c.about, &diag) != OV_OK) {
            (void)cloud_say("%s", diag.text);
            return false;
        }
    }
    return true;
}

static bool apply_all(struct apply *a)
{
    bool is_good = true;

    for (size_t i = 0; i < a->n && is_good; i++)
        is_good = apply_one(a, &a->list[i]);
    if (a->n_added > 0 && journal_sync(a->journal) != OV_OK) {
        (void)cloud_say("journal: %s", strerror(errno));
        return false;
    }
    return write_decided(a) && close_cases(a) && is_good;
}

/* ---- all of it ---- */

static void apply_done(struct apply *a)
{
    journal_close(a->journal);
    family_names_done(&a->families);
    ov_buf_done(&a->told);
    ov_free(a->list);
}

static bool begin(struct apply *a, size_t n)
{
    struct ov_diag diag = {.text = ""};
    char path[CLOUD_PATH_MAX];

    a->list = ov_alloc_array(CASES_PER_PAGE, sizeof(*a->list));
    a->told = ov_buf_with_max(DECIDED_MAX);
    if (a->list == NULL) {
        (void)cloud_say("out of memory");
        return false;
    }
    a->c->also = a->region_dir;
    if (!cloud_open(a->c, n) || !cloud_lock(a->c) ||
        !family_names_open(a->c, &a->families) ||
        !cloud_path(a->c, path, "journal"))
        return false;
    if (journal_open(path, true, &a->journal, &diag) == OV_OK &&
        control_case_list(a->store, CASE_DECIDED, 0, take_case, a, &diag) ==
            OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}

int triage_apply(struct cloud *c, size_t n, const char *region,
                 struct control_store *store, const struct ov_people *people)
{
    __attribute__((cleanup(apply_done))) struct apply a = {
        .c = c, .region_dir = region, .store = store, .people = people};
    bool is_good;

    if (!begin(&a, n))
        return CLOUD_FAILED;
    is_good = a.n == 0 ||
              (read_decided(&a) && look_into_journal(&a) && apply_all(&a));
    (void)printf("%zu verdicts\n", a.n_added);
    return is_good && a.n_refused == 0 ? CLOUD_OK : CLOUD_FAILED;
}
