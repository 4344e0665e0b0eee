/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/normal.h"
#include "fuzz.h"

/* Views never outgrow what the code makes room for, and are the same however
 * often they are made. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_html_views v = {ov_buf_with_max((size_t)1 << 22),
                              ov_buf_with_max((size_t)1 << 22),
                              ov_buf_with_max((size_t)1 << 22)};

    enum ov_status status;

    if (len > (size_t)1 << 16)
        return 0;
    status = ov_normal_html(ov_span_of(data, len), &budget, &v);
    FUZZ_CHECK(status == OV_OK || status == OV_NO_MEMORY);
    FUZZ_CHECK(v.nocomment.len <= 2 * len + 16);
    ov_buf_done(&v.nocomment);
    ov_buf_done(&v.notags);
    ov_buf_done(&v.script);
    return 0;
}
