/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/facts.h"
#include "rules/condition_yara.h"
#include "rules/yara_parser.h"

/* A condition while it is read: yara_condition.c moves through the tokens,
 * yara_values.c knows types and emits code. */

#define OV_YARA_VALUES_MAX 96
#define OV_YARA_PENDING_MAX 256
#define OV_YARA_LOOPS_MAX 8 /* in one rule */

/* What binds how tight; unary operators and brackets aside. */
enum ov_precedence {
    OV_PREC_OR = 1,
    OV_PREC_AND,
    OV_PREC_NOT,
    OV_PREC_EQUAL,
    OV_PREC_ORDER,
    OV_PREC_AT,
    OV_PREC_BIT_OR,
    OV_PREC_BIT_XOR,
    OV_PREC_BIT_AND,
    OV_PREC_SHIFT,
    OV_PREC_ADD,
    OV_PREC_MULTIPLY,
    OV_PREC_UNARY,
};

struct ov_yara_value {
    bool is_truth;    /* a boolean; else an integer */
    bool needs;       /* without a match: not true, or undefined */
    bool is_count;    /* without a match: 0 */
    bool is_constant; /* then number is its value */
    int64_t number;
    struct ov_yara_token token; /* for errors */
};

enum ov_pending_kind {
    OV_PENDING_BINARY,
    OV_PENDING_UNARY,
    OV_PENDING_AT,         /* $a at ... */
    OV_PENDING_GROUP,      /* ( ... ) */
    OV_PENDING_READ,       /* uint8( ... ) */
    OV_PENDING_INDEX,      /* @a[ ... ] */
    OV_PENDING_IN,         /* $a in ( ... .. ... ) */
    OV_PENDING_QUANTIFIER, /* for ... of */
    OV_PENDING_ROUNDS,     /* for any i in ( ... .. ... ) or ( ... , ... ) */
    OV_PENDING_BODY,       /* for any of them : ( ... ) */
};

struct ov_yara_pending {
    enum ov_pending_kind kind;
    uint8_t precedence;
    uint8_t op; /* to emit when it is complete */
    uint64_t operand;
    bool is_of;       /* AT, IN: of the set before it, whose loop is open */
    bool is_second;   /* IN, ROUNDS: behind ".." */
    uint32_t n_items; /* ROUNDS, BODY: values that the loop takes away */
    enum ov_quantifier quantifier;
    struct ov_span variable;
    struct ov_yara_token token;
};

struct ov_yara_loop {
    bool is_over_terms; /* "$" is the current one... */
    bool is_hidden;     /* ...but not for what is written at this place */
    struct ov_span variable;
};

struct ov_yara_condition {
    struct ov_yara_parser *p;
    struct ov_yara_value values[OV_YARA_VALUES_MAX];
    size_t n_values;
    struct ov_yara_pending pending[OV_YARA_PENDING_MAX];
    size_t n_pending;
    struct ov_yara_loop loops[OV_YARA_LOOPS_MAX];
    size_t n_loops;
    size_t n_held; /* values on the machine's stack that loops hold */
    bool wants_value;
    bool is_done;
};

enum ov_status ov_yara_fail_at(struct ov_yara_condition *c,
                               const struct ov_yara_token *t, const char *why);

void ov_yara_emit(struct ov_yara_condition *c, uint8_t op);
void ov_yara_emit_with(struct ov_yara_condition *c, uint8_t op,
                       uint64_t operand);

/* A value that the code emitted last leaves on the machine's stack. */
OV_MUST_USE enum ov_status ov_yara_push(struct ov_yara_condition *c,
                                        struct ov_yara_value v);

/* Takes the last value, which must be an integer. */
OV_MUST_USE enum ov_status ov_yara_pop_integer(struct ov_yara_condition *c,
                                               struct ov_yara_value *ret);

/* Lets something wait; a value is to come next. */
OV_MUST_USE enum ov_status ov_yara_open(struct ov_yara_condition *c,
                                        struct ov_yara_pending what);

/* What waits innermost, or NULL. */
struct ov_yara_pending *ov_yara_top(struct ov_yara_condition *c);

/* One loop deeper. OV_MALFORMED if there are too many. */
OV_MUST_USE enum ov_status ov_yara_enter(struct ov_yara_condition *c,
                                         struct ov_yara_loop loop,
                                         const struct ov_yara_token *t);

/* Ends a loop in the code, whose round's truth is the last value, and which
 * held n_held values. */
OV_MUST_USE enum ov_status ov_yara_end_loop(struct ov_yara_condition *c,
                                            enum ov_quantifier quantifier,
                                            uint32_t n_held);

/* Emits the test of a string at or in places that have been emitted. */
OV_MUST_USE enum ov_status
ov_yara_apply_place(struct ov_yara_condition *c,
                    const struct ov_yara_pending *what);

/* Completes operators that bind at least as tight as precedence, back to the
 * innermost bracket. */
OV_MUST_USE enum ov_status ov_yara_reduce(struct ov_yara_condition *c,
                                          uint8_t precedence);
