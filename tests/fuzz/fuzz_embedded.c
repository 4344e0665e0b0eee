/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/embedded.h"
#include "fuzz.h"

/* What is found lies inside, in order, and does not overlap. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_embedded e[OV_EMBEDDED_MAX];
    uint64_t end = 1;
    size_t n = 0;

    FUZZ_CHECK(ov_type_embedded(ov_span_of(data, len), &budget, e, &n) ==
               OV_OK);
    FUZZ_CHECK(n <= OV_EMBEDDED_MAX);
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK(e[i].at >= end && e[i].at < len &&
                   e[i].len <= len - e[i].at);
        end = e[i].at + e[i].len;
    }
    return 0;
}
