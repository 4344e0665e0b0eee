/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/alloc.h"
#include "base/span.h"

/* Memory that is freed all at once: by ov_arena_free, or kept and handed out
 * again after ov_arena_reset (a worker does that between files, so that in
 * steady state a file costs no page fault). Limited from birth. With
 * -Darena_malloc=true every allocation is one of its own, so that ASan sees
 * overflows. */
struct ov_arena;

/* At most max bytes in all. NULL if memory is out. Returns owned. */
struct ov_arena *ov_arena_new(size_t max) OV_ALLOC;
void ov_arena_free(struct ov_arena *a);
OV_DEFINE_AUTO(arena)

/* Forgets all that was handed out. keep: how many bytes to hold on to. */
void ov_arena_reset(struct ov_arena *a, size_t keep);

/* Zeroed, aligned for any type, valid until reset or free. NULL if memory is
 * out or the arena's maximum is reached. */
void *ov_arena_alloc(struct ov_arena *a, size_t size)
    __attribute__((warn_unused_result));
void *ov_arena_array(struct ov_arena *a, size_t count, size_t size)
    __attribute__((warn_unused_result));

/* A copy of s that lives in the arena; false if memory is out. */
bool ov_arena_copy(struct ov_arena *a, struct ov_span s, struct ov_span *ret)
    __attribute__((warn_unused_result));

size_t ov_arena_used(const struct ov_arena *a);
