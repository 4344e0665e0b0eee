/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/place.h"
#include "match/program.h"
#include "match/re_run.h"
#include "match/verify.h"

/* Patterns of several parts with gaps of any length between them. The pass
 * finds where the lead part is; the others are looked for behind the pass, and
 * only then. */

/* What trying a program needs to know of the scan. */
struct ov_attempt {
    const struct ov_match_job *job;
    struct ov_verifier *verifier;
    struct ov_re_runner *runner; /* of regular expressions */
    /* The view's layout, asked for once. */
    const struct ov_layout *(*layout)(void *data);
    void *layout_data;
    uint64_t steps; /* not yet spent */
};

/* Whether `part` of p, the nth, matches at `at`, and where it ends: the nearest
 * end that p's flags allow. */
bool ov_part_matches(struct ov_attempt *a, const struct ov_program *p,
                     const struct ov_program_part *part, uint32_t n,
                     uint64_t at, uint64_t *ret_end);

/* Whether p may begin at `at`. */
bool ov_part_placed(struct ov_attempt *a, const struct ov_program *p,
                    uint64_t at);

/* Whether no letter or digit ends (is_start: or begins) at `at` of the view,
 * for FULLWORD. */
bool ov_part_is_word_edge(const struct ov_program *p, struct ov_span view,
                          uint64_t at, bool is_start);

/* Adds to hits one match for each place of p's last part that has the others
 * before it, in order; or one for each place of its first part that has the
 * others behind it. lead: all matches of the lead part, rising. */
OV_MUST_USE enum ov_status ov_parts_join(struct ov_attempt *a,
                                         const struct ov_program *p,
                                         const struct ov_hit *lead,
                                         struct ov_hits *hits);
