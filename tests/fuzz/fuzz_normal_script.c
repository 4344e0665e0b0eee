/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/normal_script.h"
#include "fuzz.h"

/* A view is never much longer than its script. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_budget budget = ov_budget_default();
    OV_AUTO_DONE(buf) into = ov_buf_with_max((size_t)1 << 24);

    if (ov_normal_script(ov_span_of(data, len), &budget, &into) == OV_OK)
        FUZZ_CHECK(into.len <= 12 * len + 20);
    return 0;
}
