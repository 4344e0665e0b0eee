/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "rules/image.h"
#include "rules/ruleset.h"

/* What one image says about the rules of others that a scan uses beside it: the
 * sources that it withdraws from the images before it, and the rules that its
 * .ign and .ign2 lines silence in all of them. docs/protocol-image.md,
 * "silence". */

/* ---- writing ---- */

/* Appends the section. withdrawn must rise, else OV_USAGE. */
OV_MUST_USE enum ov_status ov_silence_put(struct ov_buf *b,
                                          const struct ov_span *withdrawn,
                                          size_t n_withdrawn,
                                          struct ov_part *const *parts,
                                          size_t n_parts);

/* ---- reading ---- */

struct ov_silence_list {
    const struct ov_span *withdrawn; /* names of sources, rising */
    size_t n_withdrawn;

    const struct ov_silence_line {
        struct ov_span name;   /* of rules */
        struct ov_span source; /* the .ign's name */
    } * ignored;

    size_t n_ignored;
};

/* All of it, in the arena; spans point into the image. OV_MALFORMED,
 * OV_BAD_DIGEST, OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_lookup_silence(struct ov_image *image,
                                             struct ov_arena *arena,
                                             struct ov_silence_list *ret);
