/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/reader.h"
#include "engine/evaluate_terms.h"
#include "rules/condition.h"
#include "rules/condition_yara.h"

/* The stack machine that runs conditions: evaluate.c has the operations that
 * ClamAV needs, evaluate_yara.c what YARA adds about numbers and strings,
 * evaluate_text.c about texts, evaluate_module.c about modules, and
 * evaluate_loop.c loops. */

enum ov_value_kind {
    OV_VALUE_UNDEFINED,
    OV_VALUE_INT,
    OV_VALUE_FLOAT,
    OV_VALUE_BOOL,
    OV_VALUE_TEXT,
    OV_VALUE_REGEX,
    OV_VALUE_STRUCTURE,
    OV_VALUE_ARRAY,
    OV_VALUE_DICTIONARY,
    OV_VALUE_GROUP,
};

/* Part of a module's values, and what its fields or items are. */
struct ov_part_of_module {
    union {
        const struct ov_datum *fields; /* STRUCTURE */
        const struct ov_items *items;  /* ARRAY, DICTIONARY */
    };

    const struct ov_structure *of; /* NULL: items that are no structures */
    struct ov_module_run *run;
};

/* A group's terms: how often they matched, and which did. */
struct ov_group {
    uint64_t count;
    uint64_t distinct; /* bit per term; terms beyond 63 share the last */
};

struct ov_value {
    enum ov_value_kind kind;
    bool is_true;   /* BOOL, GROUP */
    bool is_joined; /* GROUP: of several terms */
    bool is_unsure; /* GROUP: the count may be too high */

    union {
        int64_t number;      /* INT */
        double real;         /* FLOAT */
        struct ov_span text; /* TEXT; REGEX: compiled */
        struct ov_group group;
        struct ov_part_of_module part;
    };
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
    struct ov_value over;  /* ITEMS: an array or dictionary */
    uint64_t term;         /* TERMS: of this round */
    uint64_t n_terms_left; /* TERMS: in this range, behind that one */
    uint64_t n_ranges_left;
    size_t next_range; /* where the next range is in the code */
};

/* Strings whose match that was asked for last is known. */
#define OV_MACHINE_LAST 4

struct ov_machine {
    struct ov_terms *terms;
    struct ov_reader code;
    struct ov_value stack[OV_COND_STACK_MAX];
    size_t depth;
    uint64_t first_term; /* what term 1 of the operations means */
    struct ov_loop loops[OV_LOOPS_MAX];
    size_t n_loops;

    /* The matches that were asked for last: loops ask for one after the other,
     * of one string or of several. */
    struct {
        const struct ov_hit *hit;
        const struct ov_match *match;
        uint64_t index;
    } last_match[OV_MACHINE_LAST];

    size_t next_last; /* to be forgotten next */

    struct ov_evaluation_result *result;
    bool is_bad; /* the code makes no sense */
};

void ov_machine_push(struct ov_machine *m, struct ov_value v);
void ov_machine_push_bool(struct ov_machine *m, bool is_true);
void ov_machine_push_int(struct ov_machine *m, int64_t number);
struct ov_value ov_machine_pop(struct ov_machine *m);

static inline struct ov_value ov_value_undefined(void)
{
    return (struct ov_value){.kind = OV_VALUE_UNDEFINED};
}

/* Numbers are true unless they are 0, texts unless they are empty. */
static inline bool ov_value_is_true(struct ov_value v)
{
    switch (v.kind) {
    case OV_VALUE_INT:
        return v.number != 0;
    case OV_VALUE_FLOAT:
        return v.real != 0;
    case OV_VALUE_TEXT:
        return v.text.len > 0;
    case OV_VALUE_BOOL:
    case OV_VALUE_GROUP:
        return v.is_true;
    case OV_VALUE_UNDEFINED:
    case OV_VALUE_REGEX:
    case OV_VALUE_STRUCTURE:
    case OV_VALUE_ARRAY:
    case OV_VALUE_DICTIONARY:
        break;
    }
    return false;
}

/* One operation that YARA adds, but loops. */
OV_MUST_USE enum ov_status ov_machine_run_yara(struct ov_machine *m,
                                               enum ov_cond op);

/* Comparisons and tests of two texts. */
OV_MUST_USE enum ov_status ov_machine_run_text(struct ov_machine *m,
                                               enum ov_cond op);

/* A module's values and functions, and what the user gave. */
OV_MUST_USE enum ov_status ov_machine_run_module(struct ov_machine *m,
                                                 enum ov_cond op);

/* A value of a module, undefined or of any kind but a function. of: what its
 * fields or items are, if they are structures. */
struct ov_value ov_value_of_datum(const struct ov_datum *datum,
                                  const struct ov_structure *of,
                                  struct ov_module_run *run);

/* Whether a loop over n rounds, of which `held` held, is true at its end. k:
 * what the quantifier counts. */
bool ov_quantifier_holds(enum ov_quantifier quantifier, uint64_t n_held,
                         uint64_t n_rounds, struct ov_value k);

/* Begins or ends a loop, or pushes its value. */
OV_MUST_USE enum ov_status ov_machine_run_loop(struct ov_machine *m,
                                               enum ov_cond op);
