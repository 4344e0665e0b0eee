/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/intel_index.h"
#include "intel/taxii_request.h"
#include "test.h"

#define UUID "20432b06-75d2-54b6-80ef-6d923b5d925d"
#define INDICATOR "indicator--" UUID

static enum ov_status add(struct ov_taxii_query *q, const char *name,
                          const char *value)
{
    return ov_taxii_query_add(q, ov_span_str(name), ov_span_str(value));
}

static void the_media_type_and_what_covers_it_is_acceptable(void **state)
{
    static const char *const fine[] = {
        "application/taxii+json;version=2.1",
        "application/taxii+json",
        "Application/TAXII+json; Version=\"2.1\"",
        "text/html, */*;q=0.1",
        "application/*",
    };
    static const char *const wrong[] = {"", "text/html", "application/json",
                                        "application/taxii+json;version=2",
                                        "application/vnd.oasis.taxii+json"};

    (void)state;
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
        assert_true(ov_taxii_is_acceptable(ov_span_str(fine[i])));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(ov_taxii_is_acceptable(ov_span_str(wrong[i])));
}

static void each_endpoint_is_known_by_its_path(void **state)
{
    static const struct {
        const char *path;
        enum ov_taxii_what what;
    } paths[] = {
        {"/taxii2/", OV_TAXII_DISCOVERY},
        {"/taxii2/public/", OV_TAXII_API_ROOT},
        {"/taxii2/public/status/x/", OV_TAXII_STATUS},
        {"/taxii2/public/collections/", OV_TAXII_COLLECTIONS},
        {"/taxii2/public/collections/c/", OV_TAXII_COLLECTION},
        {"/taxii2/public/collections/c/manifest/", OV_TAXII_MANIFEST},
        {"/taxii2/public/collections/c/objects/", OV_TAXII_OBJECTS},
        {"/taxii2/public/collections/c/objects/o/", OV_TAXII_OBJECT},
        {"/taxii2/public/collections/c/objects/o/versions/", OV_TAXII_VERSIONS},
    };
    struct ov_taxii_path p;

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct ov_span path = ov_span_str(paths[i].path);

        assert_true(ov_taxii_path_parse(path, &p));
        assert_int_equal(p.what, paths[i].what);
        if (p.what >= OV_TAXII_COLLECTION)
            assert_true(ov_span_equal(p.collection, OV_SPAN_LIT("c")));
        if (p.what >= OV_TAXII_OBJECT)
            assert_true(ov_span_equal(p.object, OV_SPAN_LIT("o")));
        /* and none without its slash */
        assert_false(
            ov_taxii_path_parse(ov_span_clip(path, 0, path.len - 1), &p));
    }
    assert_false(ov_taxii_path_parse(OV_SPAN_LIT("/taxii2/public/other/"), &p));
    assert_false(ov_taxii_path_parse(
        OV_SPAN_LIT("/taxii2/public/collections//objects/"), &p));
}

static void without_a_word_the_last_versions_are_wanted(void **state)
{
    const struct ov_taxii_query q = {0};

    (void)state;
    assert_true(ov_taxii_is_wanted(&q, OV_STIX_FILE, OV_INTEL_LAST, 1));
    assert_false(ov_taxii_is_wanted(&q, OV_STIX_FILE, OV_INTEL_FIRST, 1));
}

static void versions_are_chosen_by_place_and_time(void **state)
{
    struct ov_taxii_query q = {0};

    (void)state;
    assert_int_equal(add(&q, "match[version]", "first,1970-01-01T00:00:05Z"),
                     OV_OK);
    assert_true(ov_taxii_is_wanted(&q, OV_STIX_FILE, OV_INTEL_FIRST, 1));
    assert_true(ov_taxii_is_wanted(&q, OV_STIX_FILE, 0, 5000000));
    assert_false(ov_taxii_is_wanted(&q, OV_STIX_FILE, OV_INTEL_LAST, 1));
    assert_int_equal(add(&q, "match[version]", "all"), OV_OK);
    assert_true(ov_taxii_is_wanted(&q, OV_STIX_FILE, 0, 1));
    assert_int_equal(add(&q, "match[version]", "newest"), OV_MALFORMED);
}

static void a_type_that_nobody_has_matches_nothing(void **state)
{
    struct ov_taxii_query q = {0};

    (void)state;
    assert_int_equal(add(&q, "match[type]", "tool"), OV_OK);
    for (unsigned type = 1; type < 8; type++)
        assert_false(ov_taxii_is_wanted(&q, type, OV_INTEL_LAST, 1));
    assert_int_equal(add(&q, "match[type]", "malware"), OV_OK);
    assert_true(ov_taxii_is_wanted(&q, OV_STIX_MALWARE, OV_INTEL_LAST, 1));
}

static void objects_of_another_standard_are_not_there(void **state)
{
    struct ov_taxii_query q = {0};

    (void)state;
    assert_int_equal(add(&q, "match[spec_version]", "2.0"), OV_OK);
    assert_false(ov_taxii_is_wanted(&q, OV_STIX_FILE, OV_INTEL_LAST, 1));
    assert_int_equal(add(&q, "match[spec_version]", "2.0,2.1"), OV_OK);
    assert_true(ov_taxii_is_wanted(&q, OV_STIX_FILE, OV_INTEL_LAST, 1));
}

static void ids_are_taken_up_to_a_number(void **state)
{
    struct ov_taxii_query q = {0};

    (void)state;
    assert_int_equal(add(&q, "match[id]", INDICATOR ",tool--" UUID), OV_OK);
    assert_int_equal(q.n_ids, 1);
    for (size_t i = 1; i < OV_TAXII_IDS_MAX; i++)
        assert_int_equal(add(&q, "match[id]", INDICATOR), OV_OK);
    assert_int_equal(add(&q, "match[id]", INDICATOR), OV_LIMIT_SIZE);
    assert_int_equal(add(&q, "match[id]", "," INDICATOR), OV_MALFORMED);
}

static void wrong_values_are_told_and_unknown_names_ignored(void **state)
{
    struct ov_taxii_query q = {0};

    (void)state;
    assert_int_equal(add(&q, "limit", "0"), OV_MALFORMED);
    assert_int_equal(add(&q, "limit", "4294967296"), OV_MALFORMED);
    assert_int_equal(add(&q, "limit", "7"), OV_OK);
    assert_int_equal(q.limit, 7);
    assert_int_equal(add(&q, "added_after", "yesterday"), OV_MALFORMED);
    assert_int_equal(add(&q, "next", "-1"), OV_MALFORMED);
    assert_int_equal(add(&q, "next", "12"), OV_OK);
    assert_int_equal(q.next, 12);
    assert_int_equal(add(&q, "x", "y"), OV_OK);
    assert_int_equal(add(&q, "match[x]", "y"), OV_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_media_type_and_what_covers_it_is_acceptable),
        cmocka_unit_test(each_endpoint_is_known_by_its_path),
        cmocka_unit_test(without_a_word_the_last_versions_are_wanted),
        cmocka_unit_test(versions_are_chosen_by_place_and_time),
        cmocka_unit_test(a_type_that_nobody_has_matches_nothing),
        cmocka_unit_test(objects_of_another_standard_are_not_there),
        cmocka_unit_test(ids_are_taken_up_to_a_number),
        cmocka_unit_test(wrong_values_are_told_and_unknown_names_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
