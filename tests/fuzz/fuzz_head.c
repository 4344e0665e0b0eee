/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "trust/head.h"

/* A head that is read is written back as the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ov_span bytes = ov_span_of(data, size);
    OV_AUTO_DONE(buf) back = ov_buf_with_max(size);
    struct ov_head h;

    if (ov_head_parse(bytes, &h) != OV_OK)
        return 0;
    ov_put_head(&back, &h);
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&back), bytes));
    return 0;
}
