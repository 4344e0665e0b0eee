/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/uuid.h"
#include "test.h"

/* RFC 4122 appendix C: the name space of host names. */
static const struct ov_uuid dns = {{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11,
                                    0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4,
                                    0x30, 0xc8}};

static void assert_text(const struct ov_uuid *u, const char *want)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(64);

    ov_put_uuid(&b, u);
    assert_int_equal(ov_buf_status(&b), OV_OK);
    assert_true(ov_span_equal(ov_buf_span(&b), ov_span_str(want)));
}

/* The erratum of the RFC has this one for version 5. */
static void a_name_has_the_uuid_that_others_give_it(void **state)
{
    struct ov_uuid u;

    (void)state;
    assert_int_equal(ov_uuid_v5(&dns, OV_SPAN_LIT("www.example.com"), &u),
                     OV_OK);
    assert_text(&u, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

static void what_is_printed_is_read_back(void **state)
{
    struct ov_uuid u;

    (void)state;
    assert_true(
        ov_uuid_parse(OV_SPAN_LIT("6BA7B810-9dad-11d1-80b4-00c04fd430c8"), &u));
    assert_memory_equal(&u, &dns, sizeof(u));
    assert_text(&u, "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
}

static void any_other_form_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c80",
        "6ba7b8109-dad-11d1-80b4-00c04fd430c8",
        "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
        "{6ba7b810-9dad-11d1-80b4-00c04fd430c}",
    };
    struct ov_uuid u;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(ov_uuid_parse(ov_span_str(wrong[i]), &u));
}

static void a_lack_of_memory_is_told(void **state)
{
    struct ov_uuid u;

    (void)state;
    (void)ov_alloc_fail_at(1);
    assert_int_equal(ov_uuid_v5(&dns, OV_SPAN_LIT("x"), &u), OV_NO_MEMORY);
    (void)ov_alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_has_the_uuid_that_others_give_it),
        cmocka_unit_test(what_is_printed_is_read_back),
        cmocka_unit_test(any_other_form_is_refused),
        cmocka_unit_test(a_lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
