/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_scan.h"

/* Any bytes as a condition's code, in a rule of two patterns that both match:
 * the machine must refuse what makes no sense, and end. */

static const struct ov_cell cells[] = {
    {.kind = OV_CELL_BYTE, .value = 'a', .mask = 0xff},
    {.kind = OV_CELL_BYTE, .value = 'b', .mask = 0xff},
    {.kind = OV_CELL_BYTE, .value = 'c', .mask = 0xff},
    {.kind = OV_CELL_BYTE, .value = 'd', .mask = 0xff},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct ov_term terms[] = {
        {.kind = OV_TERM_PATTERN, .pattern = {.cells = cells, .n_cells = 4}},
        {.kind = OV_TERM_PATTERN,
         .pattern = {.cells = cells + 1, .n_cells = 3}},
    };
    struct ov_span input = ov_span_of(data, len);
    OV_AUTO(part) part = ov_part_new(0);
    struct ov_rule *rule;

    FUZZ_CHECK(part != NULL);
    rule = ov_part_add(&part->rules);
    FUZZ_CHECK(rule != NULL);
    rule->name = OV_SPAN_LIT("r");
    rule->flags = OV_RULE_ALWAYS | OV_RULE_RAW_VIEW;
    rule->targets = UINT32_MAX;
    rule->terms = terms;
    rule->n_terms = 2;
    rule->condition = input;
    fuzz_scan_part(part, OV_SPAN_LIT(""),
                   OV_SPAN_LIT("abcd..bcd....abcd\x01\x02\x03\xff"));
    return 0;
}
