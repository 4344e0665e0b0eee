/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_facts.h"
#include "fuzz_module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_facts(OV_TYPE_ELF, ov_span_of(data, len));
    fuzz_module("elf", ov_span_of(data, len));
    return 0;
}
