/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"
#include "scan_help.h"

static void a_body_rule_finds_its_bytes(void **state)
{
    static const char *const rules[] = {
        "a.ndb",
        "Test.One:0:*:68656c6c6f{1-3}776f726c64\n"
        "Test.Start:0:0:7a7a7a7a\n",
        NULL};
    struct scan_help h;

    (void)state;
    help_open(&h, rules);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("say hello, world!")),
                     OV_DETECTED);
    assert_string_equal(h.names, "Test.One ");
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("say hello,,,, world!")),
                     OV_CLEAN);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("zzzz then hello world")),
                     OV_DETECTED);
    assert_int_equal(h.n_detections, 2);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("not zzzz")), OV_CLEAN);
    assert_int_equal(help_scan(&h, (struct ov_span){NULL, 0}), OV_CLEAN);
    help_close(&h);
}

static void without_all_matches_the_first_ends_the_scan(void **state)
{
    static const char *const rules[] = {
        "a.ndb", "Test.B:0:*:6262626262\nTest.A:0:*:6161616161\n", NULL};
    struct scan_help h;

    (void)state;
    help_open(&h, rules);
    h.options.flags = 0;
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("aaaaa bbbbb")), OV_DETECTED);
    assert_string_equal(h.names, "Test.A ");
    help_close(&h);
}

/* "hash:size:name" of text, in a buffer. */
static void hash_line(struct ov_span text, char *ret, size_t len)
{
    uint8_t digest[OV_DIGEST_MAX];
    char hex[65];

    assert_int_equal(ov_digest(OV_SHA256, text, digest), OV_OK);
    for (size_t i = 0; i < 32; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    (void)snprintf(ret, len, "%s:%zu:Test.Hash\n", hex, text.len);
}

static void a_digest_on_the_allow_list_clears_what_is_inside(void **state)
{
    const struct ov_span text = OV_SPAN_LIT("say hello world");
    char line[128];
    const char *const rules[] = {"a.ndb", "Test.One:0:*:68656c6c6f\n", "a.hsb",
                                 line, NULL};
    const char *const allowed[] = {"a.ndb", "Test.One:0:*:68656c6c6f\n",
                                   "a.sfp", line, NULL};
    struct scan_help h;

    (void)state;
    hash_line(text, line, sizeof(line));
    help_open(&h, rules);
    assert_int_equal(help_scan(&h, text), OV_DETECTED);
    assert_string_equal(h.names, "Test.Hash Test.One ");
    help_close(&h);
    help_open(&h, allowed);
    assert_int_equal(help_scan(&h, text), OV_TRUSTED);
    assert_int_equal(h.n_detections, 0);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("say hello worlds")),
                     OV_DETECTED);
    help_close(&h);
}

static void a_file_over_a_limit_is_inconclusive(void **state)
{
    static const char *const rules[] = {"a.ndb", "Test.One:0:*:68656c6c6f\n",
                                        NULL};
    struct scan_help h;

    (void)state;
    help_open(&h, rules);
    h.options.max_object = 4;
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("12345")), OV_INCONCLUSIVE);
    assert_string_equal(h.reasons, "limit:max-filesize ");
    h.options.max_object = 0;
    h.options.limits[OV_COST_BYTES] = 3;
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("12345")), OV_INCONCLUSIVE);
    assert_string_equal(h.reasons, "limit:max-scansize ");
    help_close(&h);
}

static void own_magics_take_the_place_of_the_built_in_ones(void **state)
{
    static const char *const rules[] = {
        "a.ndb", "Test.Elf:6:*:7468652062797465\n", "a.ftm",
        "0:2:4d41474943:own magic:CL_TYPE_ANY:CL_TYPE_ELF\n", NULL};
    static const char *const plain[] = {
        "a.ndb", "Test.Elf:6:*:7468652062797465\n", NULL};
    struct scan_help h;

    (void)state;
    help_open(&h, rules);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("\1\2MAGIC the bytes")),
                     OV_DETECTED);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("\1MAGIC the bytes\1\2")),
                     OV_CLEAN);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("\177ELF\1\2 the bytes")),
                     OV_CLEAN);
    help_close(&h);
    help_open(&h, plain);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("\177ELF\1\2 the bytes")),
                     OV_DETECTED);
    help_close(&h);
}

static void patterns_say_of_which_type_text_and_data_are(void **state)
{
    static const char *const rules[] = {
        "a.ndb",
        "Test.Elf:6:*:7468652062797465\n"
        "Test.Html:3:*:7468652062797465\n",
        "a.ftm",
        "1:*:4d41474943:own:CL_TYPE_ANY:CL_TYPE_ELF\n"
        "1:*:504147452e2e:page:CL_TYPE_ANY:CL_TYPE_HTML\n"
        "1:*:50414745212e:of data:CL_TYPE_BINARY_DATA:CL_TYPE_HTML\n",
        NULL};
    struct scan_help h;
    char late[4096];

    (void)state;
    help_open(&h, rules);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("a MAGIC the bytes")),
                     OV_DETECTED);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("\1\2MAGIC the bytes")),
                     OV_DETECTED);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("a MAGI the bytes")), OV_CLEAN);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("PAGE!. the bytes")), OV_CLEAN);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("\1\2\0\1PAGE!. the bytes")),
                     OV_DETECTED);
    memset(late, 'x', sizeof(late));
    memcpy(late + 2000, "PAGE.. the bytes", 16);
    assert_int_equal(
        help_scan(&h, ov_span_of((const uint8_t *)late, sizeof(late))),
        OV_DETECTED);
    memcpy(late + 2000, "MAGIC. the bytes", 16);
    assert_int_equal(
        help_scan(&h, ov_span_of((const uint8_t *)late, sizeof(late))),
        OV_CLEAN);
    help_close(&h);
}

static void a_handler_looks_at_an_object_as_another_type_too(void **state)
{
    static const char *const rules[] = {
        "a.ldb",
        "Test.As;Engine:81-255,HandlerType:CL_TYPE_HTML,Target:0;0;485541\n",
        "b.ndb", "Test.Html:3:*:62616420776f7264\n", NULL};
    struct scan_help h;

    (void)state;
    help_open(&h, rules);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("\1\2HUA <p>BAD</p>  wOrd\3")),
                     OV_DETECTED);
    assert_string_equal(h.names, "Test.As Test.Html ");
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("\1\2HUH <p>BAD</p>  wOrd\3")),
                     OV_CLEAN);
    help_close(&h);
}

static void a_damaged_image_is_never_clean(void **state)
{
    static const char *const rules[] = {"a.ndb", "Test.One:0:*:68656c6c6f\n",
                                        NULL};
    struct scan_help h;
    size_t at;

    (void)state;
    help_open(&h, rules);
    at = h.image->sections[OV_SECTION_MATCH].at;
    memset(h.image->store.is_checked, 0,
           (h.image->store.all.len >> OV_STORE_PAGE_LOG) + 1);
    h.image_bytes.ptr[at + 8] ^= 1;
    assert_int_not_equal(help_scan(&h, OV_SPAN_LIT("say hello")), OV_CLEAN);
    assert_string_equal(h.reasons, "image-damaged:raw ");
    help_close(&h);
}

static void a_damaged_hash_table_is_never_clean(void **state)
{
    static const char *const rules[] = {
        "a.hdb", "00112233445566778899aabbccddeeff:9:Test.Hash\n", NULL};
    struct scan_help h;
    size_t at;

    (void)state;
    help_open(&h, rules);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("say hello")), OV_CLEAN);
    at = h.image->sections[OV_SECTION_HASHES].at;
    memset(h.image->store.is_checked, 0,
           (h.image->store.all.len >> OV_STORE_PAGE_LOG) + 1);
    h.image_bytes.ptr[at + 8] ^= 1;
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("say hello")), OV_INCONCLUSIVE);
    help_close(&h);
}

/* "ab" 600,000 times, then "=7". Of these 524,288 keep their places: half of
 * the budget of matches. */
static struct ov_span make_many(struct ov_buf *ret)
{
    *ret = ov_buf_with_max(1 << 21);
    for (int i = 0; i < 600000; i++)
        ov_put_str(ret, "ab");
    ov_put_str(ret, "=7");
    return ov_buf_span(ret);
}

static void expect_many(const char *name, const char *text,
                        enum ov_verdict want, const char *reasons)
{
    const char *const rules[] = {name, text, NULL};
    struct scan_help h;
    struct ov_buf many;

    help_open(&h, rules);
    if (help_scan(&h, make_many(&many)) != want)
        fail_msg("%s: %d", text, h.outcome.verdict);
    assert_string_equal(h.reasons, reasons);
    help_close(&h);
    ov_buf_done(&many);
}

static void expect_many_yara(const char *condition, enum ov_verdict want)
{
    char rule[200];

    (void)snprintf(rule, sizeof(rule),
                   "rule r { strings: $a = \"ab\" condition: %s }", condition);
    expect_many("r.yar", rule, want,
                want == OV_INCONCLUSIVE ? "limit:max-listed-matches " : "");
}

static void what_depends_on_matches_that_are_not_listed_is_open(void **state)
{
    (void)state;
    expect_many_yara("#a == 600000", OV_DETECTED);
    expect_many_yara("$a in (0..9)", OV_DETECTED);
    expect_many_yara("$a in (1..1)", OV_CLEAN);
    expect_many_yara("#a in (0..9) == 5", OV_DETECTED);
    expect_many_yara("@a[524288] == 1048574", OV_DETECTED);
    expect_many_yara("@a[600001] == 0", OV_CLEAN);
    expect_many_yara("$a in (1200000..1200001)", OV_CLEAN);
    expect_many_yara("$a at 139998", OV_DETECTED);
    expect_many_yara("$a at 1199998", OV_INCONCLUSIVE);
    expect_many_yara("$a in (1048576..1048577)", OV_INCONCLUSIVE);
    expect_many_yara("#a in (0..1048577) == 524288", OV_INCONCLUSIVE);
    expect_many_yara("@a[600000] == 1199998", OV_INCONCLUSIVE);
}

static void a_number_behind_the_last_of_many_matches_is_read(void **state)
{
    (void)state;
    expect_many("a.ldb", "T;Engine:81-255,Target:0;0&1;6162;0(>>3#de1#=7)\n",
                OV_DETECTED, "");
    expect_many("a.ldb", "T;Engine:81-255,Target:0;0&1;6162;0(>>3#de1#=8)\n",
                OV_CLEAN, "");
}

static void a_macro_with_too_many_matches_is_open(void **state)
{
    static const char *const rules[] = {
        "a.ndb", "Member:0:$5:3d37\n", "a.ldb",
        "T;Engine:81-255,Target:0;0&1;6162;${1-9}5$\n", NULL};
    struct scan_help h;
    struct ov_buf many;

    (void)state;
    help_open(&h, rules);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("ab =7 ab")), OV_DETECTED);
    assert_int_equal(help_scan(&h, make_many(&many)), OV_INCONCLUSIVE);
    assert_non_null(strstr(h.reasons, "limit:max-listed-matches "));
    help_close(&h);
    ov_buf_done(&many);
}

OV_TEST_MAIN(OV_TEST(a_body_rule_finds_its_bytes),
             OV_TEST(without_all_matches_the_first_ends_the_scan),
             OV_TEST(a_digest_on_the_allow_list_clears_what_is_inside),
             OV_TEST(a_file_over_a_limit_is_inconclusive),
             OV_TEST(own_magics_take_the_place_of_the_built_in_ones),
             OV_TEST(patterns_say_of_which_type_text_and_data_are),
             OV_TEST(what_depends_on_matches_that_are_not_listed_is_open),
             OV_TEST(a_number_behind_the_last_of_many_matches_is_read),
             OV_TEST(a_macro_with_too_many_matches_is_open),
             OV_TEST(a_handler_looks_at_an_object_as_another_type_too),
             OV_TEST(a_damaged_hash_table_is_never_clean),
             OV_TEST(a_damaged_image_is_never_clean))
