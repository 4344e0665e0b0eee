/* SPDX-License-Identifier: Apache-2.0
 *
 * Compound files made by hand: the FAT in sector 0, the directory in 1, the
 * mini FAT in 2, the mini stream in 3, other streams behind. */
#include "formats/ole2_inner.h"
#include "unpack_help.h"

#define SECTOR 512
#define FREE 0xffffffffu
#define END 0xfffffffeu

static void pad(struct ov_buf *b, size_t to)
{
    while (b->len < to)
        ov_put_u8(b, 0);
}

static void put_entry(struct ov_buf *b, const char *name, uint8_t type,
                      uint32_t start, uint32_t size)
{
    size_t begin = b->len;

    for (size_t i = 0; i < strlen(name); i++)
        ov_put_u16(b, (uint16_t)name[i]);
    pad(b, begin + 64);
    ov_put_u16(b, (uint16_t)(2 * strlen(name) + 2));
    ov_put_u8(b, type);
    pad(b, begin + 116);
    ov_put_u32(b, start);
    ov_put_u32(b, size);
    pad(b, begin + 128);
}

/* One stream of the name, in mini sectors if it is short. fat: what the FAT
 * says of the stream's first sector (4). */
static struct ov_buf compound(const char *name, struct ov_span stream,
                              uint32_t cutoff, uint32_t fat)
{
    struct ov_buf b = ov_buf_with_max(1 << 20);
    bool is_mini = stream.len < cutoff;

    ov_put_span(&b, OV_SPAN_LIT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"));
    pad(&b, 30);
    ov_put_u16(&b, 9);
    ov_put_u16(&b, 6);
    pad(&b, 44);
    ov_put_u32(&b, 1);
    ov_put_u32(&b, 1); /* directory */
    ov_put_u32(&b, 0);
    ov_put_u32(&b, cutoff);
    ov_put_u32(&b, 2); /* mini FAT */
    ov_put_u32(&b, 1);
    ov_put_u32(&b, END);
    ov_put_u32(&b, 0);
    ov_put_u32(&b, 0); /* the FAT is in sector 0 */
    while (b.len < SECTOR)
        ov_put_u32(&b, FREE);

    ov_put_u32(&b, 0xfffffffdu);
    for (int i = 0; i < 3; i++)
        ov_put_u32(&b, END);
    ov_put_u32(&b, fat);
    ov_put_u32(&b, END);
    while (b.len < 2 * SECTOR)
        ov_put_u32(&b, FREE);

    put_entry(&b, "Root Entry", 5, 3, SECTOR);
    put_entry(&b, name, 2, is_mini ? 1 : 4, (uint32_t)stream.len);
    pad(&b, 3 * SECTOR);

    ov_put_u32(&b, END);
    for (uint32_t i = 2; i < 8; i++)
        ov_put_u32(&b, i);
    ov_put_u32(&b, END);
    while (b.len < 4 * SECTOR)
        ov_put_u32(&b, FREE);

    pad(&b, 4 * SECTOR + 64);
    if (is_mini)
        ov_put_span(&b, stream);
    pad(&b, 5 * SECTOR);
    if (!is_mini)
        ov_put_span(&b, stream);
    pad(&b, (b.len + SECTOR - 1) / SECTOR * SECTOR);
    return b;
}

static void streams_come_from_both_kinds_of_sectors(void **state)
{
    static const char text[] = "some sixty-four bytes and more, so that the "
                               "stream needs a second mini sector, too";

    (void)state;
    for (uint32_t cutoff = 0; cutoff <= 4096; cutoff += 4096) {
        struct ov_buf file = compound("Stream", ov_span_str(text), cutoff, END);
        struct ov_opened o;

        assert_int_equal(opened(&o, OV_TYPE_OLE2, ov_buf_span(&file)), OV_OK);
        expect_member(&o, "Stream", text);
        expect_end(&o);
        closed(&o);
        ov_buf_done(&file);
    }
}

static void a_chain_in_circles_ends(void **state)
{
    struct ov_buf stream = ov_buf_with_max(1 << 20);
    struct ov_buf file;
    struct ov_opened o;

    (void)state;
    pad(&stream, 1000);
    /* The first sector is followed by itself; the entry claims more. */
    file = compound("Stream", ov_buf_span(&stream), 0, 4);
    file.ptr[2 * SECTOR + 128 + 123] = 0x7f;
    assert_int_equal(opened(&o, OV_TYPE_OLE2, ov_buf_span(&file)), OV_OK);
    take_member(&o);
    assert_int_equal(o.read_status, OV_TRUNCATED);
    assert_true(o.bytes.len <= file.len + SECTOR);
    expect_end(&o);
    closed(&o);
    ov_buf_done(&stream);
    ov_buf_done(&file);
}

static void a_package_gives_its_file(void **state)
{
    struct ov_span stream =
        OV_SPAN_LIT("\x2b\0\0\0\2\0a.exe\0C:\\a.exe\0\0\0\3\0\4\0\0\0tmp\0"
                    "\5\0\0\0hello");
    struct ov_buf file = compound("\1Ole10Native", stream, 4096, END);
    struct ov_opened o;

    (void)state;
    assert_int_equal(opened(&o, OV_TYPE_OLE2, ov_buf_span(&file)), OV_OK);
    take_member(&o);
    expect_member(&o, "a.exe", "hello");
    expect_end(&o);
    closed(&o);
    ov_buf_done(&file);
}

/* [MS-OVBA] 3.2.2 and 3.2.3, the examples. */
static void compressed_source_is_decompressed(void **state)
{
    static const struct {
        struct ov_span packed;
        const char *text;
    } cases[] = {
        {{(const uint8_t *)"\x01\x19\xb0\0abcdefgh\0ijklmnop\0qrstuv.", 29},
         "abcdefghijklmnopqrstuv."},
        {{(const uint8_t *)"\x01\x2f\xb0\0#aaabcde\x82"
                           "f\0\x70"
                           "aghij\x01\x38\x08"
                           "akl\0\x30mnop\x06q\x02p\x04\x10rstuv\x10wxyz\0<",
          51},
         "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct ov_budget budget = ov_budget_default();
        struct ov_buf into = ov_buf_with_max(1000);

        assert_int_equal(ov_vba_decompress(cases[i].packed, &budget, &into),
                         OV_OK);
        assert_int_equal(into.len, strlen(cases[i].text));
        assert_memory_equal(into.ptr, cases[i].text, into.len);
        ov_buf_done(&into);
    }
}

static void a_module_is_followed_by_its_source(void **state)
{
    struct ov_span stream =
        OV_SPAN_LIT("compiled\x01\x10\xb0\0Attribut\0e VB_Na");
    struct ov_buf file = compound("Module1", stream, 4096, END);
    struct ov_opened o;

    (void)state;
    assert_int_equal(opened(&o, OV_TYPE_OLE2, ov_buf_span(&file)), OV_OK);
    take_member(&o);
    expect_member(&o, "Module1", "Attribute VB_Na");
    assert_int_equal(o.member.type, OV_TYPE_VBA);
    expect_end(&o);
    closed(&o);
    ov_buf_done(&file);
}

static void encrypted_documents_are_told(void **state)
{
    struct ov_buf file =
        compound("EncryptedPackage", OV_SPAN_LIT("abc"), 4096, END);
    struct ov_opened o;

    (void)state;
    assert_int_equal(opened(&o, OV_TYPE_OLE2, ov_buf_span(&file)), OV_OK);
    take_member(&o);
    assert_true(o.member.is_encrypted);
    assert_int_equal(o.read_status, OV_ENCRYPTED);
    closed(&o);
    ov_buf_done(&file);
    assert_true(
        ov_ole2_is_encrypted(OV_SPAN_LIT("WordDocument"),
                             OV_SPAN_LIT("\xec\xa5\0\0\0\0\0\0\0\0\0\1")));
}

OV_TEST_MAIN(OV_TEST(streams_come_from_both_kinds_of_sectors),
             OV_TEST(a_chain_in_circles_ends),
             OV_TEST(a_package_gives_its_file),
             OV_TEST(compressed_source_is_decompressed),
             OV_TEST(a_module_is_followed_by_its_source),
             OV_TEST(encrypted_documents_are_told))
