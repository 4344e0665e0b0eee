/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_job.h"

#include "base/text.h"
#include "judge_link.h"
#include "reputation/cloud_keys.h"

/* The procedure of reputation/cloud_client.h over messages. What a server says
 * is read and proven here, where there is nothing to take. */

#define MAX_TEXT ((size_t)64 << 10)

static void io_expect(void *data, size_t server, const char *path, uint64_t max)
{
    const struct ov_wire_need n = {.from = OV_NEED_MIRROR,
                                   .mirror = (uint32_t)server,
                                   .max_len = max,
                                   .name = ov_span_str(path)};

    link_expect(data, &n);
}

static enum ov_status io_get_part(void *data, size_t server, const char *path,
                                  uint64_t at, uint64_t len,
                                  struct ov_buf *into)
{
    const struct ov_wire_need n = {.from = OV_NEED_MIRROR,
                                   .mirror = (uint32_t)server,
                                   .max_len = len,
                                   .part_at = at,
                                   .part_len = len,
                                   .name = ov_span_str(path)};

    return link_need(data, &n, into);
}

static const struct ov_cloud_io io_functions = {
    .get = link_get,
    .get_part = io_get_part,
    .expect = io_expect,
    .state_get = link_state_get,
    .state_put = link_state_put,
    .state_remove = link_state_remove,
};

/* ---- as text ---- */

static void put_report(struct ov_buf *b, const struct ov_cloud_report *r)
{
    ov_put_format(b, "epoch %u\ndelta %llu\ntime %llu\nexpires %llu\n",
                  r->epoch, (unsigned long long)r->seq,
                  (unsigned long long)r->time, (unsigned long long)r->expires);
    ov_put_format(b, "bad %llu\nrecalls %llu\nstale %d\nnew %d\n",
                  (unsigned long long)r->n_bad,
                  (unsigned long long)r->n_recalls, r->is_stale, r->is_new);
}

static void put_answer(struct ov_buf *b, const struct ov_cloud_answer *a)
{
    ov_put_format(b, "reputation %s\nfamily %s\nsource %s\nstale %d\n",
                  a->is_known ? ov_reputation_name(a->reputation) : "unknown",
                  a->family[0] != '\0' ? a->family : "-",
                  ov_cloud_source_name(a->source), a->is_stale);
    ov_put_format(b, "bits %u\nepoch %u\ndelta %llu\n", a->bits_told, a->epoch,
                  (unsigned long long)a->seq);
}

static void put_status(struct ov_buf *b, enum ov_status status,
                       const struct ov_diag *diag)
{
    ov_put_format(b, "status %u\nwords ", (unsigned)status);
    ov_put_escaped(b, ov_span_str(diag->text));
    ov_put_u8(b, '\n');
}

static void look_up(const struct ov_cloud_io *io,
                    const struct ov_cloud_options *options,
                    struct ov_span digits, struct ov_buf *text)
{
    struct ov_cloud_answer answer = {.is_known = false};
    struct ov_diag diag = {0};
    uint8_t hash[32];
    enum ov_status status = OV_USAGE;

    if (ov_hex_decode(digits, hash, sizeof(hash)))
        status = ov_cloud_lookup(io, options, hash, &answer, &diag);
    put_status(text, status, &diag);
    put_answer(text, &answer);
}

static void bring(const struct ov_cloud_io *io,
                  struct ov_cloud_options *options, uint32_t task,
                  struct ov_span tier, struct ov_buf *text)
{
    struct ov_cloud_report report = {.epoch = 0};
    struct ov_diag diag = {0};
    enum ov_status status = OV_USAGE;

    if (task == OV_TRUST_CLOUD_STATUS)
        status = ov_cloud_status(io, options, &report, &diag);
    else if (ov_cloud_tier_parse(tier, &options->tier))
        status = ov_cloud_update(io, options, &report, &diag);
    put_status(text, status, &diag);
    put_report(text, &report);
}

#define MAX_NAME 256

/* The next word of the task's argument, with an end; "" if it is too long. */
static const char *next_word(struct ov_span *rest, char to[static MAX_NAME])
{
    struct ov_span word;

    (void)ov_span_cut(rest, ' ', &word);
    if (word.len >= MAX_NAME)
        word.len = 0;
    if (word.len > 0)
        memcpy(to, word.ptr, word.len);
    to[word.len] = '\0';
    return to;
}

static void check_keys(const struct ov_cloud_io *io,
                       const struct ov_cloud_options *options,
                       struct ov_span argument, struct ov_buf *text)
{
    struct ov_cloud_keys keys = {.version = 0};
    struct ov_diag diag = {0};
    char name[MAX_NAME];
    enum ov_status status = ov_cloud_keys_check(
        io, options, next_word(&argument, name), &keys, &diag);

    put_status(text, status, &diag);
    ov_put_format(text, "version %llu\nsha256 ",
                  (unsigned long long)keys.version);
    ov_put_hex(text, ov_span_of(keys.digest, sizeof(keys.digest)));
    ov_put_u8(text, '\n');
}

static void check_receipt(const struct ov_cloud_io *io,
                          const struct ov_cloud_options *options,
                          struct ov_span argument, struct ov_buf *text)
{
    struct ov_cloud_receipt r = {.is_in = false};
    struct ov_diag diag = {0};
    char keys[MAX_NAME];
    char name[MAX_NAME];
    enum ov_status status;

    (void)next_word(&argument, keys);
    status = ov_cloud_receipt_check(io, options, keys,
                                    next_word(&argument, name), &r, &diag);
    put_status(text, status, &diag);
    ov_put_format(text, "index %llu\nsize %llu\ntime %llu\nlogged %d\n",
                  (unsigned long long)r.index, (unsigned long long)r.size,
                  (unsigned long long)r.time, r.is_in);
}

bool cloud_job_is(uint32_t task)
{
    return task == OV_TRUST_CLOUD || task == OV_TRUST_CLOUD_STATUS ||
           task == OV_TRUST_CLOUD_LOOKUP || task == OV_TRUST_CLOUD_KEYS ||
           task == OV_TRUST_CLOUD_RECEIPT;
}

enum ov_status cloud_job_run(const struct update_job *job)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_TEXT);
    struct link l = {.job = job};
    struct ov_cloud_io io = io_functions;
    struct ov_cloud_options options = {.now = job->task->now,
                                       .n_servers = job->task->n_mirrors};
    const struct ov_wire_updated over = {.detail = ov_span_str("")};

    io.data = &l;
    if (job->task->task == OV_TRUST_CLOUD_LOOKUP)
        look_up(&io, &options, job->task->argument, &text);
    else if (job->task->task == OV_TRUST_CLOUD_KEYS)
        check_keys(&io, &options, job->task->argument, &text);
    else if (job->task->task == OV_TRUST_CLOUD_RECEIPT)
        check_receipt(&io, &options, job->task->argument, &text);
    else
        bring(&io, &options, job->task->task, job->task->argument, &text);
    OV_TRY(l.broken);
    OV_TRY(ov_buf_status(&text));
    OV_TRY(link_tell_text(&l, ov_buf_span(&text)));
    ov_msg_begin(job->out, OV_MSG_UPDATED, 0);
    ov_wire_put_updated(job->out, &over);
    return link_post(&l);
}
