/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_members.h"

/* The first byte chooses the type, what follows is the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const enum ov_type types[] = {
        OV_TYPE_TAR,  OV_TYPE_CPIO_OLD, OV_TYPE_CPIO_ODC, OV_TYPE_CPIO_NEWC,
        OV_TYPE_AR,   OV_TYPE_RPM,      OV_TYPE_7Z,       OV_TYPE_RAR,
        OV_TYPE_CAB,  OV_TYPE_ISO9660,  OV_TYPE_XAR,      OV_TYPE_LHA,
        OV_TYPE_WARC, OV_TYPE_LZ4,      OV_TYPE_COMPRESS};

    if (len > 0)
        fuzz_members(types[data[0] % (sizeof(types) / sizeof(*types))],
                     ov_span_of(data + 1, len - 1));
    return 0;
}
