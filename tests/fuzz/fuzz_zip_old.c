/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/zip_old.h"
#include "fuzz.h"

/* The first byte chooses the method and its flags. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_budget budget = ov_budget_default();
    OV_AUTO_DONE(buf) into = ov_buf_with_max((size_t)1 << 20);
    struct ov_span in;

    if (len == 0)
        return 0;
    in = ov_span_of(data + 1, len - 1);
    if (data[0] & 1)
        (void)!ov_inflate64(in, &budget, &into);
    else
        (void)!ov_explode(in, data[0], (size_t)1 << 16, &budget, &into);
    FUZZ_CHECK(into.len <= into.max);
    FUZZ_CHECK(budget.spent[OV_COST_BYTES] == into.len);
    return 0;
}
