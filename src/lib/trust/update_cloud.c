/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "trust/update_history.h"

/* The log that vouches for a cloud's statements has to be the one that vouches
 * for releases. A client of a cloud keeps the checkpoints that statements came
 * with (reputation/cloud_run.c), as it has no tiles of the log; the mirrors of
 * updates have. Once the log that is followed here has grown as large as such a
 * checkpoint, that is either how this log began, or there are two histories.
 * What was compared is removed: what is believed later continues it. */

/* Of a log or witnesses that are not trusted any more: what it vouched for is
 * not believed any more, either. */
static enum ov_status check(struct ov_update *u, struct ov_span bytes,
                            struct ov_policy_result *ret)
{
    struct ov_note *note = ov_arena_alloc(u->arena, sizeof(*note));

    if (note == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_note_parse(u->arena, bytes, note));
    return ov_policy_check(&u->policy, note, NULL, ret);
}

static enum ov_status refuse(struct ov_update *u, struct ov_span bytes,
                             enum ov_status status)
{
    OV_AUTO_DONE(buf) last = ov_buf_with_max(OV_UPDATE_MAX_CHECKPOINT);

    (void)!u->io->state_get(u->io->data, "trust/checkpoint", &last);
    return ov_update_refuse_history(u, ov_buf_span(&last), bytes, status);
}

/* *ret_is_done: there is nothing left to compare. */
static enum ov_status compare(struct ov_update *u, struct ov_span bytes,
                              bool *ret_is_done)
{
    struct ov_policy_result *r = ov_arena_alloc(u->arena, sizeof(*r));
    struct ov_update_tree seen = {.size = u->client.size};
    struct ov_update_tree there;
    enum ov_status status = r != NULL ? check(u, bytes, r) : OV_NO_MEMORY;

    *ret_is_done = true;
    if (status != OV_OK)
        return status == OV_NO_MEMORY ? status : OV_OK;
    there = ov_update_tree_of(&r->checkpoint);
    if (ov_update_is_behind_end(u, &r->checkpoint))
        return refuse(u, bytes, OV_SPLIT_VIEW);
    memcpy(seen.root, u->client.root, sizeof(seen.root));
    *ret_is_done = there.size <= seen.size;
    if (!*ret_is_done)
        return OV_OK;
    status = ov_update_consistent(u, &there, &seen);
    if (status == OV_OK || status == OV_NO_MEMORY)
        return status;
    *ret_is_done = !ov_update_is_absence(status);
    return *ret_is_done ? refuse(u, bytes, status) : OV_OK;
}

enum ov_status ov_update_compare_cloud(struct ov_update *u)
{
    for (unsigned i = 0; i < OV_UPDATE_CLOUD_CHECKPOINTS; i++) {
        OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_UPDATE_MAX_CHECKPOINT);
        char name[40];
        bool is_done;
        enum ov_status status;

        (void)snprintf(name, sizeof(name), OV_UPDATE_CLOUD_CHECKPOINT,
                       i); /* has room */
        status = u->io->state_get(u->io->data, name, &bytes);
        if (status == OV_NOT_FOUND || u->client.origin[0] == '\0')
            continue;
        OV_TRY(status);
        OV_TRY(compare(u, ov_buf_span(&bytes), &is_done));
        if (is_done)
            OV_TRY(u->io->state_remove(u->io->data, name));
    }
    return OV_OK;
}
