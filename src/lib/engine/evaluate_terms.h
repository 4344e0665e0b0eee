/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/evaluate.h"

/* How often each term of a rule matched. Patterns were counted by the matcher;
 * the other kinds are worked out here, on the first request. */
struct ov_terms {
    const struct ov_evaluation *e;
    const struct ov_rule_view *rule;
    const struct ov_term *terms; /* NULL if all are patterns */
    unsigned n_nested;           /* triggers being worked out */

    struct ov_term_state {
        bool is_known;
        bool is_busy; /* being worked out: a trigger that needs itself */
        uint64_t count;
        const struct ov_hit *hit; /* of a pattern */
    } * states;
};

OV_MUST_USE enum ov_status ov_terms_init(const struct ov_evaluation *e,
                                         const struct ov_rule_view *rule,
                                         struct ov_terms *ret);

/* How often term i matched. OV_MALFORMED if there is no such term. */
OV_MUST_USE enum ov_status ov_terms_count(struct ov_terms *t, uint64_t i,
                                          uint64_t *ret);

/* Whether the count of term i may be too high: see struct ov_hit. */
bool ov_terms_is_unsure(const struct ov_terms *t, uint64_t i);

/* Runs condition bytecode over the terms; an empty one asks for every term.
 * In evaluate.c; here because a PCRE's trigger is a condition too. */
OV_MUST_USE enum ov_status ov_condition_run(struct ov_terms *t,
                                            struct ov_span code,
                                            struct ov_evaluation_result *ret);

/* How often a PCRE term matches the view; its place is resolved. */
OV_MUST_USE enum ov_status ov_regex_term_count(const struct ov_evaluation *e,
                                               const struct ov_regex *regex,
                                               uint64_t *ret);
