/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "rules/yara_format.h"

/* What can be formatted keeps every byte that is no white space, but for the
 * case of hexadecimal digits; and formatting it again changes nothing. */

static void squeeze(struct ov_span s, struct ov_buf *ret)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] > ' ')
            ov_put_u8(ret, ov_lower(s.ptr[i]));
}

static void check_same_but_for_spaces(struct ov_span a, struct ov_span b)
{
    OV_AUTO_DONE(buf) of_a = ov_buf_with_max(SIZE_MAX);
    OV_AUTO_DONE(buf) of_b = ov_buf_with_max(SIZE_MAX);

    squeeze(a, &of_a);
    squeeze(b, &of_b);
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&of_a), ov_buf_span(&of_b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    OV_AUTO_DONE(buf) once = ov_buf_with_max(SIZE_MAX);
    OV_AUTO_DONE(buf) twice = ov_buf_with_max(SIZE_MAX);
    struct ov_span source = ov_span_of(data, len);
    struct ov_diag diag = {0};
    enum ov_status status = ov_yara_format(source, &once, &diag);

    if (status == OV_MALFORMED) {
        FUZZ_CHECK(diag.line > 0 && diag.text[0] != '\0');
        return 0;
    }
    FUZZ_CHECK(status == OV_OK);
    check_same_but_for_spaces(source, ov_buf_span(&once));
    FUZZ_CHECK(ov_yara_format(ov_buf_span(&once), &twice, &diag) == OV_OK);
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&once), ov_buf_span(&twice)));
    return 0;
}
