/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/facts.h"
#include "modules/module.h"
#include "rules/condition_yara.h"
#include "rules/yara_parser.h"

/* A condition while it is read: yara_condition.c moves through the tokens,
 * yara_postfix.c reads names and what follows them, yara_loops.c "of", "for"
 * and "with"; yara_values.c knows types and emits code. */

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

enum ov_yara_kind {
    OV_YARA_IS_INTEGER,
    OV_YARA_IS_FLOAT,
    OV_YARA_IS_TEXT,
    OV_YARA_IS_REGEX,
    OV_YARA_IS_TRUTH,
    OV_YARA_IS_STRUCTURE,
    OV_YARA_IS_ARRAY,
    OV_YARA_IS_DICTIONARY,
    OV_YARA_IS_FUNCTION,
};

struct ov_yara_type {
    enum ov_yara_kind kind;
    enum ov_yara_kind item;        /* ARRAY, DICTIONARY */
    const struct ov_structure *of; /* STRUCTURE, or items that are */
    const struct ov_field *field;  /* FUNCTION */
    uint32_t place;                /* FUNCTION: in its structure */
};

struct ov_yara_value {
    struct ov_yara_type type;
    bool needs;       /* without a match: not true, or undefined */
    bool is_count;    /* without a match: 0 */
    bool is_constant; /* then number is its value */
    bool is_literal;  /* a text that was written here */
    int64_t number;
    bool is_size;               /* filesize */
    uint8_t head_how;           /* INTEGER that is read at 0: enum ov_read_as */
    bool has_guard;             /* else it may be true for any object */
    struct ov_guard guard;      /* TRUTH: what must be so for it to be true */
    size_t at;                  /* where its code begins */
    struct ov_yara_token token; /* for errors */
};

enum ov_pending_kind {
    OV_PENDING_BINARY,
    OV_PENDING_UNARY,
    OV_PENDING_AT,         /* $a at ... */
    OV_PENDING_GROUP,      /* ( ... ) */
    OV_PENDING_READ,       /* uint8( ... ) */
    OV_PENDING_INDEX,      /* @a[ ... ] */
    OV_PENDING_ITEM,       /* pe.sections[ ... ] */
    OV_PENDING_CALL,       /* pe.exports( ... , ... ) */
    OV_PENDING_IN,         /* $a in ( ... .. ... ) */
    OV_PENDING_QUANTIFIER, /* for ... of */
    OV_PENDING_ROUNDS,     /* for any i in ( ... .. ... ) or ( ... , ... ) */
    OV_PENDING_ITEMS,      /* for any i in pe.sections : */
    OV_PENDING_WITH,       /* with a = ... , or : */
    OV_PENDING_BODY,       /* for any of them : ( ... ) */
    OV_PENDING_TRUTHS,     /* 2 of ( ... , ... ) */
};

struct ov_yara_pending {
    enum ov_pending_kind kind;
    uint8_t precedence;
    uint8_t op; /* to emit when it is complete */
    uint64_t operand;
    size_t at;         /* BINARY: where the code of the right side begins */
    bool is_of;        /* AT, IN: of the set before it, whose loop is open */
    bool is_second;    /* IN, ROUNDS: behind ".." */
    uint32_t n_items;  /* ROUNDS, CALL: behind how many commas; BODY: values
                          that the loop takes away */
    uint32_t n_bodies; /* BODY: loops that end with it */
    enum ov_quantifier quantifier;
    struct ov_yara_tally tally; /* TRUTHS: of those before */
    struct ov_span variables[2];
    uint32_t n_variables;
    struct ov_yara_token token;
};

struct ov_yara_loop {
    bool is_over_terms; /* "$" is the current one... */
    bool is_hidden;     /* ...but not for what is written at this place */
};

struct ov_yara_variable {
    struct ov_span name;
    size_t loop; /* 1: of the outermost */
    uint8_t op;  /* that gives its value */
    struct ov_yara_type type;
};

struct ov_yara_condition {
    struct ov_yara_parser *p;
    struct ov_yara_value values[OV_YARA_VALUES_MAX];
    size_t n_values;
    struct ov_yara_pending pending[OV_YARA_PENDING_MAX];
    size_t n_pending;
    struct ov_yara_loop loops[OV_YARA_LOOPS_MAX];
    size_t n_loops;
    struct ov_yara_variable variables[2 * OV_YARA_LOOPS_MAX];
    size_t n_variables;
    size_t n_held; /* values on the machine's stack that loops hold */
    bool wants_value;
    bool is_done;
};

enum ov_status ov_yara_fail_at(struct ov_yara_condition *c,
                               const struct ov_yara_token *t, const char *why);

/* It is asked where the matches of a string are: of the one with this operand,
 * or, with 0, of any that a loop goes over. */
void ov_yara_ask_places(struct ov_yara_condition *c, uint64_t operand);

/* ---- yara_values.c ---- */

void ov_yara_emit(struct ov_yara_condition *c, uint8_t op);
void ov_yara_emit_with(struct ov_yara_condition *c, uint8_t op,
                       uint64_t operand);

/* Where the code that comes next begins. */
size_t ov_yara_here(const struct ov_yara_condition *c);

static inline struct ov_yara_type ov_yara_type_of(enum ov_yara_kind kind)
{
    return (struct ov_yara_type){.kind = kind};
}

/* The types of a field of a module, and of the items of an array or
 * dictionary. */
struct ov_yara_type ov_yara_type_of_field(const struct ov_structure *s,
                                          uint32_t place);
struct ov_yara_type ov_yara_type_of_item(const struct ov_yara_type *type);

struct ov_yara_type ov_yara_type_of_result(const struct ov_function *form);

/* Sees to it that the machine can hold so many values and loops more. */
OV_MUST_USE enum ov_status ov_yara_reserve(struct ov_yara_condition *c,
                                           size_t n_values, size_t n_loops,
                                           const struct ov_yara_token *t);

/* A value that the code emitted last leaves on the machine's stack. */
OV_MUST_USE enum ov_status ov_yara_push(struct ov_yara_condition *c,
                                        struct ov_yara_value v);

/* Takes the last value; the parser sees to it that there is one. */
struct ov_yara_value ov_yara_pop(struct ov_yara_condition *c);

/* Takes the last value, which must be of this kind. */
OV_MUST_USE enum ov_status ov_yara_pop_kind(struct ov_yara_condition *c,
                                            enum ov_yara_kind kind,
                                            struct ov_yara_value *ret);

/* Takes the last value as a truth: a number is true unless it is 0, a text
 * unless it is empty. */
OV_MUST_USE enum ov_status ov_yara_pop_truth(struct ov_yara_condition *c,
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

/* The value that so many rules of a set hold, which have been counted. */
OV_MUST_USE enum ov_status ov_yara_end_tally(struct ov_yara_condition *c,
                                             enum ov_quantifier quantifier,
                                             const struct ov_yara_tally *tally,
                                             const struct ov_yara_token *t);

/* Emits the test of a string at or in places that have been emitted. */
OV_MUST_USE enum ov_status
ov_yara_apply_place(struct ov_yara_condition *c,
                    const struct ov_yara_pending *what);

/* Completes operators that bind at least as tight as precedence, back to the
 * innermost bracket. */
OV_MUST_USE enum ov_status ov_yara_reduce(struct ov_yara_condition *c,
                                          uint8_t precedence);

/* ---- yara_guard.c ---- */

/* The guard that any object fits; of what holds if both hold, or one. */
struct ov_guard ov_yara_guard_any(void);
struct ov_guard ov_yara_guard_both(struct ov_guard a, struct ov_guard b);
struct ov_guard ov_yara_guard_either(struct ov_guard a, struct ov_guard b);

/* The comparison that holds for (b, a) where op holds for (a, b); others stay
 * as they are (yara_values.c). */
uint8_t ov_yara_mirrored(uint8_t op);

/* Of a comparison: enum ov_cond. */
struct ov_guard ov_yara_guard_of(uint8_t op, const struct ov_yara_value *left,
                                 const struct ov_yara_value *right);
bool ov_yara_guard_is_any(const struct ov_guard *g);

/* ---- yara_postfix.c ---- */

/* A name where a value is expected: a variable, a module, a rule... */
OV_MUST_USE enum ov_status ov_yara_read_name(struct ov_yara_condition *c);

/* ".", "[" or "(" behind a value. */
OV_MUST_USE enum ov_status ov_yara_step_postfix(struct ov_yara_condition *c);

/* The index or arguments of what, which was closed, are the last values. */
OV_MUST_USE enum ov_status
ov_yara_close_item(struct ov_yara_condition *c,
                   const struct ov_yara_pending *what);
OV_MUST_USE enum ov_status
ov_yara_close_call(struct ov_yara_condition *c,
                   const struct ov_yara_pending *what);

/* Emits the condition of another rule. */
OV_MUST_USE enum ov_status ov_yara_use_rule(struct ov_yara_condition *c,
                                            const struct ov_yara_rule *rule,
                                            const struct ov_yara_token *t);

/* ---- yara_rule_sets.c ---- */

/* What kind of set comes next. */
enum ov_yara_set_kind {
    OV_YARA_SET_STRINGS, /* "them", "($a, $b*)" */
    OV_YARA_SET_RULES,   /* "(rule, rule*)" */
    OV_YARA_SET_TRUTHS,  /* "(filesize > 3, $a and $b)" */
};
enum ov_yara_set_kind ov_yara_set_kind(const struct ov_yara_parser *p);

/* "(" of a set of truths, what is before a "," in it, and ")". */
OV_MUST_USE enum ov_status ov_yara_open_truths(struct ov_yara_condition *c,
                                               struct ov_yara_pending what);
OV_MUST_USE enum ov_status ov_yara_step_truth(struct ov_yara_condition *c,
                                              struct ov_yara_pending *what);
OV_MUST_USE enum ov_status ov_yara_close_truths(struct ov_yara_condition *c,
                                                struct ov_yara_pending what);

/* "(rule, rule*)": emits their conditions and counts those that hold. */
OV_MUST_USE enum ov_status ov_yara_read_rule_set(struct ov_yara_condition *c,
                                                 struct ov_yara_tally *tally);

/* ---- yara_loops.c ---- */

/* "for", "any of", "with", where a value is expected. */
OV_MUST_USE enum ov_status ov_yara_read_for(struct ov_yara_condition *c);
OV_MUST_USE enum ov_status ov_yara_read_quantified(struct ov_yara_condition *c);

/* Behind "with". */
OV_MUST_USE enum ov_status ov_yara_read_with(struct ov_yara_condition *c);

/* "of" behind a number, or behind a number and "%"; the variable of a loop
 * behind its number; what ends "(1..3)" or "pe.sections" of a loop. */
OV_MUST_USE enum ov_status ov_yara_step_of(struct ov_yara_condition *c,
                                           bool is_percent);
OV_MUST_USE enum ov_status ov_yara_step_variable(struct ov_yara_condition *c);
OV_MUST_USE enum ov_status ov_yara_close_rounds(struct ov_yara_condition *c,
                                                struct ov_yara_pending what);
OV_MUST_USE enum ov_status ov_yara_step_colon(struct ov_yara_condition *c);
OV_MUST_USE enum ov_status ov_yara_close_body(struct ov_yara_condition *c,
                                              struct ov_yara_pending what);
OV_MUST_USE enum ov_status ov_yara_step_with(struct ov_yara_condition *c);
