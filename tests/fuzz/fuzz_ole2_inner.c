/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ole2_inner.h"
#include "fuzz.h"

/* The first byte chooses the stream's name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char *const names[] = {"\1Ole10Native", "PowerPoint Document",
                                        "Module", "WordDocument", "Workbook"};
    struct ov_budget budget = ov_budget_default();
    struct ov_ole2_inner inner = {0};
    struct ov_span name;
    struct ov_span stream;

    if (len == 0)
        return 0;
    budget.limit[OV_COST_BYTES] = (uint64_t)4 << 20;
    name = ov_span_str(names[data[0] % 5]);
    stream = ov_span_of(data + 1, len - 1);
    (void)!ov_ole2_inner_find(&inner, name, stream, &budget);
    (void)ov_ole2_is_encrypted(name, stream);
    for (size_t i = 0; i < inner.n; i++)
        FUZZ_CHECK(inner.parts[i].bytes.len <= inner.parts[i].bytes.max);
    ov_ole2_inner_done(&inner);
    return 0;
}
