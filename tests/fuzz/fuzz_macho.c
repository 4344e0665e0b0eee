/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/macho.h"
#include "fuzz_facts.h"
#include "fuzz_module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span bytes = ov_span_of(data, len);
    uint32_t n = ov_macho_n_arches(bytes);

    fuzz_facts(OV_TYPE_MACHO, bytes);
    for (uint32_t i = 0; i <= n; i++) {
        struct ov_extent e;

        if (ov_macho_fat_arch(bytes, i, &e))
            FUZZ_CHECK(i < n && e.at < len && e.len <= len - e.at);
    }
    fuzz_module("macho", bytes);
    return 0;
}
