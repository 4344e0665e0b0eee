/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"
#include "test.h"

/* RFC 4648 section 10. */
static const struct {
    const char *bytes;
    const char *text;
} vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff", "+/8="},
};

static void the_vectors_of_the_rfc_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(100);
        struct ov_span bytes = ov_span_str(vectors[i].bytes);
        struct ov_span text = ov_span_str(vectors[i].text);
        uint8_t back[16];
        size_t len = 99;

        ov_put_base64(&b, bytes);
        assert_true(ov_span_equal(ov_buf_span(&b), text));
        assert_true(ov_base64_len(text, &len));
        assert_int_equal(len, bytes.len);
        assert_true(ov_base64_decode(text, back, len));
        assert_true(ov_span_equal(ov_span_of(back, len), bytes));
    }
}

static void any_other_spelling_is_refused(void **state)
{
    static const char *const bad[] = {
        "Zg",       "Zg=",   "Zh==",   "Zm9=", "Z===",  "====",
        "Zg==Zg==", " Zg==", "Zg==\n", "Zm-_", "Z\ng=", "Zm9v="};
    uint8_t to[16];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        size_t len;

        if (ov_base64_len(ov_span_str(bad[i]), &len))
            assert_false(ov_base64_decode(ov_span_str(bad[i]), to, len));
    }
    assert_false(ov_base64_decode(OV_SPAN_LIT("Zm9v"), to, 2));
    assert_false(ov_base64_decode(OV_SPAN_LIT("Zm9v"), to, 4));
}

static void a_refused_text_leaves_the_bytes_alone(void **state)
{
    uint8_t to[4] = {1, 2, 3, 4};

    (void)state;
    assert_false(ov_base64_decode(OV_SPAN_LIT("Zm9vZh=="), to, 4));
    assert_int_equal(to[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_rfc_hold),
        cmocka_unit_test(any_other_spelling_is_refused),
        cmocka_unit_test(a_refused_text_leaves_the_bytes_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
