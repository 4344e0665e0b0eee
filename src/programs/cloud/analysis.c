/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "control/blob_folder.h"
#include "crypto/digest.h"
#include "reputation/sample_note.h"
#include "sys/fd.h"
#include "sys/file.h"

/* A seat for each sample that is with a worker. A sample that ends its worker,
 * or keeps it too long, costs a try and the worker; after some tries the case
 * is made with what is known, and says that it is inconclusive. A sample that
 * ends this process costs a try, too: the queue counts when it gives one out.
 *
 * What has been opened lies in memory that nobody can change any more, and in
 * no file. */

#define SEATS_MAX 32
#define LEASE_SECONDS 900 /* more than tries of workers take */
#define RULES_MAX 64
#define NOTE_MAX_ARENA ((size_t)1 << 20)

static const char *const verdict_words[] = {
#define OV_VERDICT(id, word) [id] = (word),
#include <overt/verdict.def>
#undef OV_VERDICT
};

static const char *const reason_words[] = {
#define OV_REASON(id, word) [id] = (word),
#include <overt/reason.def>
#undef OV_REASON
};

struct seat {
    struct analysis *of;
    bool is_taken;
    bool is_done; /* the worker's part */
    bool is_crashed;
    bool is_abandoned;
    struct control_job job;
    uint8_t sample[OV_DIGEST_MAX];
    struct ov_buf facts; /* what its sender says */
    struct ov_buf rules; /* what rules say */
    size_t n_rules;
    size_t n_left_out;
    struct ov_buf type;
    enum ov_verdict verdict;
};

struct analysis {
    struct analysis_options o;
    struct ov_pool *pool;
    unsigned n_seats;
    struct seat seats[SEATS_MAX];
    struct analysis_count count;
};

/* ---- what workers tell ---- */

static void on_detection(void *ticket, const struct ov_wire_detection *d)
{
    struct seat *s = ticket;

    if (s->n_rules == RULES_MAX) {
        s->n_left_out++;
        return;
    }
    s->n_rules++;
    ov_put_str(&s->rules, "rule ");
    ov_put_escaped(&s->rules, ov_span_clip(d->rule, 0, OV_SAMPLE_RULE_MAX));
    ov_put_u8(&s->rules, '\n');
}

static void on_inconclusive(void *ticket, const struct ov_wire_inconclusive *i)
{
    struct seat *s = ticket;

    s->is_crashed |=
        ov_span_equal(i->reason,
                      ov_span_str(reason_words[OV_REASON_CRASHED])) ||
        ov_span_equal(i->reason,
                      ov_span_str(reason_words[OV_REASON_TIMED_OUT]));
    if (s->n_rules == RULES_MAX) {
        s->n_left_out++;
        return;
    }
    s->n_rules++;
    ov_put_str(&s->rules, "inconclusive ");
    ov_put_escaped(&s->rules, ov_span_clip(i->reason, 0, 32));
    ov_put_u8(&s->rules, ' ');
    ov_put_escaped(&s->rules, i->detail.len > 0 ? ov_span_clip(i->detail, 0, 64)
                                                : OV_SPAN_LIT("-"));
    ov_put_u8(&s->rules, '\n');
}

static void on_done(void *ticket, const struct ov_pool_result *r)
{
    struct seat *s = ticket;

    s->is_done = true;
    s->is_abandoned = r->is_abandoned;
    s->verdict = r->verdict;
    ov_put_escaped(&s->type, ov_span_clip(r->type, 0, 32));
}

/* ---- seats ---- */

static void leave_seat(struct seat *s)
{
    ov_buf_done(&s->facts);
    ov_buf_done(&s->rules);
    ov_buf_done(&s->type);
    explicit_bzero(&s->job, sizeof(s->job));
    s->is_taken = false;
}

static void take_seat(struct analysis *a, struct seat *s)
{
    *s = (struct seat){.of = a,
                       .is_taken = true,
                       .facts = ov_buf_with_max(OV_SAMPLE_NOTE_MAX * 4),
                       .rules = ov_buf_with_max(OV_CASE_MAX / 2),
                       .type = ov_buf_with_max(256)};
}

static struct seat *free_seat(struct analysis *a)
{
    for (size_t i = 0; i < a->n_seats; i++) {
        if (!a->seats[i].is_taken)
            return &a->seats[i];
    }
    return NULL;
}

static size_t count_taken(const struct analysis *a)
{
    size_t n = 0;

    for (size_t i = 0; i < a->n_seats; i++)
        n += a->seats[i].is_taken;
    return n;
}

/* ---- opening one ---- */

static void note_line(struct ov_buf *b, const char *name, struct ov_span value)
{
    ov_put_format(b, "%s ", name);
    ov_put_escaped(b, value);
    ov_put_u8(b, '\n');
}

/* What is said of the sample, if it is said of this sample. */
static enum ov_status read_note(struct seat *s, struct ov_span note,
                                struct ov_span sample, struct ov_diag *diag)
{
    struct ov_sample_note n;

    OV_TRY(ov_sample_note_parse(note, &n, diag));
    OV_TRY(ov_digest(OV_SHA256, sample, s->sample));
    if (n.size != sample.len ||
        memcmp(n.digest, s->sample, sizeof(n.digest)) != 0)
        return ov_diag_set(diag, OV_MALFORMED, 0,
                           "its note is about something else");
    ov_put_format(&s->facts, "size %llu\n", (unsigned long long)n.size);
    note_line(&s->facts, "sender-type", n.type);
    note_line(&s->facts, "sender-rule", n.rule);
    note_line(&s->facts, "sender-build", n.build);
    ov_put_format(&s->facts, "sender-epoch %llu\nmonth %s\n",
                  (unsigned long long)n.epoch, n.month);
    return ov_buf_status(&s->facts);
}

static enum ov_status open_envelope(const struct analysis *a,
                                    struct ov_span envelope,
                                    struct ov_buf *plain, struct ov_span *note,
                                    struct ov_span *sample)
{
    enum ov_status status = OV_BAD_PROOF;

    for (size_t i = 0; i < a->o.n_keys && status == OV_BAD_PROOF; i++) {
        ov_buf_clear(plain);
        status = ov_envelope_open(envelope, a->o.keys[i], plain, note, sample);
    }
    return status;
}

static enum ov_status put_in_memory(struct ov_span sample, int *ret_fd)
{
    int fd = -1;
    enum ov_status status = ov_memory_file("sample", &fd);

    if (status == OV_OK)
        status = ov_write_all(fd, sample);
    if (status == OV_OK)
        status = ov_memory_seal(fd);
    if (status == OV_OK)
        *ret_fd = fd;
    else
        ov_fd_cleanup(&fd);
    return status;
}

/* The blob, the envelope in it, the sample in that. OV_MALFORMED, OV_BAD_PROOF,
 * OV_UNSUPPORTED: it will never open. */
static enum ov_status open_sample(struct seat *s, int *ret_fd,
                                  uint64_t *ret_len, struct ov_diag *diag)
{
    const struct control_submission *n = &s->job.submission;
    OV_AUTO_DONE(buf) envelope = ov_buf_with_max(OV_ENVELOPE_MAX);
    OV_AUTO_DONE(buf) plain = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_envelope_head head;
    struct blob_name blob;
    struct ov_span note;
    struct ov_span sample;
    enum ov_status status;

    memcpy(blob.digest, n->blob, sizeof(blob.digest));
    memcpy(blob.key, n->blob_key, sizeof(blob.key));
    status = blob_get(s->of->o.blobs, &blob, &envelope, diag);
    explicit_bzero(&blob, sizeof(blob));
    OV_TRY(status);
    OV_TRY(ov_envelope_read(ov_buf_span(&envelope), &head));
    if (strcmp(head.region, s->of->o.region) != 0 || head.purpose != n->purpose)
        return ov_diag_set(diag, OV_MALFORMED, 0, "not as it was taken");
    OV_TRY(
        open_envelope(s->of, ov_buf_span(&envelope), &plain, &note, &sample));
    OV_TRY(read_note(s, note, sample, diag));
    *ret_len = sample.len;
    return put_in_memory(sample, ret_fd);
}

/* ---- the end of one ---- */

static const char *verdict_of(const struct seat *s)
{
    return s->is_crashed ? verdict_words[OV_INCONCLUSIVE]
                         : verdict_words[s->verdict];
}

static void put_found(struct ov_buf *b, const struct seat *s)
{
    struct ov_pool_state pool = ov_pool_state(s->of->pool);

    ov_put_span(b, ov_buf_span(&s->facts));
    ov_put_format(b, "verdict %s\ntype ", verdict_of(s));
    ov_put_span(b, s->type.len > 0 ? ov_buf_span(&s->type) : OV_SPAN_LIT("-"));
    ov_put_str(b, "\nimages ");
    ov_put_hex(b, ov_span_of(pool.digest, sizeof(pool.digest)));
    ov_put_u8(b, '\n');
    ov_put_span(b, ov_buf_span(&s->rules));
    if (s->n_left_out > 0)
        ov_put_format(b, "left-out %zu\n", s->n_left_out);
    ov_put_u8(b, 0);
}

static enum ov_status end_job(struct seat *s, const struct control_finding *f,
                              struct ov_diag *diag)
{
    bool is_ours = false;

    OV_TRY(control_job_end(s->of->o.store, &s->job, f, &is_ours, diag));
    if (is_ours && f->sample != NULL)
        s->of->count.n_cases++;
    else if (is_ours)
        s->of->count.n_refused++;
    return OV_OK;
}

static enum ov_status make_case(struct seat *s, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) found = ov_buf_with_max(OV_CASE_MAX - 512);
    struct control_finding f = {
        .sample = s->sample, .words = verdict_of(s), .now = s->of->o.now()};

    put_found(&found, s);
    OV_TRY(ov_buf_status(&s->rules));
    OV_TRY(ov_buf_status(&found));
    f.found = (const char *)found.ptr;
    return end_job(s, &f, diag);
}

static enum ov_status make_none(struct seat *s, const char *words,
                                struct ov_diag *diag)
{
    const struct control_finding f = {.words = words, .now = s->of->o.now()};

    s->of->o.note("no case of a submission", ov_span_str(words));
    return end_job(s, &f, diag);
}

static enum ov_status settle(struct seat *s, struct ov_diag *diag)
{
    struct analysis *a = s->of;

    if (s->is_abandoned)
        return control_job_give_back(a->o.store, &s->job, diag);
    if (s->is_crashed && s->job.tries < a->o.max_tries) {
        a->count.n_retried++;
        a->o.note("a worker ended at a sample",
                  OV_SPAN_LIT("it is tried again"));
        return control_job_give_back(a->o.store, &s->job, diag);
    }
    return make_case(s, diag);
}

/* ---- the beginning of one ---- */

static bool never_opens(enum ov_status status)
{
    return status == OV_MALFORMED || status == OV_BAD_PROOF ||
           status == OV_UNSUPPORTED || status == OV_TRUNCATED ||
           status == OV_LIMIT_SIZE || status == OV_BAD_DIGEST;
}

/* What cannot be read now may be readable later, as often as there are tries;
 * what an analyser has begun that often and never ended is left to people. */
static enum ov_status begin_job(struct seat *s, bool *ret_is_begun,
                                struct ov_diag *diag)
{
    struct analysis *a = s->of;
    struct ov_diag why = {.text = ""};
    uint64_t len = 0;
    int fd = -1;
    enum ov_status status = open_sample(s, &fd, &len, &why);

    *ret_is_begun = false;
    if (why.text[0] == '\0')
        (void)ov_diag_set(&why, status, 0, "%s", ov_status_name(status));
    if (never_opens(status) ||
        (status != OV_OK && s->job.tries >= a->o.max_tries))
        return make_none(s, why.text, diag);
    if (status != OV_OK)
        return ov_diag_set(diag, OV_PEER_GONE, 0, "%s", why.text);
    if (s->job.tries > a->o.max_tries) {
        ov_fd_cleanup(&fd);
        s->is_crashed = true;
        ov_put_str(&s->rules, "inconclusive crashed analyser\n");
        return make_case(s, diag);
    }
    ov_pool_submit(a->pool, fd, len, s);
    *ret_is_begun = true;
    return OV_OK;
}

static enum ov_status take_jobs(struct analysis *a, struct ov_diag *diag)
{
    struct seat *s;

    while ((s = free_seat(a)) != NULL && ov_pool_has_room(a->pool)) {
        bool is_begun = false;
        enum ov_status status;

        take_seat(a, s);
        status = control_job_take(a->o.store, a->o.now(), LEASE_SECONDS,
                                  &s->job, diag);
        if (status == OV_OK)
            status = begin_job(s, &is_begun, diag);
        if (!is_begun)
            leave_seat(s);
        if (status == OV_NOT_FOUND)
            return OV_OK;
        OV_TRY(status);
    }
    return OV_OK;
}

/* Of a failure the lease is what is left: somebody takes the sample later. */
static enum ov_status settle_all(struct analysis *a, struct ov_diag *diag)
{
    enum ov_status first = OV_OK;

    for (size_t i = 0; i < a->n_seats; i++) {
        struct seat *s = &a->seats[i];

        if (s->is_taken && s->is_done) {
            enum ov_status status = settle(s, first == OV_OK ? diag : NULL);

            first = first == OV_OK ? status : first;
            leave_seat(s);
        }
    }
    return first;
}

enum ov_status analysis_turn(struct analysis *a, int milliseconds,
                             size_t *ret_n, struct ov_diag *diag)
{
    enum ov_status status = take_jobs(a, diag);
    struct ov_diag why = {.text = ""};

    if (count_taken(a) > 0 &&
        ov_pool_wait(a->pool, status == OV_OK ? milliseconds : 0, &why) !=
            OV_OK)
        return ov_diag_set(diag, OV_DENIED, 0, "%s", why.text);
    if (status == OV_OK)
        status = settle_all(a, diag);
    else
        (void)!settle_all(a, NULL); /* the first failure is told */
    *ret_n = count_taken(a);
    return status;
}

struct analysis_count analysis_count(const struct analysis *a)
{
    return a->count;
}

/* ---- all of it ---- */

enum ov_status analysis_new(const struct analysis_options *o,
                            struct analysis **ret)
{
    unsigned n = o->n_workers != 0 ? o->n_workers : ov_pool_processors();
    struct ov_pool_options pool = {
        .images = *o->images,
        .open = {.flags = OV_SCAN_ALL_MATCHES | OV_SCAN_UNWANTED |
                          OV_SCAN_HEURISTICS,
                 .alerts = (UINT32_C(1) << OV_N_ALERTS) - 1},
        .n_workers = n,
        .timeout_ms = o->timeout_ms,
        .spawn_flags = o->spawn_flags,
        .detection = on_detection,
        .inconclusive = on_inconclusive,
        .done = on_done,
    };
    struct analysis *a = ov_alloc(sizeof(*a));
    enum ov_status status;

    if (a == NULL)
        return OV_NO_MEMORY;
    a->o = *o;
    a->n_seats = n < SEATS_MAX ? n : SEATS_MAX;
    status = ov_pool_new(&pool, &a->pool);
    if (status != OV_OK) {
        ov_free(a);
        return status;
    }
    *ret = a;
    return OV_OK;
}

void analysis_free(struct analysis *a)
{
    if (a == NULL)
        return;
    ov_pool_abandon(a->pool);
    (void)!settle_all(a, NULL); /* else their leases end */
    ov_pool_free(a->pool);
    ov_free(a);
}
