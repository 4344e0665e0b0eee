/* SPDX-License-Identifier: Apache-2.0 */
#include <zlib.h>

#include "fuzz_members.h"

#define TABLE_MAX 4096

/* xar archives as they are, and with the bytes up to a NUL as their table and
 * those behind it as their heap, since no change of packed bytes makes another
 * table. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    OV_AUTO_DONE(buf) file = ov_buf_with_max((size_t)1 << 20);
    struct ov_span heap = ov_span_of(data, len);
    static uint8_t packed[2 * TABLE_MAX];
    uLongf n = sizeof(packed);
    struct ov_span table;

    fuzz_members(OV_TYPE_XAR, heap);
    (void)ov_span_cut(&heap, 0, &table);
    table = ov_span_clip(table, 0, TABLE_MAX);
    if (compress2(packed, &n, table.len > 0 ? table.ptr : packed,
                  (uLong)table.len, 1) != Z_OK)
        return 0;
    ov_put_span(&file, OV_SPAN_LIT("xar!\0\x1c\0\1\0\0\0\0\0\0"));
    ov_put_u8(&file, (uint8_t)(n >> 8));
    ov_put_u8(&file, (uint8_t)n);
    ov_put_u64(&file, 0);
    ov_put_u32(&file, 0);
    ov_put_span(&file, ov_span_of(packed, n));
    ov_put_span(&file, heap);
    fuzz_members(OV_TYPE_XAR, ov_buf_span(&file));
    return 0;
}
