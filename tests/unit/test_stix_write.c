/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/stix_write.h"
#include "test.h"

/* The ids were computed with another implementation of UUIDs. What objects
 * look like as a whole is read by tests/e2e/intel_check.py. */

static void assert_uuid(const struct ov_uuid *u, const char *want)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(64);

    ov_put_uuid(&b, u);
    assert_true(ov_span_equal(ov_buf_span(&b), ov_span_str(want)));
}

static void make_producer(struct ov_stix_producer *p)
{
    assert_int_equal(ov_stix_producer_init(OV_SPAN_LIT("demo.example"), 0, p),
                     OV_OK);
}

static void a_file_has_the_id_that_everybody_gives_it(void **state)
{
    uint8_t hash[32];
    struct ov_uuid u;

    (void)state;
    memset(hash, 0xab, sizeof(hash));
    assert_int_equal(ov_stix_file_id(hash, &u), OV_OK);
    assert_uuid(&u, "20432b06-75d2-54b6-80ef-6d923b5d925d");
}

static void ids_follow_from_the_clouds_name(void **state)
{
    struct ov_stix_producer p;
    uint8_t hash[32];
    struct ov_uuid u;

    (void)state;
    memset(hash, 0xab, sizeof(hash));
    make_producer(&p);
    assert_uuid(&p.identity, "4263f235-d6ad-504c-a493-74f20038ce47");
    assert_int_equal(ov_stix_indicator_id(&p, hash, 1, &u), OV_OK);
    assert_uuid(&u, "edf592bc-ce38-5c90-a614-a6840d1dfd3e");
    assert_int_equal(ov_stix_indicator_id(&p, hash, 2, &u), OV_OK);
    assert_uuid(&u, "99dd64fe-5bfe-5d3c-b066-faa5db5fff9e");
}

static void nothing_is_said_of_good_files(void **state)
{
    (void)state;
    assert_true(ov_stix_is_said(OV_REPUTATION_MALICIOUS));
    assert_true(ov_stix_is_said(OV_REPUTATION_TEST));
    assert_false(ov_stix_is_said(OV_REPUTATION_GOOD));
    assert_false(ov_stix_is_said(OV_REPUTATION_RECALLED));
    assert_false(ov_stix_is_said((enum ov_reputation)255));
}

static void a_name_cannot_leave_its_string(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(4096);
    struct ov_stix_producer p;
    struct ov_uuid u;

    (void)state;
    make_producer(&p);
    assert_int_equal(ov_stix_malware_id(&p, OV_SPAN_LIT("A\"B\\"), &u), OV_OK);
    ov_put_stix_malware(&b, &p, &u, OV_SPAN_LIT("A\"B\\"), 0);
    assert_int_equal(ov_buf_status(&b), OV_OK);
    assert_int_not_equal(ov_span_find(ov_buf_span(&b),
                                      OV_SPAN_LIT("\"name\":\"A\\\"B\\\\\""),
                                      0),
                         SIZE_MAX);
}

static void types_have_names_and_names_types(void **state)
{
    (void)state;
    assert_string_equal(ov_stix_type_name(OV_STIX_INDICATOR), "indicator");
    assert_null(ov_stix_type_name(99));
    assert_int_equal(ov_stix_type_parse(OV_SPAN_LIT("file")), OV_STIX_FILE);
    assert_int_equal(ov_stix_type_parse(OV_SPAN_LIT("tool")), OV_STIX_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_the_id_that_everybody_gives_it),
        cmocka_unit_test(ids_follow_from_the_clouds_name),
        cmocka_unit_test(nothing_is_said_of_good_files),
        cmocka_unit_test(a_name_cannot_leave_its_string),
        cmocka_unit_test(types_have_names_and_names_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
