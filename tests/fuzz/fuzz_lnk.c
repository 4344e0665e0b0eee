/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/lnk.h"
#include "fuzz_module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span bytes = ov_span_of(data, len);
    struct ov_lnk l;

    if (ov_lnk_read(bytes, &l) == OV_OK)
        FUZZ_CHECK(l.overlay_at <= len && l.overlay_at >= 0x4c + 4);
    fuzz_module("lnk", bytes);
    return 0;
}
