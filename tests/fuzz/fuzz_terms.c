/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "fuzz_scan.h"
#include "rules/condition.h"
#include "rules/terms.h"

/* Any terms, as they lie in an image, in a rule that asks for any of them: what
 * no compiler writes must be refused or come to nothing, in time. The input:
 * how often a text stands in the file, then the terms. Patterns are read as
 * places of one fixed pattern. */
#define MAX_TERMS 8
#define MAX_TEXTS 64

static const struct ov_cell cells[] = {
    {.kind = OV_CELL_BYTE, .value = 'a', .mask = 0xff},
    {.kind = OV_CELL_BYTE, .value = 'b', .mask = 0xff},
};

static bool read_terms(struct ov_reader *r, struct ov_term *terms,
                       uint32_t *ret_n)
{
    uint32_t n = 0;

    while (n < MAX_TERMS && ov_reader_more(r)) {
        ov_terms_read(r, &terms[n]);
        if (terms[n].kind == OV_TERM_PATTERN) {
            terms[n].pattern.cells = cells;
            terms[n].pattern.n_cells = 2;
        }
        n++;
    }
    *ret_n = n;
    return ov_reader_status(r) == OV_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_reader r = ov_reader_over(ov_span_of(data, len));
    uint8_t n_texts = ov_read_u8(&r) % MAX_TEXTS;
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(1 << 16);
    OV_AUTO(part) part = ov_part_new(0);
    OV_AUTO_DONE(buf) code = ov_buf_with_max(1 << 10);
    struct ov_term terms[MAX_TERMS];
    struct ov_rule *rule;

    FUZZ_CHECK(part != NULL);
    rule = ov_part_add(&part->rules);
    FUZZ_CHECK(rule != NULL);
    if (!read_terms(&r, terms, &rule->n_terms))
        return 0;
    rule->name = OV_SPAN_LIT("r");
    rule->flags = OV_RULE_ALWAYS;
    rule->targets = UINT32_MAX;
    rule->terms = terms;
    for (uint32_t i = 0; i < rule->n_terms; i++)
        ov_cond_put1(&code, OV_COND_TERM, i);
    ov_cond_put1(&code, OV_COND_ANY, rule->n_terms);
    rule->condition = ov_buf_span(&code);
    for (uint8_t i = 0; i < n_texts; i++)
        ov_put_str(&bytes, "abc=0x1F .ab\x01\x02 ");
    fuzz_scan_part(part, OV_SPAN_LIT(""), ov_buf_span(&bytes));
    return 0;
}
