/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "judge_link.h"
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
#define RECALLED "recalled.image"

/* ---- the procedure's functions ---- */

static enum ov_status io_release_get(void *data, const char *name,
                                     struct ov_buf *into)
{
    const struct ov_wire_need n = {.from = OV_NEED_RELEASE,
                                   .max_len = into->max - into->len,
                                   .name = ov_span_str(name)};

    return link_need(data, &n, into);
}

static enum ov_status io_stage(void *data)
{
    return link_persist_name(data, OV_PERSIST_STAGE, "");
}

static enum ov_status io_stage_put(void *data, const char *name,
                                   struct ov_span bytes)
{
    return link_persist_bytes(data, OV_PERSIST_FILE, name, bytes);
}

static enum ov_status io_stage_reuse(void *data, const char *name)
{
    return link_persist_name(data, OV_PERSIST_REUSE, name);
}

static enum ov_status io_self_test(void *data, struct ov_diag *diag)
{
    const struct ov_wire_persist p = {.what = OV_PERSIST_TEST};

    return link_persist(data, &p, diag);
}

static enum ov_status io_install(void *data, uint64_t seq)
{
    const struct ov_wire_persist p = {.what = OV_PERSIST_INSTALL, .len = seq};

    return link_persist(data, &p, NULL);
}

static void io_progress(void *data, enum ov_update_step step)
{
    struct link *l = data;

    if (l->broken != OV_OK)
        return;
    ov_msg_begin(l->job->out, OV_MSG_STEP, 0);
    ov_wire_put_number(l->job->out, step);
    (void)!link_post(l); /* the next question tells */
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
    return link_persist_bytes(data, OV_PERSIST_FILE,
                              tier->number == 0 ? "image.0" : "image.1",
                              ov_buf_span(&image));
}

static enum ov_status io_silence(void *data, const struct ov_update_tier *tier,
                                 uint8_t ret_digest[static 32],
                                 uint64_t *ret_len, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) image = ov_buf_with_max(MAX_IMAGE);

    if (tier->n_withdrawn == 0)
        return link_state_remove(data, RECALLED);
    OV_TRY(compile_tier(tier, &image, diag));
    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(&image), ret_digest));
    *ret_len = image.len;
    return link_state_put(data, RECALLED, ov_buf_span(&image));
}

static enum ov_status io_compile_only(void *data,
                                      const struct ov_update_tier *tier,
                                      uint8_t ret_digest[static 32],
                                      uint64_t *ret_len, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) image = ov_buf_with_max(MAX_IMAGE);

    (void)data;
    OV_TRY(compile_tier(tier, &image, diag));
    *ret_len = image.len;
    return ov_digest(OV_SHA256, ov_buf_span(&image), ret_digest);
}

/* ---- the whole ---- */

static const struct ov_update_io io_functions = {
    .get = link_get,
    .state_get = link_state_get,
    .state_put = link_state_put,
    .state_remove = link_state_remove,
    .release_get = io_release_get,
    .stage = io_stage,
    .stage_put = io_stage_put,
    .stage_reuse = io_stage_reuse,
    .compile = io_compile,
    .silence = io_silence,
    .compile_only = io_compile_only,
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
    return link_post(l);
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
    OV_AUTO_DONE(buf) root_text = ov_buf_with_max(MAX_ROOT);
    struct ov_update_result result;

    memcpy(options.rollout_id, task->rollout_id, sizeof(options.rollout_id));
    if (link_need(l, &root, &root_text) == OV_OK)
        options.first_root = ov_buf_span(&root_text);
    (void)!ov_update_run(io, &options, &result); /* result says it all */
    return tell_result(l, &result);
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
    OV_TRY(link_tell_text(l, ov_buf_span(&text)));
    return tell_result(l, &result);
}

enum ov_status update_job_run(const struct update_job *job)
{
    struct link l = {.job = job};
    struct ov_update_io io = io_functions;
    char channel[OV_WIRE_MAX_WORD + 1] = "";
    enum ov_status status;

    io.data = &l;
    memcpy(channel, job->task->channel.ptr, job->task->channel.len);
    if (job->task->task == OV_TRUST_UPDATE || job->task->task == OV_TRUST_CHECK)
        status = update(&l, &io, channel);
    else
        status = tell_about(&l, &io);
    return status;
}
