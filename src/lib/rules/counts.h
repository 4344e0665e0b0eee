/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "rules/image.h"
#include "rules/ruleset.h"

/* The counts section: what the sources came to, for `overt rules check`.
 * docs/protocol-image.md, "counts". */

enum ov_rule_kind {
#define OV_RULE_KIND(id, word) id,
#include "rules/rule_kind.def"
#undef OV_RULE_KIND
    OV_N_RULE_KINDS
};

const char *ov_rule_kind_name(enum ov_rule_kind k);

/* One reason for which lines are not in the image, with an example. */
struct ov_skip_count {
    struct ov_span why;
    bool is_error;
    uint64_t n;
    uint32_t source; /* of the first of them */
    uint32_t line;
    struct ov_span what;
};

/* A pattern that costs more than others per byte scanned. */
struct ov_weak_pattern {
    uint32_t id;
    uint8_t weakness; /* enum ov_match_weakness */
};

struct ov_counts {
    uint64_t kinds[OV_N_RULE_KINDS];
    uint64_t n_ignored;
    const struct ov_skip_count *skips;
    size_t n_skips;
    const struct ov_weak_pattern *weak;
    size_t n_weak;
};

/* ---- writing ---- */

struct ov_skip_counter;

/* Returns owned; NULL if memory is out. */
struct ov_skip_counter *ov_skip_counter_new(void) OV_ALLOC;
void ov_skip_counter_free(struct ov_skip_counter *c);
OV_DEFINE_AUTO(skip_counter)

/* Counts one skip under its reason; its words stay borrowed. */
OV_MUST_USE enum ov_status ov_skip_counter_add(struct ov_skip_counter *c,
                                               uint32_t source,
                                               const struct ov_skip *skip);

/* The reasons in the order of their first occurrence; borrowed. */
const struct ov_skip_count *ov_skip_counter_all(const struct ov_skip_counter *c,
                                                size_t *ret_n);

/* Appends the section. */
void ov_counts_put(struct ov_buf *b, const struct ov_counts *c);

/* ---- reading ---- */

/* All of it, in the arena; OV_MALFORMED, OV_BAD_DIGEST, OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_counts_read(struct ov_image *image,
                                          struct ov_arena *arena,
                                          struct ov_counts *ret);
