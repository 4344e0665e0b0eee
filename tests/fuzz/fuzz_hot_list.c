/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "reputation/hot_list.h"

/* A list that opens can be asked; one that is right is written back. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OV_AUTO_DONE(buf) again = ov_buf_with_max(size + 1);
    struct ov_hot_record r;
    struct ov_hot h;

    if (ov_hot_open(ov_span_of(data, size), &h) != OV_OK)
        return 0;
    for (unsigned i = 0; i < 64; i++)
        (void)ov_hot_find(&h, (const uint8_t[32]){(uint8_t)(4 * i)}, &r);
    if (ov_hot_check(&h) != OV_OK)
        return 0;
    ov_put_hot_head(&again, h.epoch, (uint32_t)h.n);
    for (size_t i = 0; i < h.n; i++) {
        ov_hot_at(&h, i, &r);
        ov_put_hot_record(&again, &r);
    }
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&again), ov_span_of(data, size)));
    return 0;
}
