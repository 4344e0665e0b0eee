/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/textcodec.h"
#include "fuzz.h"

/* The first byte chooses the codec. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_budget budget = ov_budget_default();
    OV_AUTO_DONE(buf) into = ov_buf_with_max((size_t)1 << 20);
    enum ov_textcodec codec;

    if (len == 0)
        return 0;
    codec = (enum ov_textcodec)(data[0] % OV_N_TEXTCODECS);
    (void)!ov_decode_text(codec, ov_span_of(data + 1, len - 1), &budget, &into);
    FUZZ_CHECK(into.len <= into.max);
    FUZZ_CHECK(budget.spent[OV_COST_BYTES] == into.len);
    return 0;
}
