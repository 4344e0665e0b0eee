/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "intel/stix_pattern.h"
#include "test.h"

#define MD5 "d41d8cd98f00b204e9800998ecf8427e"
#define SHA1 "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256                                                                 \
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct found {
    struct ov_stix_file files[8];
    size_t n;
};

static enum ov_status take(void *data, const struct ov_stix_file *f)
{
    struct found *to = data;

    assert_true(to->n < 8);
    to->files[to->n++] = *f;
    return OV_OK;
}

static enum ov_status read_pattern(const char *text, struct found *ret,
                                   size_t *ret_others)
{
    *ret = (struct found){.n = 0};
    *ret_others = 99;
    return ov_stix_pattern_read(ov_span_str(text), take, ret, ret_others);
}

static void assert_one(const char *text, enum ov_digest_kind kind,
                       uint64_t size)
{
    struct found f;
    size_t others;

    assert_int_equal(read_pattern(text, &f, &others), OV_OK);
    assert_int_equal(f.n, 1);
    assert_int_equal(others, 0);
    assert_int_equal(f.files[0].kind, kind);
    assert_int_equal(f.files[0].size, size);
}

static void a_hash_is_read_however_its_kind_is_written(void **state)
{
    (void)state;
    assert_one("[file:hashes.'SHA-256' = '" SHA256 "']", OV_SHA256, 0);
    assert_one("[file:hashes.SHA256='" SHA256 "']", OV_SHA256, 0);
    assert_one("\n[ file:hashes.'SHA-1' == '" SHA1 "' ] ", OV_SHA1, 0);
    assert_one("[file:hashes.MD5 = '" MD5 "']", OV_MD5, 0);
    assert_one("[file:hashes.'md5' = '" MD5 "']", OV_MD5, 0);
}

static void of_one_files_hashes_the_strongest_is_taken(void **state)
{
    (void)state;
    assert_one("[file:hashes.MD5 = '" MD5
               "' AND file:hashes.'SHA-256' = '" SHA256
               "' AND file:hashes.'SHA-1' = '" SHA1 "']",
               OV_SHA256, 0);
    assert_one("[file:hashes.MD5 = '" MD5
               "' AND file:hashes.'SSDEEP' = 'x:y' AND file:size = 12]",
               OV_MD5, 12);
}

static void the_name_is_left_out_as_the_hash_says_which_file(void **state)
{
    (void)state;
    assert_one(
        "[file:name = 'it\\'s \\\\ AND x.exe' AND file:hashes.MD5 = '" MD5 "']",
        OV_MD5, 0);
}

static void each_of_several_ways_is_taken(void **state)
{
    struct found f;
    size_t others;

    (void)state;
    assert_int_equal(read_pattern("[file:hashes.MD5 = '" MD5
                                  "' OR file:hashes.'SHA-1' = '" SHA1
                                  "'] OR [file:hashes.'SHA-256' = '" SHA256
                                  "' AND file:size = 7]",
                                  &f, &others),
                     OV_OK);
    assert_int_equal(f.n, 3);
    assert_int_equal(others, 0);
    assert_int_equal(f.files[2].size, 7);
    assert_int_equal(f.files[1].size, 0);
}

static void other_ways_are_counted(void **state)
{
    struct found f;
    size_t others;

    (void)state;
    assert_int_equal(read_pattern("[ipv4-addr:value = '192.0.2.1' OR "
                                  "file:hashes.MD5 = '" MD5 "']",
                                  &f, &others),
                     OV_OK);
    assert_int_equal(f.n, 1);
    assert_int_equal(others, 1);
    assert_int_equal(read_pattern("[file:name = 'x.exe']", &f, &others), OV_OK);
    assert_int_equal(f.n, 0);
    assert_int_equal(others, 1);
    /* no file has two */
    assert_int_equal(read_pattern("[file:hashes.MD5 = '" MD5
                                  "' AND file:hashes.MD5 = "
                                  "'00000000000000000000000000000000']",
                                  &f, &others),
                     OV_OK);
    assert_int_equal(f.n, 0);
    assert_int_equal(
        read_pattern("[file:hashes.MD5 = '" SHA1 "']", &f, &others), OV_OK);
    assert_int_equal(f.n, 0);
}

static void what_asks_for_more_is_not_taken_in_part(void **state)
{
    static const char *const more[] = {
        "[file:hashes.MD5 = '" MD5 "'] AND [file:hashes.MD5 = '" MD5 "']",
        "[file:hashes.MD5 = '" MD5 "'] FOLLOWEDBY [file:name = 'x']",
        "[file:hashes.MD5 = '" MD5 "'] REPEATS 5 TIMES",
        "[file:hashes.MD5 = '" MD5 "'] START t'2026-01-01T00:00:00Z' STOP t''",
        "[file:hashes.MD5 != '" MD5 "']",
        "[NOT file:hashes.MD5 = '" MD5 "']",
        "[file:hashes.MD5 NOT = '" MD5 "']",
        "[file:hashes.MD5 IN ('" MD5 "')]",
        "[(file:hashes.MD5 = '" MD5 "') AND file:size = 1]",
        "([file:hashes.MD5 = '" MD5 "'])",
        "[file:hashes.MD5 = '" MD5 "' AND file:hashes.MD5 LIKE 'a%']",
    };
    struct found f;
    size_t others;

    (void)state;
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        assert_int_equal(read_pattern(more[i], &f, &others), OV_UNSUPPORTED);
        assert_int_equal(f.n, 0);
    }
}

static void what_is_no_pattern_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "[",
        "[]",
        "[file:hashes.MD5",
        "[file:hashes.MD5 = '" MD5 "'",
        "[file:hashes.MD5 = ]",
        "file:hashes.MD5 = '" MD5 "'",
        "[file:hashes.MD5 = '" MD5 "' AND ]",
        "[file:hashes.MD5 = '" MD5 "'] OR",
    };
    struct found f;
    size_t others;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        enum ov_status s = read_pattern(wrong[i], &f, &others);

        assert_true(s == OV_MALFORMED || s == OV_UNSUPPORTED);
        assert_int_equal(f.n, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_read_however_its_kind_is_written),
        cmocka_unit_test(of_one_files_hashes_the_strongest_is_taken),
        cmocka_unit_test(the_name_is_left_out_as_the_hash_says_which_file),
        cmocka_unit_test(each_of_several_ways_is_taken),
        cmocka_unit_test(other_ways_are_counted),
        cmocka_unit_test(what_asks_for_more_is_not_taken_in_part),
        cmocka_unit_test(what_is_no_pattern_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
