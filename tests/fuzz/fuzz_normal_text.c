/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/normal.h"
#include "fuzz.h"

/* A view is never longer than the text, and normalising it again changes
 * nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_budget budget = ov_budget_default();
    OV_AUTO_DONE(buf) once = ov_buf_with_max(len);
    OV_AUTO_DONE(buf) twice = ov_buf_with_max(len);
    OV_AUTO_DONE(buf) wide = ov_buf_with_max(len);

    enum ov_status status =
        ov_normal_text(ov_span_of(data, len), &budget, &once);

    if (status == OV_OK)
        status = ov_normal_text(ov_buf_span(&once), &budget, &twice);
    if (status == OV_OK)
        FUZZ_CHECK(ov_span_equal(ov_buf_span(&once), ov_buf_span(&twice)));
    if (status == OV_OK)
        status =
            ov_normal_utf16(ov_span_of(data, len), len % 2, &budget, &wide);
    FUZZ_CHECK(status == OV_OK || status == OV_NO_MEMORY);
    return 0;
}
