/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "rules/externals.h"
#include "rules/ruleset.h"

/* Parts -> image. The order of parts decides rule IDs and "first match": parts
 * of one source must be adjacent and in the order of its lines. */

struct ov_compile_job {
    const struct ov_source *sources;
    size_t n_sources;
    struct ov_part *const *parts;
    size_t n_parts;
    /* Names of sources, rising: their rules in the images before this one do
     * not count. */
    const struct ov_span *withdrawn;
    size_t n_withdrawn;
    const struct ov_external *externals; /* as the sources were parsed with */
    size_t n_externals;
    /* Rules that an .ign line names stay in the image, and are silenced by the
     * scan: so that they count again once a later image withdraws the line. */
    bool keeps_silenced;
    /* Called with done and total work units, now and then; may be NULL. */
    void (*progress)(void *data, uint64_t done, uint64_t total);
    void *progress_data;
};

/* What the compiler has to tell: per reason, how many and an example. */
struct ov_compile_report {
    uint64_t n_rules; /* body, logical, hash, member rules in the image */
    uint64_t n_hashes;
    uint64_t n_patterns;
    uint64_t n_skipped;
    uint64_t n_ignored; /* silenced by .ign / .ign2 */
    uint64_t n_weak;    /* patterns that cost more than others per byte */
};

/* The same sources and parts give the same bytes. diag names source and line
 * when a rule cannot be compiled. */
OV_MUST_USE enum ov_status ov_compile(const struct ov_compile_job *job,
                                      struct ov_buf *ret,
                                      struct ov_compile_report *ret_report,
                                      struct ov_diag *diag);
