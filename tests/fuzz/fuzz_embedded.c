/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/embedded.h"
#include "fuzz.h"

/* What is found lies inside, in order, and does not overlap. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_embedded_list list;
    uint64_t end = 1;

    FUZZ_CHECK(ov_type_embedded(ov_span_of(data, len), &budget, &list) ==
               OV_OK);
    FUZZ_CHECK(list.n <= OV_EMBEDDED_MAX);
    for (size_t i = 0; i < list.n; i++) {
        const struct ov_embedded *e = &list.items[i];

        FUZZ_CHECK(e->at >= end && e->at < len && e->len <= len - e->at);
        end = e->at + e->len;
    }
    return 0;
}
