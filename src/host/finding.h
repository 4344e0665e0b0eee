/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/wire.h"

/* What is kept of a detection once the scan of its file is over: for the
 * quarantine, for the record of findings, for events. All-zero: none yet. */
struct finding {
    bool is_set;
    uint32_t flags; /* enum ov_rule_flag */
    uint32_t line;
    struct ov_buf rule;
    struct ov_buf source;
    struct ov_buf kind;
    struct ov_buf explanation; /* lines for people, printable as they are */
};

void finding_done(struct finding *f);
/* Forgets, and keeps the memory. */
void finding_clear(struct finding *f);

/* OV_NO_MEMORY: it is cleared. */
OV_MUST_USE enum ov_status finding_set(struct finding *f,
                                       const struct ov_wire_detection *d);

/* OV_NO_MEMORY: ret is cleared. */
OV_MUST_USE enum ov_status finding_copy(struct finding *ret,
                                        const struct finding *from);

/* Which member, what the rule says of itself, what matched, as lines. */
void finding_put_explanation(struct ov_buf *b,
                             const struct ov_wire_detection *d);
