/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_module("crx", ov_span_of(data, len));
    return 0;
}
