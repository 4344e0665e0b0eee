/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "trust/entry.h"

/* What parses as an entry prints as the very same bytes: one text for what an
 * entry says. Dates that parse print as they were, too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span all = ov_span_of(data, len);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(OV_ENTRY_MAX);
    struct ov_diag diag = {0};
    struct ov_entry e;
    uint64_t time;

    if (ov_entry_parse(all, &e, &diag) == OV_OK) {
        ov_put_entry(&again, &e);
        FUZZ_CHECK(ov_buf_status(&again) == OV_OK);
        FUZZ_CHECK(ov_span_equal(ov_buf_span(&again), all));
    } else {
        FUZZ_CHECK(diag.status != OV_OK);
    }
    if (ov_time_parse(all, &time)) {
        ov_buf_clear(&again);
        ov_put_time(&again, time);
        FUZZ_CHECK(ov_span_equal(ov_buf_span(&again), all));
    }
    return 0;
}
