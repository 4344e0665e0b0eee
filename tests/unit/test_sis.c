/* SPDX-License-Identifier: Apache-2.0
 *
 * Symbian packages made by hand, in both layouts. */
#include <zlib.h>

#include "unpack_help.h"

#define FILES_AT 0x54

static void put_zeros(struct ov_buf *b, size_t n)
{
    while (n-- > 0)
        ov_put_u8(b, 0);
}

/* The header of release 6, of two languages, whose options are given. */
static struct ov_buf old_header(unsigned n_records, unsigned options)
{
    struct ov_buf b = ov_buf_with_max(1 << 16);

    ov_put_u32(&b, 0x10000001);
    ov_put_u32(&b, 0x10003a12);
    ov_put_u32(&b, 0x10000419);
    ov_put_u32(&b, 0);
    ov_put_u16(&b, 0);
    ov_put_u16(&b, 2);
    ov_put_u16(&b, (uint16_t)n_records);
    put_zeros(&b, 36 - b.len);
    ov_put_u16(&b, (uint16_t)options);
    put_zeros(&b, 52 - b.len);
    ov_put_u32(&b, FILES_AT);
    put_zeros(&b, FILES_AT - b.len);
    return b;
}

/* A record of n files, each 5 bytes long, the first at `at`. */
static void put_files(struct ov_buf *b, unsigned n, uint32_t at, uint32_t len)
{
    ov_put_u32(b, n > 1);
    put_zeros(b, 16);
    ov_put_u32(b, 6);
    ov_put_u32(b, 0x200);
    for (unsigned i = 0; i < n; i++)
        ov_put_u32(b, len);
    for (unsigned i = 0; i < n; i++)
        ov_put_u32(b, at + i * len);
    for (unsigned i = 0; i < n; i++)
        ov_put_u32(b, 5);
    put_zeros(b, 8);
}

static void files_of_both_kinds_are_members(void **state)
{
    struct ov_buf b = old_header(5, 9);
    struct ov_opened o;

    (void)state;
    ov_put_u32(&b, 3); /* if: 4 bytes of a condition */
    ov_put_u32(&b, 4);
    ov_put_u32(&b, 99);
    put_files(&b, 1, 0x210, 5);
    ov_put_u32(&b, 2); /* one option: two names, what is chosen */
    ov_put_u32(&b, 1);
    put_zeros(&b, 32);
    put_files(&b, 2, 0x215, 5);
    ov_put_u32(&b, 6);
    put_zeros(&b, 0x200 - b.len);
    ov_put_span(&b, OV_SPAN_LIT("a\0\xe4\0b\0"));
    put_zeros(&b, 0x210 - b.len);
    ov_put_str(&b, "firstsecndthird");
    assert_int_equal(opened(&o, OV_TYPE_SIS, ov_buf_span(&b)), OV_OK);
    expect_member(&o,
                  "a\xc3\xa4"
                  "b",
                  "first");
    expect_member(&o,
                  "a\xc3\xa4"
                  "b",
                  "secnd");
    expect_member(&o,
                  "a\xc3\xa4"
                  "b",
                  "third");
    expect_end(&o);
    closed(&o);
    ov_buf_done(&b);
}

static void packed_files_are_unpacked(void **state)
{
    struct ov_buf b = old_header(1, 0);
    struct ov_opened o;
    uint8_t packed[64];
    uLongf len = sizeof(packed);

    (void)state;
    assert_int_equal(compress(packed, &len, (const Bytef *)"inner", 5), Z_OK);
    put_files(&b, 1, 0x210, (uint32_t)len);
    put_zeros(&b, 0x200 - b.len);
    ov_put_str(&b, "!:\\n.x");
    put_zeros(&b, 0x210 - b.len);
    ov_put_span(&b, ov_span_of(packed, len));
    assert_int_equal(opened(&o, OV_TYPE_SIS, ov_buf_span(&b)), OV_OK);
    expect_member(&o, "!:\\n.x", "inner");
    expect_end(&o);
    closed(&o);
    ov_buf_done(&b);
}

static void an_unknown_record_ends_the_list(void **state)
{
    struct ov_buf b = old_header(2, 8);
    struct ov_opened o;

    (void)state;
    put_files(&b, 1, 0, 4);
    ov_put_u32(&b, 77);
    assert_int_equal(opened(&o, OV_TYPE_SIS, ov_buf_span(&b)), OV_OK);
    take_member(&o);
    assert_int_equal(ov_unpacker_next(o.unpacker, &o.member), OV_MALFORMED);
    closed(&o);
    ov_buf_done(&b);
}

/* ---- from release 9 on ---- */

/* A field whose content is a head of its own and what is in it. */
static struct ov_buf field(uint32_t type, struct ov_span head,
                           struct ov_span content)
{
    struct ov_buf b = ov_buf_with_max(1 << 16);

    ov_put_u32(&b, type);
    ov_put_u32(&b, (uint32_t)(head.len + content.len));
    ov_put_span(&b, head);
    ov_put_span(&b, content);
    ov_put_align(&b, 4);
    return b;
}

/* As above, about the content of another one. */
static void wrap(struct ov_buf *b, uint32_t type, struct ov_span head)
{
    struct ov_buf outer = field(type, head, ov_buf_span(b));

    ov_buf_done(b);
    *b = outer;
}

#define HOW(how) OV_SPAN_LIT(how "\0\0\0\5\0\0\0\0\0\0\0")

/* Contents: a controller, then data of one unit with two files. */
static struct ov_buf tree(void)
{
    uint8_t packed[64];
    uLongf len = sizeof(packed);
    struct ov_buf b, controller, other;
    struct ov_buf all = ov_buf_with_max(1 << 16);

    assert_int_equal(compress(packed, &len, (const Bytef *)"inner", 5), Z_OK);
    controller = field(3, HOW("\0"), OV_SPAN_LIT("nofil"));
    b = field(3, HOW("\0"), OV_SPAN_LIT("plain"));
    other = field(3, HOW("\1"), ov_span_of(packed, len));
    wrap(&b, 32, OV_SPAN_LIT(""));
    wrap(&other, 32, OV_SPAN_LIT(""));
    /* in an array there is one type for all */
    ov_put_span(&b, ov_span_clip(ov_buf_span(&other), 4, other.len));
    wrap(&b, 2, OV_SPAN_LIT(""));
    wrap(&b, 31, OV_SPAN_LIT(""));
    wrap(&b, 2, OV_SPAN_LIT(""));
    wrap(&b, 30, OV_SPAN_LIT(""));
    ov_put_span(&controller, ov_buf_span(&b));
    wrap(&controller, 12, OV_SPAN_LIT(""));
    ov_put_u32(&all, 0x10201a7a);
    put_zeros(&all, 12);
    ov_put_span(&all, ov_buf_span(&controller));
    ov_buf_done(&b);
    ov_buf_done(&other);
    ov_buf_done(&controller);
    return all;
}

static void fields_of_a_tree_are_members_but_for_the_controller(void **state)
{
    struct ov_buf b = tree();
    struct ov_opened o;

    (void)state;
    assert_int_equal(ov_type_identify(ov_buf_span(&b)), OV_TYPE_SIS);
    assert_int_equal(opened(&o, OV_TYPE_SIS, ov_buf_span(&b)), OV_OK);
    expect_member(&o, "file", "plain");
    expect_member(&o, "file", "inner");
    expect_end(&o);
    closed(&o);
    ov_buf_done(&b);
}

static void a_field_that_is_longer_than_what_holds_it_is_told(void **state)
{
    struct ov_buf b = tree();
    struct ov_opened o;

    (void)state;
    b.ptr[24 + 4 + 2] = 1;
    assert_int_equal(opened(&o, OV_TYPE_SIS, ov_buf_span(&b)), OV_OK);
    assert_int_equal(ov_unpacker_next(o.unpacker, &o.member), OV_TRUNCATED);
    closed(&o);
    ov_buf_done(&b);
}

OV_TEST_MAIN(OV_TEST(files_of_both_kinds_are_members),
             OV_TEST(packed_files_are_unpacked),
             OV_TEST(an_unknown_record_ends_the_list),
             OV_TEST(fields_of_a_tree_are_members_but_for_the_controller),
             OV_TEST(a_field_that_is_longer_than_what_holds_it_is_told))
