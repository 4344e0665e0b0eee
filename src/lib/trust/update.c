/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/update.h"

#include <stdarg.h>
#include <stdio.h>

#include "trust/trace.h"
#include "trust/update_history.h"

/* The order of the steps, and what they share. What each step believes and why:
 * docs/protocol-update.md. Steps are in update_meta.c (TUF, policy, head),
 * update_log.c (proof, freshness, history, note, recalls) and update_rules.c
 * (content). */

#define MAX_ARENA ((size_t)256 << 20)
#define MAX_ENTRY ((size_t)4 << 20)

enum ov_status ov_update_refuse(struct ov_update *u, enum ov_refusal why,
                                enum ov_status status, const char *format, ...)
{
    struct ov_update_result *r = u->result;
    va_list args;

    if (status == OV_NO_MEMORY)
        why = OV_REFUSED_MEMORY;
    r->refusal = why;
    va_start(args, format);
    (void)vsnprintf(r->detail, sizeof(r->detail), format, args);
    va_end(args);
    return status != OV_OK ? status : OV_MALFORMED;
}

void ov_update_allow(struct ov_update *u)
{
    u->result->refusal = OV_REFUSED_NOT;
    u->result->detail[0] = '\0';
}

void ov_update_step(struct ov_update *u, enum ov_update_step step)
{
    u->result->step = step;
    if (u->io->progress != NULL)
        u->io->progress(u->io->data, step);
}

bool ov_update_is_absence(enum ov_status status)
{
    return status == OV_NOT_FOUND || status == OV_IO ||
           status == OV_TIMED_OUT || status == OV_PEER_GONE ||
           status == OV_TRUNCATED || status == OV_DENIED;
}

enum ov_status ov_update_check_digest(struct ov_update *u, void *data,
                                      struct ov_span bytes)
{
    const uint8_t *want = data;
    uint8_t digest[OV_DIGEST_MAX];

    (void)u;
    OV_TRY(ov_digest(OV_SHA256, bytes, digest));
    return memcmp(want, digest, 32) == 0 ? OV_OK : OV_BAD_DIGEST;
}

enum ov_status ov_update_get(struct ov_update *u, const char *path,
                             uint64_t max, struct ov_buf *into,
                             const struct ov_update_check *check)
{
    enum ov_status last = OV_NOT_FOUND;
    size_t n = u->options->n_mirrors;

    for (size_t i = 0; i < n; i++) {
        enum ov_status status;

        ov_buf_clear(into);
        status = u->io->get(u->io->data, (u->mirror + i) % n, path, max, into);
        if (status == OV_OK)
            status = ov_buf_status(into);
        if (status == OV_OK && check != NULL)
            status = check->check(u, check->data, ov_buf_span(into));
        if (status == OV_OK || status == OV_NO_MEMORY)
            return status;
        /* What was wrong says more than what was not there. */
        if (status != OV_NOT_FOUND &&
            (last == OV_NOT_FOUND || !ov_update_is_absence(status)))
            last = status;
    }
    return last;
}

static enum ov_status test_and_switch(struct ov_update *u)
{
    struct ov_diag diag = {0};
    enum ov_status status;

    ov_update_step(u, OV_STEP_SELF_TEST);
    status = u->io->self_test(u->io->data, &diag);
    if (status != OV_OK) {
        u->client.bad[u->client.n_bad % OV_UPDATE_MAX_BAD] = u->release.seq;
        if (u->client.n_bad < OV_UPDATE_MAX_BAD)
            u->client.n_bad++;
        OV_TRY(ov_update_save(u));
        return ov_update_refuse(u, OV_REFUSED_SELF_TEST, status, "%s",
                                diag.text);
    }
    ov_update_step(u, OV_STEP_SWITCH);
    if (u->io->install(u->io->data, u->release.seq) != OV_OK)
        return ov_update_refuse(u, OV_REFUSED_DISK, OV_IO, "release %llu",
                                (unsigned long long)u->release.seq);
    u->result->is_installed = true;
    u->result->is_current = true;
    u->result->installed_seq = u->release.seq;
    if (u->client.highest < u->release.seq)
        u->client.highest = u->release.seq;
    u->client.good_time = u->now;
    OV_TRY(ov_update_save(u));
    return ov_update_silence(u); /* of the new release, others than before */
}

/* A run that only found that nothing is new has told that all is well, too. */
static enum ov_status stay(struct ov_update *u)
{
    u->client.good_time = u->now;
    return ov_update_save(u);
}

static enum ov_status believe(struct ov_update *u)
{
    OV_TRY(ov_update_metadata(u));
    OV_TRY(ov_update_policy(u));
    OV_TRY(ov_update_head(u));
    OV_TRY(ov_update_proof(u));
    OV_TRY(ov_update_history(u));
    OV_TRY(ov_update_compare_cloud(u));
    OV_TRY(ov_update_note(u));
    OV_TRY(ov_update_recall(u));
    return ov_update_notices(u);
}

static enum ov_status run(struct ov_update *u)
{
    ov_update_step(u, OV_STEP_STATE);
    OV_TRY(ov_update_load(u));
    ov_update_step(u, OV_STEP_TIME);
    u->now = u->options->now > u->client.vouched ? u->options->now
                                                 : u->client.vouched;
    OV_TRY(believe(u));
    OV_TRY(ov_update_save(u));
    if (u->result->is_current || (u->options->flags & OV_UPDATE_CHECK) != 0)
        return stay(u);
    OV_TRY(ov_update_rollout(u));
    OV_TRY(ov_update_content(u));
    return test_and_switch(u);
}

struct ov_update *ov_update_new(const struct ov_update_io *io,
                                const struct ov_update_options *options,
                                struct ov_update_result *result)
{
    struct ov_update *u = ov_alloc(sizeof(*u));

    if (u == NULL)
        return NULL;
    u->io = io;
    u->options = options;
    u->result = result;
    u->arena = ov_arena_new(MAX_ARENA);
    u->entry_arena = ov_arena_new(MAX_ENTRY);
    for (size_t i = 0; i < OV_UPDATE_KEPT_TILES; i++)
        u->kept_tiles[i].bytes = ov_buf_with_max(OV_BUNDLE_MAX_BYTES);
    for (size_t i = 0; i < 2; i++)
        u->trace_bytes[i] = ov_buf_with_max(OV_TRACE_MAX);
    u->max_age = OV_UPDATE_MAX_AGE;
    u->policy_text = ov_buf_with_max(OV_UPDATE_MAX_TRUST);
    u->people_text = ov_buf_with_max(OV_UPDATE_MAX_TRUST);
    u->head_bytes = ov_buf_with_max(OV_HEAD_MAX);
    u->old_head_bytes = ov_buf_with_max(OV_HEAD_MAX);
    u->proof_bytes = ov_buf_with_max(OV_UPDATE_MAX_PROOF);
    if (u->arena != NULL && u->entry_arena != NULL)
        return u;
    ov_update_free(u);
    return NULL;
}

void ov_update_free(struct ov_update *u)
{
    if (u == NULL)
        return;
    ov_tuf_client_free(u->tuf);
    ov_arena_free(u->arena);
    ov_arena_free(u->entry_arena);
    for (size_t i = 0; i < OV_UPDATE_KEPT_TILES; i++)
        ov_buf_done(&u->kept_tiles[i].bytes);
    for (size_t i = 0; i < 2; i++)
        ov_buf_done(&u->trace_bytes[i]);
    ov_free(u->trace);
    ov_free(u->lines);
    ov_buf_done(&u->policy_text);
    ov_buf_done(&u->people_text);
    ov_buf_done(&u->history_text);
    ov_buf_done(&u->head_bytes);
    ov_buf_done(&u->old_head_bytes);
    ov_buf_done(&u->proof_bytes);
    ov_buf_done(&u->manifest);
    ov_free(u);
}

enum ov_status ov_update_run(const struct ov_update_io *io,
                             const struct ov_update_options *options,
                             struct ov_update_result *ret)
{
    OV_AUTO(update) u = ov_update_new(io, options, ret);
    enum ov_status status;

    *ret = (struct ov_update_result){0};
    if (u == NULL) {
        ret->refusal = OV_REFUSED_MEMORY;
        return OV_NO_MEMORY;
    }
    status = run(u);
    if (status != OV_OK && ret->refusal == OV_REFUSED_NOT)
        (void)ov_update_refuse(u, OV_REFUSED_STATE, status, "%s",
                               ov_status_name(status));
    return status;
}
