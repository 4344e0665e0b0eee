/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "sys/wire_guard.h"

/* Which process, folder, format and rule costs what: the ones that cost most,
 * in fixed memory, whatever clients do. */

#define TOP_MAX 64
#define TOP_NAME 256

enum top_kind {
    TOP_PROCESS,
    TOP_FOLDER,
    TOP_FORMAT,
    TOP_RULE,
    TOP_N_KINDS
};

struct top_entry {
    uint8_t name[TOP_NAME]; /* its end, if it is longer */
    uint16_t len;
    uint64_t n;         /* files; of a rule: evaluations */
    uint64_t bytes;     /* 0 of a rule */
    uint64_t cost_us;   /* of work; of a rule: a thousand counted steps */
    uint64_t recent_us; /* the same, halved every ten seconds */
};

struct top {
    struct top_entry items[TOP_N_KINDS][TOP_MAX];
    size_t n[TOP_N_KINDS];
};

struct top_cost {
    uint64_t n;
    uint64_t bytes;
    uint64_t us;
};

void top_count(struct top *t, enum top_kind kind, struct ov_span name,
               const struct top_cost *cost);

/* Every ten seconds. */
void top_age(struct top *t);

/* {"processes":[{"name":...,"n":1,"bytes":2,"us":3,"recent_us":4},...], ...}:
 * the dearest first. */
void top_put_json(struct ov_buf *b, struct top *t,
                  const struct ov_wire_guard_counts *guard);
