/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/export.h"
#include "test.h"

static bool translate(const char *line, struct ov_buf *b, const char **why)
{
    ov_buf_clear(b);
    return ov_export_ndb(ov_span_str(line), 7, b, why);
}

static bool says(const struct ov_buf *b, const char *text)
{
    return ov_span_find(ov_buf_span(b), ov_span_str(text), 0) != SIZE_MAX;
}

static void gaps_and_alternatives_are_translated(void **state)
{
    static const char *const lines[][3] = {
        {"A-1:0:*:4d5a{10-20}5045", "{ 4d5a [10-20] 5045 }", "$a\n"},
        {"A:1:*:aa??b?*cc", "{ aa??b? [-] cc }",
         "uint16(0) == 0x5a4d and $a\n"},
        {"A:6:12:aabb{-3}cc{4}dd", "{ aabb [0-3] cc [4] dd }",
         "uint32(0) == 0x464c457f and $a in (12..12)\n"},
        {"A:0:EOF-9:aa(bb|cc)dd", "{ aa ( bb | cc ) dd }",
         "$a at filesize - 9\n"},
        {"A:0:5,3:aabb{2-}cc:51:99", "{ aabb [2-] cc }", "$a in (5..8)\n"},
    };
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    const char *why = "";

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (!translate(lines[i][0], &b, &why))
            fail_msg("%s: %s", lines[i][0], why);
        if (!says(&b, lines[i][1]) || !says(&b, lines[i][2]))
            fail_msg("%.*s", (int)b.len, (const char *)b.ptr);
    }
}

static void a_name_becomes_an_identifier(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    const char *why = "";

    (void)state;
    assert_true(translate("Win.Trojan-\"x\":0:*:aabb", &b, &why));
    assert_true(says(&b, "rule N7_Win_Trojan__x_ {"));
    assert_true(says(&b, "name = \"Win.Trojan-\\\"x\\\"\""));
}

static void what_has_no_counterpart_is_told(void **state)
{
    static const char *const lines[] = {
        "A",
        "A:0:*",
        "A:0:*:",
        "A:4:*:aabb",
        "A:1:EP+0:aabb",
        "A:0:*:*aabb",
        "A:0:*:aabb*",
        "A:0:*:aabb{3",
        "A:0:*:aabb{3-x}cc",
        "A:0:*:aabb{1}{2}cc",
        "A:0:*:aabb[1-2]cc",
        "A:0:*:aa!(bb|cc)dd",
        "A:0:*:aa(bb|(cc|dd))ee",
        "A:0:*:aa|bb",
        "A:0:*:aa(bb",
        "A:0:*:aab",
        "A:0:*:(B)aabb",
    };
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const char *why = "";

        if (translate(lines[i], &b, &why))
            fail_msg("%s: %.*s", lines[i], (int)b.len, (const char *)b.ptr);
        assert_int_equal(b.len, 0);
        assert_true(why[0] != '\0');
    }
}

OV_TEST_MAIN(OV_TEST(gaps_and_alternatives_are_translated),
             OV_TEST(a_name_becomes_an_identifier),
             OV_TEST(what_has_no_counterpart_is_told))
