/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/dex.h"
#include "fuzz_module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span bytes = ov_span_of(data, len);
    struct ov_span text;
    struct ov_dex d;
    uint32_t size;

    if (ov_dex_open(bytes, &d)) {
        for (uint64_t i = 0; i < d.n[OV_DEX_STRINGS] && i < 1000; i++)
            FUZZ_CHECK(!ov_dex_string(&d, i, &size, &text) || text.len == size);
    }
    fuzz_module("dex", bytes);
    return 0;
}
