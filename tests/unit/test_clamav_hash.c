/* SPDX-License-Identifier: Apache-2.0 */
#include "clamav_show.h"

#define MD5_A "44d88612fea8a8f36de82e1278abb02f"
#define SHA1_A MD5_A "00112233"
#define SHA256_A MD5_A MD5_A

static void the_length_tells_the_kind(void **state)
{
    static const char text[] =
        MD5_A ":7:One\n" SHA1_A ":8:Two\n" SHA256_A ":9:Three\r\n";
    struct ov_part *part = parse_as(OV_CLAMAV_HDB, text, OV_OK, NULL);
    struct ov_hash_rule *rule;

    (void)state;
    rule = &part->hashes[OV_HASH_OF_OBJECT][OV_MD5].items[0];
    assert_int_equal(rule->size, 7);
    assert_int_equal(rule->line, 1);
    assert_int_equal(rule->digest[0], 0x44);
    assert_int_equal(rule->digest[15], 0x2f);
    assert_true(ov_span_equal(rule->name, OV_SPAN_LIT("One")));
    rule = &part->hashes[OV_HASH_OF_OBJECT][OV_SHA1].items[0];
    assert_int_equal(rule->digest[19], 0x33);
    rule = &part->hashes[OV_HASH_OF_OBJECT][OV_SHA256].items[0];
    assert_true(ov_span_equal(rule->name, OV_SPAN_LIT("Three")));
    assert_int_equal(rule->line, 3);
    ov_part_free(part);
}

static void upper_case_digits_are_read(void **state)
{
    struct ov_part *part = parse_as(
        OV_CLAMAV_HDB, "ABCDEF12FEA8A8F36DE82E1278ABB02F:1:A", OV_OK, NULL);

    (void)state;
    assert_int_equal(part->hashes[0][OV_MD5].items[0].digest[2], 0xef);
    ov_part_free(part);
}

static void any_size_needs_a_level(void **state)
{
    struct ov_diag diag;
    struct ov_part *part =
        parse_as(OV_CLAMAV_HDB, MD5_A ":*:A:72", OV_MALFORMED, &diag);

    (void)state;
    assert_string_equal(diag.text, "size * needs a minimum level of 73 or "
                                   "more: add ':73': '" MD5_A ":*:A:72'");
    ov_part_free(part);
    part = parse_as(OV_CLAMAV_HDB, MD5_A ":*:A:73", OV_OK, NULL);
    assert_true(part->hashes[0][OV_MD5].items[0].size == OV_SIZE_ANY);
    ov_part_free(part);
    part = parse_as(OV_CLAMAV_IMP, MD5_A ":*:A", OV_OK, NULL);
    assert_int_equal(part->hashes[OV_HASH_OF_IMPORTS][OV_MD5].n, 1);
    ov_part_free(part);
}

static void section_lists_begin_with_the_size(void **state)
{
    struct ov_part *part =
        parse_as(OV_CLAMAV_MDB, "4096:" MD5_A ":A", OV_OK, NULL);

    (void)state;
    assert_int_equal(part->hashes[OV_HASH_OF_SECTION][OV_MD5].items[0].size,
                     4096);
    ov_part_free(part);
}

static void allow_lists_are_marked(void **state)
{
    struct ov_part *part =
        parse_as(OV_CLAMAV_SFP, SHA256_A ":5:Fine", OV_OK, NULL);

    (void)state;
    assert_true(part->hashes[0][OV_SHA256].items[0].is_allowed);
    ov_part_free(part);
}

static void other_levels_are_left_out(void **state)
{
    struct ov_part *part =
        parse_as(OV_CLAMAV_HDB,
                 "#\nzz:1:A:217\n" MD5_A ":1:B:1:216\n" MD5_A ":1:C:1:215\n",
                 OV_OK, NULL);

    (void)state;
    assert_int_equal(part->hashes[0][OV_MD5].n, 1);
    assert_int_equal(part->skips.n, 2);
    assert_int_equal(part->skips.items[1].line, 4);
    ov_part_free(part);
}

static void wrong_lines_are_refused_with_their_number(void **state)
{
    static const char *const lines[] = {
        MD5_A ":1",
        MD5_A ":1:",
        MD5_A ":0:A",
        MD5_A ":1x:A",
        MD5_A ":-1:A",
        MD5_A "0:1:A",
        "zz:1:A",
        MD5_A ":1:A:1:300:5",
        MD5_A ":4294967295:A",
        " " MD5_A ":1:A",
        "",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct ov_buf text = ov_buf_with_max(SIZE_MAX);
        struct ov_diag diag = {0};
        struct ov_part *part;

        ov_put_format(&text, MD5_A ":1:A\n%s\n", lines[i]);
        ov_put_u8(&text, 0);
        part = parse_as(OV_CLAMAV_HDB, (const char *)text.ptr, OV_MALFORMED,
                        &diag);
        assert_int_equal(diag.line, 2);
        assert_int_equal(part->hashes[0][OV_MD5].n, 1);
        ov_part_free(part);
        ov_buf_done(&text);
    }
}

static void extensions_are_told_in_any_case(void **state)
{
    enum ov_clamav_format f;

    (void)state;
    assert_true(ov_clamav_format_of(OV_SPAN_LIT("a/Daily.NDB"), &f));
    assert_int_equal(f, OV_CLAMAV_NDB);
    assert_true(ov_clamav_format_of(OV_SPAN_LIT("x.ign2"), &f));
    assert_int_equal(f, OV_CLAMAV_IGN2);
    assert_false(ov_clamav_format_of(OV_SPAN_LIT("ndb"), &f));
    assert_false(ov_clamav_format_of(OV_SPAN_LIT("x.txt"), &f));
}

OV_TEST_MAIN(OV_TEST(the_length_tells_the_kind),
             OV_TEST(upper_case_digits_are_read),
             OV_TEST(any_size_needs_a_level),
             OV_TEST(section_lists_begin_with_the_size),
             OV_TEST(allow_lists_are_marked),
             OV_TEST(other_levels_are_left_out),
             OV_TEST(wrong_lines_are_refused_with_their_number),
             OV_TEST(extensions_are_told_in_any_case))
