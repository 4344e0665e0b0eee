/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "formats/alert.h"
#include "test.h"

/* Comparison with clamscan on many more: tests/oracle/alerts.py. */

typedef enum ov_status (*check_fn)(const struct ov_alert_job *job,
                                   const char **ret);

static const char *alert_of(check_fn check, struct ov_span bytes)
{
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_alert_job job = {bytes, arena, &budget};
    const char *name = "none asked";

    assert_non_null(arena);
    assert_int_equal(check(&job, &name), OV_OK);
    return name;
}

#define OBJECT(text) OV_SPAN_LIT("%PDF-1.4\n1 0 obj\n" text "\nendobj\n")

static void names_in_disguise_are_told(void **state)
{
    static const char name[] = "Heuristics.PDF.ObfuscatedNameObject";

    (void)state;
    assert_string_equal(alert_of(ov_alert_pdf, OBJECT("<< /Fl#61teDecode >>")),
                        name);
    assert_string_equal(
        alert_of(ov_alert_pdf, OBJECT("<</A<</B[/#46lateDecode]>>>>")), name);
    assert_null(alert_of(ov_alert_pdf, OBJECT("<< /FlateDecode >>")));
    assert_null(alert_of(ov_alert_pdf, OBJECT("<< /Fl#61teDecodes >>")));
    assert_null(alert_of(ov_alert_pdf, OBJECT("<< /A (/Fl#61teDecode) >>")));
    assert_null(alert_of(ov_alert_pdf, OBJECT("/Fl#61teDecode")));
}

static void comments_without_room_are_told(void **state)
{
    (void)state;
    assert_string_equal(
        alert_of(ov_alert_jpeg,
                 OV_SPAN_LIT("\xff\xd8\xff\xe0\0\4ab\xff\xfe\0\1")),
        "Heuristics.Exploit.W32.MS04-028");
    assert_null(alert_of(ov_alert_jpeg,
                         OV_SPAN_LIT("\xff\xd8\xff\xe0\0\4ab\xff\xfe\0\2")));
    assert_null(alert_of(ov_alert_jpeg, OV_SPAN_LIT("\xff\xd8\xff\xda\0\4ab"
                                                    "\xff\xfe\0\1")));
}

static void cursors_with_another_header_are_told(void **state)
{
    (void)state;
    assert_string_equal(
        alert_of(ov_alert_riff, OV_SPAN_LIT("RIFF\x20\0\0\0ACONLIST\4\0\0\0fram"
                                            "anih\x25\0\0\0")),
        "Heuristics.Exploit.W32.MS05-002");
    assert_null(alert_of(ov_alert_riff, OV_SPAN_LIT("RIFF\x10\0\0\0ACONanih"
                                                    "\x24\0\0\0")));
    assert_null(alert_of(ov_alert_riff, OV_SPAN_LIT("RIFF\x10\0\0\0WAVEanih"
                                                    "\x25\0\0\0")));
}

/* n stored members of one byte that say they have size bytes. */
static void make_zip(struct ov_buf *b, unsigned n, uint32_t size)
{
    uint32_t directory = n * 32;

    for (unsigned i = 0; i < n; i++) {
        ov_put_span(b, OV_SPAN_LIT("PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0"));
        ov_put_u32(b, size);
        ov_put_u32(b, size);
        ov_put_u32(b, 1); /* name, no extra field */
        ov_put_span(b, OV_SPAN_LIT("nx"));
    }
    for (unsigned i = 0; i < n; i++) {
        ov_put_span(b, OV_SPAN_LIT("PK\1\2\24\0\24\0\0\0\0\0\0\0\0\0\0\0\0\0"));
        ov_put_u32(b, size);
        ov_put_u32(b, size);
        ov_put_u32(b, 1);
        ov_put_u32(b, 0);
        ov_put_u32(b, 0);
        ov_put_u16(b, 0);
        ov_put_u32(b, i * 32);
        ov_put_span(b, OV_SPAN_LIT("n"));
    }
    ov_put_span(b, OV_SPAN_LIT("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0"));
    ov_put_u32(b, directory);
    ov_put_u16(b, 0);
}

static const char *zip_alert(unsigned n, uint32_t size)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);

    make_zip(&b, n, size);
    return alert_of(ov_alert_zip, ov_buf_span(&b));
}

static void members_that_share_bytes_are_told(void **state)
{
    (void)state;
    assert_string_equal(zip_alert(7, 10), "Heuristics.Zip.OverlappingFiles");
    assert_null(zip_alert(6, 10));
    assert_null(zip_alert(7, 1));
    assert_null(zip_alert(7, 3)); /* two bytes are forgiven */
    assert_null(zip_alert(7, 1 << 20));
}

static void large_dictionaries_are_told(void **state)
{
    (void)state;
    assert_string_equal(
        alert_of(ov_alert_xz, OV_SPAN_LIT("\xfd"
                                          "7zXZ\0\0\0cccc\2\0\x21\1\x25")),
        "Heuristics.XZ.DicSizeLimit");
    assert_null(
        alert_of(ov_alert_xz, OV_SPAN_LIT("\xfd"
                                          "7zXZ\0\0\0cccc\2\0\x21\1\x24")));
}

OV_TEST_MAIN(OV_TEST(names_in_disguise_are_told),
             OV_TEST(comments_without_room_are_told),
             OV_TEST(cursors_with_another_header_are_told),
             OV_TEST(members_that_share_bytes_are_told),
             OV_TEST(large_dictionaries_are_told))
