/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/silence.h"

/* Which rules of which tier do not count, though their image has them. */

struct ov_silenced {
    const struct ov_withdrawn {
        struct ov_span source;
        size_t tier; /* the last one that withdraws it */
    } * withdrawn;   /* by source, rising */

    size_t n_withdrawn;
    const struct ov_span *ignored; /* names, rising */
    size_t n_ignored;
};

/* From the images' sections; in the arena, spans point into the images.
 * OV_NO_MEMORY, or what ov_lookup_silence says. */
OV_MUST_USE enum ov_status ov_silenced_open(struct ov_image *const *images,
                                            size_t n, struct ov_arena *arena,
                                            struct ov_silenced *ret);

/* Nothing is silenced: no name needs to be looked up. */
static inline bool ov_silenced_is_empty(const struct ov_silenced *s)
{
    return s->n_withdrawn == 0 && s->n_ignored == 0;
}

bool ov_silenced_has(const struct ov_silenced *s, size_t tier,
                     struct ov_span rule, struct ov_span source);
