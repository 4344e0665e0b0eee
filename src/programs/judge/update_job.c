/* SPDX-License-Identifier: Apache-2.0 */
#include "update_job.h"

#include <unistd.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "rules/image.h"
#include "rules/tier_build.h"
#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/sandbox.h"
#include "trust/update.h"

/* The procedure of trust/update.h over messages: each of its functions is one
 * question and one answer. What comes is copied out of the parent's descriptor
 * at once; what goes is written into the memory file first. */

#define MAX_IMAGE ((size_t)8 << 30)
#define MAX_ROOT (64u << 10)

struct link {
    const struct update_job *job;
    enum ov_status broken; /* nothing works any more */
    struct ov_buf root;
};

/* ---- questions ---- */

static enum ov_status post(struct link *l)
{
    enum ov_status status = ov_msg_end(l->job->out);

    if (status == OV_OK)
        status = ov_channel_send(OV_PARENT_FD, l->job->out, -1);
    if (status != OV_OK)
        l->broken = status;
    return status;
}

static enum ov_status read_whole(int fd, uint64_t len, struct ov_buf *into)
{
    size_t end = into->len + (size_t)len;

    while (into->len < end) {
        size_t left = end - into->len;
        uint8_t *room = ov_buf_room(into, left);
        ssize_t got;

        if (room == NULL)
            return ov_buf_status(into);
        got = pread64(fd, room, left, (off64_t)(len - left));
        if (got <= 0)
            return got < 0 ? OV_IO : OV_TRUNCATED;
        ov_buf_added(into, (size_t)got);
    }
    return OV_OK;
}

static enum ov_status on_answer(struct ov_span body, struct ov_diag *diag)
{
    struct ov_wire_answer a;

    OV_TRY(ov_wire_read_answer(body, &a));
    if (a.status >= OV_N_STATUS)
        return OV_MALFORMED;
    return a.status == OV_OK
               ? OV_OK
               : ov_diag_set(diag, (enum ov_status)a.status, 0, "%.*s",
                             (int)a.words.len, (const char *)a.words.ptr);
}

/* into: for a file; NULL if none is due. */
static enum ov_status await(struct link *l, struct ov_buf *into,
                            struct ov_diag *diag)
{
    OV_AUTO_FD fd = -1;
    struct ov_span packet;
    struct ov_message m;
    uint64_t len;

    l->broken = ov_channel_receive(OV_PARENT_FD, l->job->packet, &packet, &fd);
    if (l->broken == OV_OK)
        l->broken =
            ov_msg_decode(packet, fd >= 0, OV_TO_JUDGE, OV_PEER_OPEN, &m);
    OV_TRY(l->broken);
    if (m.type == OV_MSG_ANSWER)
        return on_answer(m.body, diag);
    if (m.type != OV_MSG_HAVE || into == NULL) {
        l->broken = OV_MALFORMED;
        return OV_MALFORMED;
    }
    OV_TRY(ov_wire_read_number(m.body, &len));
    if (len > into->max - into->len)
        return OV_LIMIT_SIZE;
    return read_whole(fd, len, into);
}

static enum ov_status need(struct link *l, const struct ov_wire_need *n,
                           struct ov_buf *into)
{
    OV_TRY(l->broken);
    ov_msg_begin(l->job->out, OV_MSG_NEED, 0);
    ov_wire_put_need(l->job->out, n);
    OV_TRY(post(l));
    return await(l, into, NULL);
}

static enum ov_status write_memory(struct link *l, struct ov_span bytes)
{
    size_t at = 0;

    while (at < bytes.len) {
        ssize_t put = pwrite64(l->job->memory, bytes.ptr + at, bytes.len - at,
                               (off64_t)at);

        if (put <= 0)
            return OV_IO;
        at += (size_t)put;
    }
    return OV_OK;
}

static enum ov_status persist(struct link *l, const struct ov_wire_persist *p,
                              struct ov_diag *diag)
{
    OV_TRY(l->broken);
    ov_msg_begin(l->job->out, OV_MSG_PERSIST, 0);
    ov_wire_put_persist(l->job->out, p);
    OV_TRY(post(l));
    return await(l, NULL, diag);
}

static enum ov_status persist_bytes(struct link *l, enum ov_persist what,
                                    const char *name, struct ov_span bytes)
{
    const struct ov_wire_persist p = {what, bytes.len, ov_span_str(name)};

    OV_TRY(write_memory(l, bytes));
    return persist(l, &p, NULL);
}

static enum ov_status persist_name(struct link *l, enum ov_persist what,
                                   const char *name)
{
    const struct ov_wire_persist p = {what, 0, ov_span_str(name)};

    return persist(l, &p, NULL);
}

/* ---- the procedure's functions ---- */

static enum ov_status io_get(void *data, size_t mirror, const char *path,
                             uint64_t max, struct ov_buf *into)
{
    const struct ov_wire_need n = {OV_NEED_MIRROR, (uint32_t)mirror, max,
                                   ov_span_str(path)};

    return need(data, &n, into);
}

static enum ov_status io_state_get(void *data, const char *name,
                                   struct ov_buf *into)
{
    const struct ov_wire_need n = {OV_NEED_STATE, 0, into->max - into->len,
                                   ov_span_str(name)};

    return need(data, &n, into);
}

static enum ov_status io_release_get(void *data, const char *name,
                                     struct ov_buf *into)
{
    const struct ov_wire_need n = {OV_NEED_RELEASE, 0, into->max - into->len,
                                   ov_span_str(name)};

    return need(data, &n, into);
}

static enum ov_status io_state_put(void *data, const char *name,
                                   struct ov_span bytes)
{
    return persist_bytes(data, OV_PERSIST_STATE, name, bytes);
}

static enum ov_status io_state_remove(void *data, const char *name)
{
    return persist_name(data, OV_PERSIST_REMOVE, name);
}

static enum ov_status io_stage(void *data)
{
    return persist_name(data, OV_PERSIST_STAGE, "");
}

static enum ov_status io_stage_put(void *data, const char *name,
                                   struct ov_span bytes)
{
    return persist_bytes(data, OV_PERSIST_FILE, name, bytes);
}

static enum ov_status io_stage_reuse(void *data, const char *name)
{
    return persist_name(data, OV_PERSIST_REUSE, name);
}

static enum ov_status io_self_test(void *data, struct ov_diag *diag)
{
    const struct ov_wire_persist p = {.what = OV_PERSIST_TEST};

    return persist(data, &p, diag);
}

static enum ov_status io_install(void *data, uint64_t seq)
{
    const struct ov_wire_persist p = {.what = OV_PERSIST_INSTALL, .len = seq};

    return persist(data, &p, NULL);
}

static void io_progress(void *data, enum ov_update_step step)
{
    struct link *l = data;

    if (l->broken != OV_OK)
        return;
    ov_msg_begin(l->job->out, OV_MSG_STEP, 0);
    ov_wire_put_number(l->job->out, step);
    (void)!post(l); /* the next question tells */
}

/* ---- compiling ---- */

static enum ov_status compile_tier(const struct ov_update_tier *tier,
                                   struct ov_buf *into, struct ov_diag *diag)
{
    OV_AUTO_PTR struct ov_tier_record *records =
        ov_alloc_array(tier->n + 1, sizeof(*records));
    const struct ov_tier_job job = {records, tier->n, tier->withdrawn,
                                    tier->n_withdrawn};

    if (records == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < tier->n; i++)
        records[i] =
            (struct ov_tier_record){tier->records[i].id, tier->records[i].kind,
                                    tier->records[i].source};
    return ov_tier_compile(&job, into, NULL, diag);
}

static enum ov_status io_compile(void *data, const struct ov_update_tier *tier,
                                 uint8_t ret_digest[static 32],
                                 uint64_t *ret_len, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) image = ov_buf_with_max(MAX_IMAGE);

    OV_TRY(compile_tier(tier, &image, diag));
    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(&image), ret_digest));
    *ret_len = image.len;
    return persist_bytes(data, OV_PERSIST_FILE,
                         tier->number == 0 ? "image.0" : "image.1",
                         ov_buf_span(&image));
}

/* ---- the whole ---- */

static const struct ov_update_io io_functions = {
    .get = io_get,
    .state_get = io_state_get,
    .state_put = io_state_put,
    .state_remove = io_state_remove,
    .release_get = io_release_get,
    .stage = io_stage,
    .stage_put = io_stage_put,
    .stage_reuse = io_stage_reuse,
    .compile = io_compile,
    .self_test = io_self_test,
    .install = io_install,
    .progress = io_progress,
};

static enum ov_status tell_result(struct link *l,
                                  const struct ov_update_result *r)
{
    const struct ov_wire_updated u = {
        .refusal = r->refusal,
        .step = r->step,
        .is_installed = r->is_installed,
        .is_current = r->is_current,
        .is_recalled = r->is_recalled,
        .installed_seq = r->installed_seq,
        .offered_seq = r->offered_seq,
        .detail = ov_span_str(r->detail),
    };

    OV_TRY(l->broken);
    ov_msg_begin(l->job->out, OV_MSG_UPDATED, 0);
    ov_wire_put_updated(l->job->out, &u);
    return post(l);
}

static enum ov_status update(struct link *l, const struct ov_update_io *io,
                             const char *channel)
{
    const struct ov_wire_update *task = l->job->task;
    const struct ov_wire_need root = {.from = OV_NEED_ROOT,
                                      .max_len = MAX_ROOT};
    struct ov_update_options options = {
        .now = task->now,
        .channel = channel,
        .n_mirrors = task->n_mirrors,
        .flags = task->task == OV_TRUST_CHECK ? OV_UPDATE_CHECK : 0,
        .hold = task->hold,
        .engine = task->engine,
    };
    struct ov_update_result result;

    memcpy(options.rollout_id, task->rollout_id, sizeof(options.rollout_id));
    if (need(l, &root, &l->root) == OV_OK)
        options.first_root = ov_buf_span(&l->root);
    (void)!ov_update_run(io, &options, &result); /* result says it all */
    return tell_result(l, &result);
}

static enum ov_status tell_text(struct link *l, struct ov_span text)
{
    while (text.len > 0) {
        ov_msg_begin(l->job->out, OV_MSG_TEXT, 0);
        ov_put_span(l->job->out, ov_span_clip(text, 0, OV_MSG_MAX_BODY));
        OV_TRY(post(l));
        text = ov_span_clip(text, OV_MSG_MAX_BODY, text.len);
    }
    return OV_OK;
}

static enum ov_status tell_about(struct link *l, const struct ov_update_io *io)
{
    const struct ov_wire_update *task = l->job->task;
    const struct ov_update_options options = {
        .now = task->now,
        .channel = "",
        .n_mirrors = task->n_mirrors,
        .flags = task->task == OV_TRUST_DEEP ? OV_UPDATE_DEEP : 0,
    };
    OV_AUTO_DONE(buf) text = ov_buf_with_max((size_t)64 << 20);
    struct ov_update_result result = {0};

    /* What they return is in result, and in what they could tell. */
    if (task->task == OV_TRUST_REPORT)
        (void)!ov_update_report(io, task->now, &text);
    else if (task->task == OV_TRUST_CODE)
        (void)!ov_update_code(io, &options, &result, &text);
    else if (task->task == OV_TRUST_WHY)
        (void)!ov_update_why(io, &options, task->argument, &result, &text);
    else
        (void)!ov_update_verify(io, &options, &result, &text);
    OV_TRY(l->broken);
    OV_TRY(tell_text(l, ov_buf_span(&text)));
    return tell_result(l, &result);
}

enum ov_status update_job_run(const struct update_job *job)
{
    struct link l = {.job = job, .root = ov_buf_with_max(MAX_ROOT)};
    struct ov_update_io io = io_functions;
    char channel[OV_WIRE_MAX_WORD + 1] = "";
    enum ov_status status;

    io.data = &l;
    memcpy(channel, job->task->channel.ptr, job->task->channel.len);
    if (job->task->task == OV_TRUST_UPDATE || job->task->task == OV_TRUST_CHECK)
        status = update(&l, &io, channel);
    else
        status = tell_about(&l, &io);
    ov_buf_done(&l.root);
    return status;
}
