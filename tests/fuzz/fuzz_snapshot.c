/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "reputation/snapshot.h"

static void check_same(const struct ov_buf *again, struct ov_span bytes)
{
    FUZZ_CHECK(ov_span_equal(ov_buf_span(again), bytes));
}

/* A statement that is read is written back as the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OV_AUTO_DONE(buf) again = ov_buf_with_max(OV_ENTRY_MAX);
    struct ov_span bytes = ov_span_of(data, size);
    struct ov_delta_entry d;
    struct ov_snapshot s;
    struct ov_entry e;

    if (ov_entry_parse(bytes, &e, NULL) != OV_OK)
        return 0;
    if (ov_snapshot_read(&e, &s) == OV_OK) {
        ov_put_snapshot(&again, &s);
        check_same(&again, bytes);
    } else if (ov_delta_entry_read(&e, &d) == OV_OK) {
        ov_put_delta_entry(&again, &d);
        check_same(&again, bytes);
    }
    return 0;
}
