/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/reader.h"
#include "engine/evaluate_terms.h"
#include "rules/condition.h"
#include "rules/condition_yara.h"

/* The stack machine that runs conditions: evaluate.c has the operations that
 * ClamAV needs, evaluate_yara.c those that YARA adds, evaluate_loop.c loops. */

enum ov_value_kind {
    OV_VALUE_UNDEFINED,
    OV_VALUE_INT,
    OV_VALUE_BOOL,
    OV_VALUE_GROUP,
};

struct ov_value {
    enum ov_value_kind kind;
    bool is_true;      /* BOOL, GROUP */
    int64_t number;    /* INT */
    uint64_t count;    /* GROUP */
    uint64_t distinct; /* GROUP: bit per term; terms beyond 63 share the last */
    bool is_joined;    /* GROUP: of several terms */
    bool is_unsure;    /* GROUP: the count may be too high */
};

/* What a loop runs over, and how it stands. */
struct ov_loop {
    enum ov_cond kind;     /* OV_COND_LOOP_... */
    size_t body;           /* where its code begins */
    uint64_t n_rounds;     /* that are over */
    uint64_t n_held;       /* of those that were true */
    int64_t value;         /* RANGE: of this round */
    int64_t last;          /* RANGE */
    size_t first_value;    /* VALUES: on the machine's stack */
    uint64_t n_values;     /* VALUES */
    uint64_t term;         /* TERMS: of this round */
    uint64_t n_terms_left; /* TERMS: in this range, behind that one */
    uint64_t n_ranges_left;
    size_t next_range; /* where the next range is in the code */
};

struct ov_machine {
    struct ov_terms *terms;
    struct ov_reader code;
    struct ov_value stack[OV_COND_STACK_MAX];
    size_t depth;
    struct ov_loop loops[OV_LOOPS_MAX];
    size_t n_loops;

    /* The match that was asked for last: loops ask for one after the other. */
    struct {
        const struct ov_hit *hit;
        const struct ov_match *match;
        uint64_t index;
    } last_match;

    struct ov_evaluation_result *result;
    bool is_bad; /* the code makes no sense */
};

void ov_machine_push(struct ov_machine *m, struct ov_value v);
void ov_machine_push_bool(struct ov_machine *m, bool is_true);
void ov_machine_push_int(struct ov_machine *m, int64_t number);
struct ov_value ov_machine_pop(struct ov_machine *m);

static inline bool ov_value_is_true(struct ov_value v)
{
    if (v.kind == OV_VALUE_INT)
        return v.number != 0;
    return v.kind != OV_VALUE_UNDEFINED && v.is_true;
}

/* One operation that YARA adds, but loops. */
OV_MUST_USE enum ov_status ov_machine_run_yara(struct ov_machine *m,
                                               enum ov_cond op);

/* Begins or ends a loop, or pushes its value. */
OV_MUST_USE enum ov_status ov_machine_run_loop(struct ov_machine *m,
                                               enum ov_cond op);
