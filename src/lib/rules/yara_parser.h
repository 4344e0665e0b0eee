/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/condition.h"
#include "rules/ruleset.h"
#include "rules/yara.h"
#include "rules/yara_lex.h"
#include "rules/yara_names.h"

/* What the files of YARA's parser share: yara.c reads rules, yara_strings.c
 * their strings, yara_condition.c their conditions (with yara_sets.c), and
 * yara_refer.c puts one rule's condition into another's. */

#define OV_YARA_STRINGS_MAX 10000
#define OV_YARA_CODE_MAX ((size_t)256 << 10)
#define OV_YARA_ALL_CODE_MAX ((size_t)256 << 20)

struct ov_yara_string {
    struct ov_span name;        /* without "$"; empty if it has none */
    struct ov_yara_token token; /* for errors */
    uint8_t form;               /* enum ov_term_form, or-ed */
    bool is_used;
};

/* A rule that was read; what others may refer to. */
struct ov_yara_rule {
    struct ov_span name;
    unsigned line;
    uint32_t source; /* as in struct ov_rule */
    uint32_t flags;  /* enum ov_rule_flag */
    bool is_global;
    bool is_private;
    bool is_skipped;  /* not taken; referring to it is not possible */
    bool needs_match; /* cannot hold unless one of its strings was found */
    bool is_costly;   /* it asks a module or loops */
    struct ov_guard guard;
    struct ov_span code;
    size_t max_values; /* that its code has on the machine's stack */
    size_t max_loops;
    const struct ov_term *terms;
    uint32_t n_terms;
    const struct ov_span *term_names;
    const uint8_t *term_forms;
    uint32_t n_term_names;
    const struct ov_rule_note *notes;
    uint32_t n_notes;
};

/* A set of conditions, of which the machine counts those that hold. */
struct ov_yara_tally {
    uint64_t n;
    bool some_needs; /* struct ov_yara_rule, needs_match */
    bool all_need;
};

/* A rule whose terms were added to those of the rule being read. */
struct ov_yara_use {
    const struct ov_yara_rule *rule; /* only compared */
    uint32_t first_term;
};

#define OV_YARA_INCLUDES_MAX 16
#define OV_YARA_INCLUDED_MAX ((uint64_t)256 << 20)

/* A file whose reading was interrupted by an include. */
struct ov_yara_open_file {
    struct ov_yara_lexer lexer;
    uint32_t source;
};

struct ov_yara_parser {
    const struct ov_yara_options *options;
    struct ov_yara_lexer lexer;
    uint32_t source; /* that the lexer reads */
    struct ov_yara_open_file files[OV_YARA_INCLUDES_MAX];
    size_t n_files;
    uint64_t n_included; /* bytes of files that were included, and a few more */
    OV_LIST(uint32_t, inclusions); /* of each source */
    struct ov_yara_token token;    /* the next one */
    struct ov_yara_fault fault;
    struct ov_part *part;
    OV_LIST(struct ov_yara_rule, rules);
    struct ov_yara_names rule_names;
    OV_LIST(uint32_t, globals);         /* rules that concern all others */
    uint64_t imports;                   /* bit i: module i */
    OV_LIST(struct ov_span, wildcards); /* of sets of rules: no rule below may
                                           begin like this */
    size_t code_left; /* bytes that all rules together may have */
    /* of the rule being read: */
    struct ov_span rule_name;
    OV_LIST(struct ov_yara_string, strings); /* terms 0 to n - 1 */
    struct ov_yara_names string_names;
    OV_LIST(struct ov_term, terms);
    OV_LIST(struct ov_yara_use, uses);
    OV_LIST(struct ov_rule_note, notes); /* tags and meta data */
    struct ov_buf code;
    bool needs_match;
    bool is_costly;
    struct ov_guard guard;
    size_t max_values;
    size_t max_loops;
};

/* ---- yara.c ---- */

/* Passes over the next token. */
OV_MUST_USE enum ov_status ov_yara_next(struct ov_yara_parser *p);

/* Passes over the next token if it is of this kind, else OV_MALFORMED. */
OV_MUST_USE enum ov_status ov_yara_expect(struct ov_yara_parser *p,
                                          enum ov_yara_token_kind kind);

/* The fault at the next token. */
enum ov_status ov_yara_fail(struct ov_yara_parser *p, enum ov_status status,
                            const char *why);

/* Notes what yara warns about in the rule being read: a text that stays, or one
 * about its string. */
OV_MUST_USE enum ov_status ov_yara_warn(struct ov_yara_parser *p, uint32_t line,
                                        struct ov_span text);
OV_MUST_USE enum ov_status
ov_yara_warn_of_string(struct ov_yara_parser *p,
                       const struct ov_yara_token *name,
                       const struct ov_pattern *pattern);

/* The rule of this name that was read before, or NULL. */
const struct ov_yara_rule *ov_yara_find_rule(const struct ov_yara_parser *p,
                                             struct ov_span name);

/* ---- yara_include.c ---- */

/* Behind "include": goes on with the file that is meant. */
OV_MUST_USE enum ov_status ov_yara_include(struct ov_yara_parser *p);

/* At the end of a file: goes on behind the include that led to it, or with the
 * next file of the namespace. False if there is none. */
bool ov_yara_leave_file(struct ov_yara_parser *p);

/* ---- yara_strings.c ---- */

/* Behind "strings:". */
OV_MUST_USE enum ov_status ov_yara_read_strings(struct ov_yara_parser *p);

/* ---- yara_condition.c ---- */

/* Behind "condition:", up to what cannot continue it: fills code and
 * needs_match. */
OV_MUST_USE enum ov_status ov_yara_read_condition(struct ov_yara_parser *p);

/* ---- yara_sets.c ---- */

/* The index of a string; OV_MALFORMED with a fault if there is none. */
OV_MUST_USE enum ov_status ov_yara_find_string(struct ov_yara_parser *p,
                                               const struct ov_yara_token *t,
                                               uint32_t *ret);

/* "them" or "($a, $b*)": appends a loop over those strings to the code. */
OV_MUST_USE enum ov_status ov_yara_read_set(struct ov_yara_parser *p);

/* ---- yara_postfix.c ---- */

/* Whether YARA has a module of this name, be it here or not. */
bool ov_yara_is_module(struct ov_span name);

/* ---- yara_refer.c ---- */

/* Appends the condition of an earlier rule to the code, and its terms (once)
 * to the terms. */
OV_MUST_USE enum ov_status ov_yara_refer(struct ov_yara_parser *p,
                                         const struct ov_yara_rule *rule);
