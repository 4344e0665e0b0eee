/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "rules/yara_parser.h"

/* A rule that refers to another one gets that one's condition and terms put
 * into its own: the evaluator knows nothing of references, global or private
 * rules. The terms come once per rule referred to, the code each time; its
 * operands that name terms are moved by the place where the terms went. The
 * size of the code is bounded by OV_YARA_CODE_MAX, and with it what chains of
 * references can grow to. */

static const uint8_t n_operands[] = {
#define OV_COND(id, word, n) n,
#include "rules/condition.def"
#undef OV_COND
};

/* By how much the first operand of op has to move. */
static uint64_t shift_of(uint8_t op, uint64_t operand, uint32_t first_term)
{
    switch (op) {
    case OV_COND_FOUND:
    case OV_COND_FOUND_AT:
    case OV_COND_FOUND_IN:
    case OV_COND_MATCHES:
    case OV_COND_MATCHES_IN:
    case OV_COND_OFFSET:
    case OV_COND_LENGTH:
        return operand == 0 ? 0 : first_term;
    case OV_COND_TERMS:
        return first_term;
    default:
        return 0;
    }
}

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
    struct ov_reader code = ov_reader_over(rule->code);
    uint32_t first_term = 0;

    OV_TRY(add_terms(p, rule, &first_term));
    while (ov_reader_more(&code)) {
        uint8_t op = ov_read_u8(&code);

        ov_put_u8(&p->code, op);
        for (uint8_t i = 0; i < n_operands[op]; i++) {
            uint64_t operand = ov_read_varint(&code);

            if (i == 0)
                operand += shift_of(op, operand, first_term);
            ov_put_varint(&p->code, operand);
        }
    }
    return ov_reader_end(&code);
}
