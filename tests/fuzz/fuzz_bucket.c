/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "reputation/bucket.h"

#define ROOM 10

/* A bucket that opens is written back as the same bytes, and each of its
 * records is found. The first byte chooses the number of bits. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OV_AUTO_DONE(buf) again = ov_buf_with_max(1 << 16);
    struct ov_bucket_shape shape = {.size = OV_BUCKET_HEADER +
                                            ROOM * OV_BUCKET_RECORD};
    struct ov_bucket_record records[ROOM];
    struct ov_span bytes;
    struct ov_bucket b;

    if (size == 0)
        return 0;
    shape.prefix_bits = OV_BUCKET_MIN_BITS + data[0] % 17;
    bytes = ov_span_of(data + 1, size - 1);
    FUZZ_CHECK(ov_bucket_verify(bytes, &shape, 1, 1, (const uint8_t[32]){0},
                                &b) != OV_OK);
    if (ov_bucket_open(bytes, &shape, &b) != OV_OK)
        return 0;
    FUZZ_CHECK(b.n <= ROOM);
    for (size_t i = 0; i < b.n; i++) {
        struct ov_bucket_record found;

        ov_bucket_at(&b, i, &records[i]);
        FUZZ_CHECK(ov_bucket_find(&b, records[i].prefix, &found));
        FUZZ_CHECK(found.family == records[i].family);
    }
    FUZZ_CHECK(ov_put_bucket(&again, &shape, b.epoch, b.number, records, b.n) ==
               OV_OK);
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&again), bytes));
    return 0;
}
