/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_parser.h"

/* A rule that refers to another one gets that one's condition and terms put
 * into its own: the evaluator knows nothing of references, global or private
 * rules. The terms come once per rule referred to, behind the rule's own; the
 * code comes each time, as it is, and the machine is told from where its terms
 * are counted. The size of the code is bounded by OV_YARA_CODE_MAX, and with it
 * what chains of references can grow to. */

static enum ov_status add_terms(struct ov_yara_parser *p,
                                const struct ov_yara_rule *rule,
                                uint32_t *ret_first)
{
    struct ov_yara_use *use;

    for (size_t i = 0; i < p->uses.n; i++) {
        if (p->uses.items[i].rule == rule) {
            *ret_first = p->uses.items[i].first_term;
            return OV_OK;
        }
    }
    if (p->terms.n + rule->n_terms > OV_YARA_STRINGS_MAX)
        return ov_yara_fail(p, OV_UNSUPPORTED,
                            "the rules referred to have too many strings");
    use = ov_part_add(&p->uses);
    if (use == NULL)
        return OV_NO_MEMORY;
    *use = (struct ov_yara_use){rule, (uint32_t)p->terms.n};
    *ret_first = use->first_term;
    for (uint32_t i = 0; i < rule->n_terms; i++) {
        struct ov_term *term = ov_part_add(&p->terms);

        if (term == NULL)
            return OV_NO_MEMORY;
        *term = rule->terms[i];
    }
    return OV_OK;
}

enum ov_status ov_yara_refer(struct ov_yara_parser *p,
                             const struct ov_yara_rule *rule)
{
    uint32_t first_term = 0;

    OV_TRY(add_terms(p, rule, &first_term));
    if (rule->n_terms > 0)
        ov_cond_put1(&p->code, OV_COND_TERMS_FROM, first_term);
    ov_put_span(&p->code, rule->code);
    if (rule->n_terms > 0)
        ov_cond_put1(&p->code, OV_COND_TERMS_BACK, first_term);
    return OV_OK;
}
