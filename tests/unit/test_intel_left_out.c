/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "intel/intel_left_out.h"
#include "test.h"

static struct ov_span lit(const char *text)
{
    return ov_span_str(text);
}

static void check_line(const struct ov_intel_left_out *l, unsigned why,
                       const char *expected)
{
    struct ov_buf line = ov_buf_with_max(8192);

    assert_true(ov_intel_left_out_put(l, why, &line));
    assert_int_equal(line.len, strlen(expected));
    assert_memory_equal(line.ptr, expected, line.len);
    ov_buf_done(&line);
}

static void each_reason_is_counted_and_named(void **state)
{
    struct ov_intel_left_out l;
    struct ov_buf line = ov_buf_with_max(8192);

    (void)state;
    ov_intel_left_out_init(&l, "other hashes");
    ov_intel_left_out_add(&l, OV_INTEL_SKIP_DAMAGED, lit("a"));
    ov_intel_left_out_add(&l, OV_INTEL_SKIP_DAMAGED, lit(""));
    ov_intel_left_out_add(&l, OV_INTEL_LEFT_OUT_OWN, lit("b"));
    check_line(&l, OV_INTEL_SKIP_DAMAGED, "not taken: 2 damaged: a, (no id)");
    check_line(&l, OV_INTEL_LEFT_OUT_OWN, "not taken: 1 other hashes: b");
    assert_false(ov_intel_left_out_put(&l, OV_INTEL_SKIP_REVOKED, &line));
    assert_int_equal(line.len, 0);
    ov_intel_left_out_done(&l);
    ov_buf_done(&line);
}

static void many_and_long_names_are_cut(void **state)
{
    struct ov_intel_left_out l;
    struct ov_buf expected = ov_buf_with_max(8192);
    char name[200];

    (void)state;
    memset(name, 'x', sizeof(name));
    ov_intel_left_out_init(&l, NULL);
    for (int i = 0; i < 1000; i++)
        ov_intel_left_out_add(&l, OV_INTEL_SKIP_REVOKED,
                              ov_span_of(name, sizeof(name)));
    ov_put_str(&expected, "not taken: 1000 revoked or deleted: ");
    for (int i = 0; i < 20; i++)
        ov_put_format(&expected, "%.80s, ", name);
    ov_put_str(&expected, "...");
    ov_put_u8(&expected, 0);
    check_line(&l, OV_INTEL_SKIP_REVOKED, (const char *)expected.ptr);
    ov_buf_done(&expected);
    ov_intel_left_out_done(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_is_counted_and_named),
        cmocka_unit_test(many_and_long_names_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
