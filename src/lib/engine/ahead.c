/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ahead.h"

#include "engine/scan_state.h"

/* One look ahead at a time. It spends nothing: who uses what it found pays as
 * if it had looked itself, at that time. */

#define WORTH ((uint64_t)2 << 20)

static void look(void *data)
{
    struct ov_ahead *a = data;

    ov_type_find_embedded(a->bytes, &a->found);
}

void ov_ahead_start(struct ov_scan *scan)
{
    struct ov_ahead *a = &scan->scanner->ahead;
    struct ov_crew *crew = scan->scanner->crew;
    const struct ov_object *o = &scan->scanner->frames[scan->top].object;

    a->bytes = (struct ov_span){NULL, 0};
    if (crew == NULL || !ov_type_may_embed(o->type) ||
        ov_type_kind(o->type) == OV_KIND_CONTAINER ||
        (scan->flags & OV_SCAN_FLAT) != 0 || scan->top >= scan->max_depth ||
        o->bytes.len < (crew->stretch != 0 ? crew->stretch : WORTH))
        return;
    for (unsigned i = 0; i < crew->n && !a->is_running; i++)
        if (crew->is_idle(crew, i)) {
            a->bytes = o->bytes;
            a->helper = i;
            a->is_running = true;
            crew->start(crew, i, look, a);
        }
}

void ov_ahead_finish(struct ov_scan *scan)
{
    struct ov_ahead *a = &scan->scanner->ahead;

    if (a->is_running)
        scan->scanner->crew->wait(scan->scanner->crew, a->helper);
    a->is_running = false;
}

const struct ov_embedded_list *ov_ahead_of(const struct ov_scan *scan)
{
    const struct ov_ahead *a = &scan->scanner->ahead;
    struct ov_span bytes = scan->scanner->frames[scan->top].object.bytes;

    return a->bytes.ptr != NULL && a->bytes.ptr == bytes.ptr &&
                   a->bytes.len == bytes.len
               ? &a->found
               : NULL;
}
