/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "host/quarantine_item.h"

/* An item's head, and metadata as they are once opened: what is read is written
 * and read again as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OV_AUTO_DONE(buf) back = ov_buf_with_max(QUARANTINE_META_MAX);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(QUARANTINE_META_MAX);
    struct ov_span bytes = ov_span_of(data, size);
    struct quarantine_head head;
    struct quarantine_meta m;

    if (quarantine_read_head(bytes, &head) == OV_OK)
        FUZZ_CHECK(head.meta_len > OV_SEAL_TAG);
    if (quarantine_read_meta(bytes, &m) != OV_OK)
        return 0;
    quarantine_put_meta(&back, &m);
    FUZZ_CHECK(quarantine_read_meta(ov_buf_span(&back), &m) == OV_OK);
    quarantine_put_meta(&again, &m);
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&back), ov_buf_span(&again)));
    return 0;
}
