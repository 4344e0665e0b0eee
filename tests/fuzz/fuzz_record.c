/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "trust/segment.h"

/* Records one after the other, as in a segment: what is read is written back as
 * the same bytes. An index and a list of segments are read from the same
 * bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ov_span bytes = ov_span_of(data, size);
    OV_AUTO(record_set) set = ov_record_set_new();
    OV_AUTO(record_set) index = NULL;
    OV_AUTO_DONE(buf) back = ov_buf_with_max(size + 1);
    OV_AUTO_PTR struct ov_blob *blobs = NULL;
    size_t n;

    if (set == NULL)
        return 0;
    if (ov_segment_read(bytes, set) == OV_OK &&
        ov_record_set_seal(set) == OV_OK) {
        struct ov_segment all = {0};

        (void)ov_record_set_list(set, &all.to);
        ov_put_segment(&back, set, &all);
        FUZZ_CHECK(ov_span_equal(ov_buf_span(&back), bytes));
    }
    if (ov_record_index_read(bytes, &index) == OV_OK) {
        ov_buf_clear(&back);
        ov_put_record_index(&back, index);
        FUZZ_CHECK(ov_span_equal(ov_buf_span(&back), bytes));
    }
    if (ov_segment_list_read(bytes, &blobs, &n) == OV_OK) {
        ov_buf_clear(&back);
        ov_put_segment_list(&back, blobs, n);
        FUZZ_CHECK(ov_span_equal(ov_buf_span(&back), bytes));
    }
    return 0;
}
