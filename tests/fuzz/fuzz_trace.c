/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "trust/trace.h"

/* Items follow each other without a gap, and all of them can be added or none
 * can be read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ov_span bytes = ov_span_of(data, size);
    struct ov_trace_reader r = ov_trace_over(bytes, 0);
    struct ov_merkle_stack tree = {0};
    struct ov_trace_item item;
    uint64_t next = 0;
    enum ov_status status;

    while ((status = ov_trace_next(&r, &item)) == OV_OK) {
        if (item.kind == OV_TRACE_LINES)
            continue;
        FUZZ_CHECK(item.index == next);
        FUZZ_CHECK(item.kind == OV_TRACE_NODE || item.level == 0);
        next += UINT64_C(1) << item.level;
    }
    FUZZ_CHECK((ov_trace_add(&tree, bytes) == OV_OK) ==
               (status == OV_NOT_FOUND));
    FUZZ_CHECK(status != OV_NOT_FOUND || tree.size == next);
    return 0;
}
