/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/unpack.h"

/* Members of one container, examined by a crew while the container is unpacked
 * further. What they tell is told in the order of members, and what they spent
 * is counted as if each had been looked at before the next was unpacked. */

struct ov_scan;
struct ov_scanner;
struct ov_share;

void ov_share_free(struct ov_share *share);

/* A member that was unpacked. */
struct ov_item {
    const struct ov_member *member;
    struct ov_span bytes;
    enum ov_status status; /* of unpacking it */
};

/* Whether a crew takes care of the member, whose container is the top object.
 * from: where bytes are, if that is not the container itself; they may be taken
 * out of it. If false: scan->is_stopped may be set now; else the caller
 * examines it. */
bool ov_share_takes(struct ov_scan *scan, const struct ov_item *item,
                    struct ov_buf *from);

/* The top object has no more members: waits for those that were taken. */
void ov_share_finish(struct ov_scan *scan);

/* The scan ends early: what was taken is forgotten. */
void ov_share_drop(struct ov_scan *scan);

/* scan.c: makes the item the top object and looks at it. */
void ov_scan_enter(struct ov_scan *scan, const struct ov_item *item);

/* scan.c: one step further in what is on top. */
void ov_scan_step(struct ov_scan *scan);
