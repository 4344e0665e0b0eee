/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_members.h"

/* The first byte chooses the type, what follows is the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const enum ov_type types[] = {OV_TYPE_SZDD, OV_TYPE_CHM};

    if (len > 0)
        fuzz_members(types[data[0] % (sizeof(types) / sizeof(*types))],
                     ov_span_of(data + 1, len - 1));
    return 0;
}
