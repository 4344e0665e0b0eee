/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/recalled.h"

#include "trust/record.h"

bool ov_recalled_next(struct ov_span *rest, struct ov_span *ret)
{
    while (rest->len > 0) {
        (void)ov_span_cut(rest, '\n', ret);
        if (ov_span_equal(ov_line_word(ret), OV_SPAN_LIT("rule")))
            return true;
    }
    return false;
}

bool ov_recalled_find(struct ov_span text, struct ov_span id,
                      struct ov_span *ret)
{
    struct ov_span line;

    while (ov_recalled_next(&text, &line)) {
        if (ov_span_equal(ov_line_word(&line), id)) {
            *ret = line;
            return true;
        }
    }
    return false;
}
