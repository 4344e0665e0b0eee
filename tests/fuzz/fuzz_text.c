/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "fuzz.h"

/* What is shown to a person or written as JSON is valid UTF-8 without control
 * characters, whatever came in; numbers and hexadecimal never go past their
 * ends. */
static void check_shown(const struct ov_buf *b, bool is_json)
{
    struct ov_span left = ov_buf_span(b);

    FUZZ_CHECK(ov_buf_status(b) == OV_OK);
    while (left.len > 0) {
        size_t len = ov_utf8_len(left);

        FUZZ_CHECK(len > 0);
        FUZZ_CHECK(len > 1 || (left.ptr[0] >= 0x20 && left.ptr[0] != 0x7f));
        FUZZ_CHECK(!is_json || left.ptr[0] != '"');
        if (left.ptr[0] == '\\')
            left = ov_span_clip(left, 1, left.len);
        left = ov_span_clip(left, len, left.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span all = ov_span_of(data, len);
    OV_AUTO_DONE(buf) shown = ov_buf_with_max(8 * len + 64);
    OV_AUTO_DONE(buf) hex = ov_buf_with_max(2 * len);
    OV_AUTO_PTR uint8_t *bytes = ov_alloc(len);
    uint64_t number = 0;
    int64_t signed_number = 0;

    FUZZ_CHECK(bytes != NULL);
    ov_put_escaped(&shown, all);
    check_shown(&shown, false);
    ov_buf_clear(&shown);
    ov_put_json(&shown, all);
    check_shown(&shown, true);
    ov_put_hex(&hex, all);
    FUZZ_CHECK(ov_hex_decode(ov_buf_span(&hex), bytes, len));
    FUZZ_CHECK(ov_span_equal(ov_span_of(bytes, len), all));
    (void)ov_hex_decode(all, bytes, len / 2);
    if (ov_parse_uint(all, 1000, &number))
        FUZZ_CHECK(number <= 1000);
    (void)ov_parse_int(all, &signed_number);
    return 0;
}
