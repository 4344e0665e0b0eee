/* SPDX-License-Identifier: Apache-2.0 */
#include "whole_log.h"

#include <time.h>

#include "sys/file.h"

/* The checkpoint, its signatures, every entry, every tile of every level: read
 * once and compared. */

#define ARENA_SIZE ((size_t)4 << 20)

bool whole_log_begin(struct whole_log *w)
{
    w->arena = ov_arena_new(ARENA_SIZE);
    w->policy_text = ov_buf_with_max((size_t)1 << 20);
    w->note_text = ov_buf_with_max(OV_NOTE_MAX_SIZE);
    return w->arena != NULL;
}

void whole_log_done(struct whole_log *w)
{
    ov_arena_free(w->arena);
    ov_buf_done(&w->policy_text);
    ov_buf_done(&w->note_text);
}

static enum ov_status read_policy(struct whole_log *w, struct ov_diag *diag)
{
    enum ov_status status = ov_file_read(w->policy_file, &w->policy_text);

    if (status != OV_OK)
        return ov_diag_set(diag, OV_USAGE, 0, "%s: %s", w->policy_file,
                           ov_status_name(status));
    status = ov_policy_parse(w->arena, ov_buf_span(&w->policy_text), &w->policy,
                             diag);
    return status == OV_OK ? OV_OK : OV_USAGE;
}

static enum ov_status read_checkpoint(struct whole_log *w,
                                      const struct log_view *v,
                                      struct ov_diag *diag)
{
    const struct ov_policy_clock clock = {(uint64_t)time(NULL), w->max_age};
    struct ov_note *note = ov_arena_alloc(w->arena, sizeof(*note));
    enum ov_status status;

    if (note == NULL)
        return OV_NO_MEMORY;
    OV_TRY(view_read(v, "checkpoint", OV_NOTE_MAX_SIZE, &w->note_text, diag));
    status = ov_note_parse(w->arena, ov_buf_span(&w->note_text), note);
    if (status == OV_OK)
        status = ov_policy_check(&w->policy, note, &clock, &w->result);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "checkpoint: %s",
                           status == OV_BAD_PROOF ? "no quorum of cosignatures"
                                                  : ov_status_name(status));
    return OV_OK;
}

enum ov_status whole_log_read(struct whole_log *w,
                              enum ov_status (*entry)(void *data,
                                                      uint64_t index,
                                                      struct ov_span entry),
                              void *data, struct ov_diag *diag)
{
    OV_AUTO(mirrors) mirrors = ov_mirrors_new(0);
    OV_AUTO_PTR struct ov_frontier *frontier = ov_alloc(sizeof(*frontier));
    struct walk walk = {.frontier = frontier, .data = data, .entry = entry};
    struct log_view v = {.mirrors = mirrors};

    if (mirrors == NULL || frontier == NULL)
        return OV_NO_MEMORY;
    OV_TRY(read_policy(w, diag));
    OV_TRY(ov_mirrors_add(mirrors, w->place, diag));
    OV_TRY(read_checkpoint(w, &v, diag));
    return walk_to(&walk, &v, w->result.checkpoint.size,
                   w->result.checkpoint.root, diag);
}

int whole_log_exit_code(enum ov_status status)
{
    if (status == OV_OK)
        return 0;
    if (status == OV_USAGE || status == OV_NO_MEMORY)
        return 2;
    if (status == OV_TIMED_OUT)
        return 3;
    if (ov_status_class(status) == OV_CLASS_MACHINE && status != OV_NOT_FOUND)
        return 3;
    return 1;
}
