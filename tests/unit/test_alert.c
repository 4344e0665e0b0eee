/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "formats/alert.h"
#include "test.h"

/* Comparison with clamscan on many more: tests/oracle/alerts.py. */

typedef enum ov_status (*check_fn)(const struct ov_alert_job *job,
                                   const char **ret);

/* What is asked of text. */
static uint32_t wanted;
static uint64_t bounds[OV_N_BOUNDS];
static const char *stream;

static const char *alert_of(check_fn check, struct ov_span bytes)
{
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_alert_job job = {.bytes = bytes,
                               .name =
                                   ov_span_str(stream != NULL ? stream : ""),
                               .arena = arena,
                               .budget = &budget,
                               .wanted = wanted,
                               .bounds = bounds};
    const char *name = "none asked";

    assert_non_null(arena);
    assert_int_equal(check(&job, &name), OV_OK);
    return name;
}

static const char *cards_of(uint64_t enough, const char *text)
{
    bounds[OV_BOUND_CARDS] = enough;
    return alert_of(ov_alert_cards, ov_span_str(text));
}

static void cards_are_told_by_issuer_length_and_luhn(void **state)
{
    static const char alert[] = "Heuristics.Structured.CreditCardNumber";

    (void)state;
    wanted = 0;
    assert_string_equal(cards_of(1, "x 4111111111111111"), alert);
    assert_string_equal(cards_of(1, "x4111-1111 1111  1111y"), alert);
    assert_string_equal(cards_of(1, "378282246310005 5"), alert);
    assert_string_equal(cards_of(2, "378282246310005\n4111111111111111"),
                        alert);
    assert_null(cards_of(2, "378282246310005"));
    assert_null(cards_of(1, "4111111111111112"));
    assert_null(cards_of(1, "411111111111111"));
    assert_null(cards_of(1, "04111111111111111"));
    assert_null(cards_of(1, "41111111111111110"));
    assert_null(cards_of(1, "4-1-1-1-1-1-1-1-1-1111111"));
    assert_null(cards_of(1, "4111.1111.1111.1111"));
    assert_null(cards_of(1, "0000000000000000"));
    assert_null(cards_of(1, ""));
}

static void cards_of_stores_are_no_credit_cards(void **state)
{
    (void)state;
    wanted = 0;
    assert_non_null(cards_of(1, "5000000000000009"));
    wanted = 1u << OV_ALERT_CREDIT_CARDS;
    assert_null(cards_of(1, "5000000000000009"));
    assert_non_null(cards_of(1, "4111111111111111"));
}

static const char *security_of(uint32_t forms, const char *text)
{
    wanted = forms;
    bounds[OV_BOUND_SECURITY] = 1;
    return alert_of(ov_alert_security, ov_span_str(text));
}

static void security_numbers_are_told_with_and_without_dashes(void **state)
{
    static const uint32_t dashes = 1u << OV_ALERT_SECURITY_DASHES;
    static const uint32_t plain = 1u << OV_ALERT_SECURITY_PLAIN;

    (void)state;
    assert_string_equal(security_of(dashes, "a772-01-0001b"),
                        "Heuristics.Structured.SSN");
    assert_non_null(security_of(plain, "772010001"));
    assert_null(security_of(plain, "772-01-0001"));
    assert_null(security_of(dashes, "772010001"));
    assert_non_null(security_of(dashes | plain, "772010001"));
    assert_null(security_of(dashes, "773-01-0001"));
    assert_null(security_of(dashes, "666-01-0001"));
    assert_null(security_of(dashes, "000-01-0001"));
    assert_null(security_of(dashes, "123-00-0001"));
    assert_null(security_of(dashes, "123-01-0000"));
    assert_null(security_of(dashes, "1123-01-0001"));
    assert_null(security_of(dashes, "123-01-00011"));
    assert_null(security_of(dashes, "123-01-000"));
    assert_null(security_of(dashes, "123-01 0001"));
}

#define PNG_START "\x89PNG\r\n\x1a\n"
#define PNG_HEADER "\0\0\0\x0dIHDR\0\0\0\4\0\0\0\4\x08\2\0\0\0....."

static void expect(check_fn check, struct ov_span bytes, const char *fault)
{
    const char *alert = alert_of(check, bytes);

    if (fault == NULL) {
        assert_null(alert);
        return;
    }
    assert_non_null(alert);
    assert_string_equal(alert + strlen("Heuristics.Broken.Media."), fault);
}

static void pngs_are_cut_inside_of_chunks_only(void **state)
{
    struct ov_span head = ov_span_of((const uint8_t *)PNG_START PNG_HEADER, 33);

    (void)state;
    expect(ov_alert_png, head, NULL);
    expect(ov_alert_png, ov_span_clip(head, 0, 11), NULL);
    expect(ov_alert_png, ov_span_clip(head, 0, 15), "PNG.EOFReadingChunkType");
    expect(ov_alert_png, ov_span_clip(head, 0, 28), "PNG.EOFReadingChunk");
    expect(ov_alert_png, ov_span_clip(head, 0, 32), "PNG.EOFReadingChunkCRC");
    expect(ov_alert_png, OV_SPAN_LIT(PNG_START "\x80\0\0\0IDAT"),
           "PNG.InvalidChunkLength");
    expect(ov_alert_png, OV_SPAN_LIT(PNG_START "\0\0\0\0IEND....\0\0\0\0I"),
           NULL);
    expect(ov_alert_png, OV_SPAN_LIT(PNG_START "\0\0\0\2IHDRab"), NULL);
}

#define GIF_START "GIF89a\4\0\4\0\0\0\0"
#define GIF_PICTURE ",\0\0\0\0\4\0\4\0\0\2\1a\0"

static void gifs_need_one_image_and_known_blocks(void **state)
{
    (void)state;
    expect(ov_alert_gif, OV_SPAN_LIT(GIF_START GIF_PICTURE ";"), NULL);
    expect(ov_alert_gif, OV_SPAN_LIT(GIF_START GIF_PICTURE), NULL);
    expect(ov_alert_gif, OV_SPAN_LIT(GIF_START ";"), NULL);
    expect(ov_alert_gif, OV_SPAN_LIT(GIF_START), "GIF.MissingImageData");
    expect(ov_alert_gif, OV_SPAN_LIT("GIF89a\4\0\4\0\0\0"),
           "GIF.TruncatedScreenDescriptor");
    expect(ov_alert_gif, OV_SPAN_LIT("GIF89a\4\0\4\0\x80\0\0abcde"),
           "GIF.TruncatedGlobalColorTable");
    expect(ov_alert_gif, OV_SPAN_LIT(GIF_START ",\0\0\0\0\4\0\4\0"),
           "GIF.TruncatedImageDescriptor");
    expect(ov_alert_gif, OV_SPAN_LIT(GIF_START ",\0\0\0\0\4\0\4\0\0\2\2a"),
           "GIF.TruncatedImageDataBlock");
    expect(ov_alert_gif, OV_SPAN_LIT(GIF_START "!\xfe"),
           "GIF.TruncatedExtension");
    expect(ov_alert_gif, OV_SPAN_LIT(GIF_START "!\xfe\3ab"),
           "GIF.TruncatedExtensionSubBlock");
    expect(ov_alert_gif, OV_SPAN_LIT(GIF_START GIF_PICTURE "-"),
           "GIF.UnknownBlockLabel");
}

#define TIFF_ENTRY "\0\1\3\0\1\0\0\0\4\0\0\0"

static void directories_of_tiffs_follow_each_other(void **state)
{
    (void)state;
    expect(ov_alert_tiff,
           OV_SPAN_LIT("II*\0\x08\0\0\0\1\0" TIFF_ENTRY "\0\0\0\0"), NULL);
    expect(ov_alert_tiff,
           OV_SPAN_LIT("II*\0\x08\0\0\0\1\0" TIFF_ENTRY "\x16\0\0\0"),
           "TIFF.OutOfOrderIFDOffset");
    expect(ov_alert_tiff,
           OV_SPAN_LIT("II*\0\x08\0\0\0\1\0" TIFF_ENTRY "\x40\0\0\0"),
           "TIFF.EOFReadingNumIFDDirectoryEntries");
    expect(ov_alert_tiff,
           OV_SPAN_LIT("II*\0\x08\0\0\0\1\0" TIFF_ENTRY "\0\0\0"),
           "TIFF.EOFReadingChunkCRC");
    expect(ov_alert_tiff, OV_SPAN_LIT("II*\0\x08\0\0\0\1\0\0\1\3\0\1\0\0"),
           "TIFF.EOFReadingIFDEntry");
    expect(ov_alert_tiff,
           OV_SPAN_LIT("MM\0*\0\0\0\x08\0\1\0\1\0\4\0\0\0\4\0\0\0\x0b"
                       "\0\0\0\0"),
           "TIFF.OutOfBoundsAccess");
    expect(ov_alert_tiff, OV_SPAN_LIT("II*\0\0\0\0\0"),
           "TIFF.InvalidIFDOffset");
    expect(ov_alert_tiff, OV_SPAN_LIT("II*\0\x08\0\0"),
           "TIFF.EOFReadingFirstIFDOffset");
}

#define JFIF "\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
#define EXIF                                                                   \
    "\xff\xe1\0\x10"                                                           \
    "Exif\0\0II*\0\x08\0\0\0"
#define OTHER "\xff\xdb\0\4ab"
#define SCAN "\xff\xda\0\4abcd"

static void headers_of_jpegs_have_their_order(void **state)
{
    (void)state;
    expect(ov_alert_jpeg_damage, OV_SPAN_LIT("\xff\xd8" JFIF EXIF SCAN), NULL);
    expect(ov_alert_jpeg_damage, OV_SPAN_LIT("\xff\xd8" EXIF JFIF SCAN), NULL);
    expect(ov_alert_jpeg_damage, OV_SPAN_LIT("\xff\xd8" JFIF JFIF SCAN),
           "JPEG.JFIFdupAppMarker");
    expect(ov_alert_jpeg_damage, OV_SPAN_LIT("\xff\xd8" EXIF EXIF SCAN),
           "JPEG.ExifDupAppMarker");
    expect(ov_alert_jpeg_damage, OV_SPAN_LIT("\xff\xd8" OTHER JFIF SCAN),
           "JPEG.JFIFmarkerBadPosition");
    expect(ov_alert_jpeg_damage,
           OV_SPAN_LIT("\xff\xd8" JFIF OTHER OTHER EXIF SCAN),
           "JPEG.ExifHeaderBadPosition");
    expect(ov_alert_jpeg_damage, OV_SPAN_LIT("\xff\xd8\xff\xe0\0\7JFIF\0" SCAN),
           "JPEG.JFIFheaderTooShort");
    expect(ov_alert_jpeg_damage, OV_SPAN_LIT("\xff\xd8" JFIF),
           "JPEG.CantReadSegmentSize");
    expect(ov_alert_jpeg_damage,
           OV_SPAN_LIT("\xff\xd8" JFIF "0123456789abcdef" SCAN),
           "JPEG.SpuriousBytesBeforeSegment");
    expect(ov_alert_jpeg_damage, OV_SPAN_LIT("\xff\xd8\xff\xdb\0\1abc"),
           "JPEG.InvalidSegmentSize");
    expect(ov_alert_jpeg_damage,
           OV_SPAN_LIT("\xff\xd8\xff\xdb\0\x20"
                       "abc"),
           "JPEG.SegmentDataOutOfFile");
    expect(ov_alert_jpeg_damage, OV_SPAN_LIT("\xff\xd8" JFIF "\xff\xd9\0\2x"),
           "JPEG.NoImages");
    expect(ov_alert_jpeg_damage,
           OV_SPAN_LIT("\xff\xd8" JFIF "\xff\xf2\0\2" SCAN),
           "JPEG.DTTMissingDTISegment");
}

static void streams_that_say_macros_are_told(void **state)
{
    static const char vba[] = "Heuristics.OLE2.ContainsMacros.VBA";
    static const char xlm[] = "Heuristics.OLE2.ContainsMacros.XLM";
    struct ov_span dir = OV_SPAN_LIT("\1\x0c\xb0\0\1\0\4\0\0\0\1\0\0\0\0");

    (void)state;
    stream = "Dir";
    assert_string_equal(alert_of(ov_alert_macros, dir), vba);
    assert_null(alert_of(ov_alert_macros, ov_span_clip(dir, 1, dir.len)));
    assert_null(alert_of(ov_alert_macros, OV_SPAN_LIT("")));
    stream = "dirs";
    assert_null(alert_of(ov_alert_macros, dir));
    stream = "Workbook";
    assert_string_equal(
        alert_of(ov_alert_macros, OV_SPAN_LIT("\x09\x08\1\0x"
                                              "\x85\0\6\0abcde\1")),
        xlm);
    assert_null(alert_of(ov_alert_macros,
                         OV_SPAN_LIT("\x09\x08\1\0x\x85\0\6\0abcde\0")));
    assert_null(alert_of(ov_alert_macros,
                         OV_SPAN_LIT("\x09\x08\1\0x\x85\0\7\0abcde\1")));
    stream = NULL;
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

OV_TEST_MAIN(OV_TEST(cards_are_told_by_issuer_length_and_luhn),
             OV_TEST(cards_of_stores_are_no_credit_cards),
             OV_TEST(security_numbers_are_told_with_and_without_dashes),
             OV_TEST(streams_that_say_macros_are_told),
             OV_TEST(pngs_are_cut_inside_of_chunks_only),
             OV_TEST(gifs_need_one_image_and_known_blocks),
             OV_TEST(directories_of_tiffs_follow_each_other),
             OV_TEST(headers_of_jpegs_have_their_order),
             OV_TEST(names_in_disguise_are_told),
             OV_TEST(comments_without_room_are_told),
             OV_TEST(cursors_with_another_header_are_told),
             OV_TEST(members_that_share_bytes_are_told),
             OV_TEST(large_dictionaries_are_told))
