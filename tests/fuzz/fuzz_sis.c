/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_members.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_members(OV_TYPE_SIS, ov_span_of(data, len));
    return 0;
}
