/* SPDX-License-Identifier: Apache-2.0 */
#include <libdeflate.h>

#include "formats/embedded.h"
#include "formats/unpack.h"
#include "make_exe.h"
#include "test.h"

static void put_noise(struct ov_buf *b, size_t n)
{
    while (n-- > 0)
        ov_put_u8(b, (uint8_t)(n * 37 | 0x80));
}

/* One stored member, and the end record. */
static void put_zip(struct ov_buf *b)
{
    ov_put_str(b, "PK\x03\x04\x14");
    make_zeros(b, b->len + 13);
    ov_put_u32(b, 5);
    ov_put_u32(b, 5);
    ov_put_u16(b, 1);
    ov_put_u16(b, 0);
    ov_put_str(b, "ahello");
    ov_put_str(b, "PK\x05\x06");
    make_zeros(b, b->len + 18);
}

static void put_7z(struct ov_buf *b)
{
    size_t at = b->len + 12;

    ov_put_str(b, "7z\xbc\xaf\x27\x1c");
    ov_put_u16(b, 0x400);
    ov_put_u32(b, 0);
    ov_put_u64(b, 10);
    ov_put_u64(b, 6);
    ov_put_u32(b, 0);
    for (int i = 0; i < 4; i++)
        b->ptr[at - 4 + (size_t)i] =
            (uint8_t)(libdeflate_crc32(0, b->ptr + at, 20) >> 8 * i);
    put_noise(b, 16);
}

static void put_cab(struct ov_buf *b)
{
    ov_put_str(b, "MSCF");
    ov_put_u32(b, 0);
    ov_put_u32(b, 60);
    ov_put_u32(b, 0);
    ov_put_u32(b, 44);
    ov_put_u32(b, 0);
    ov_put_u16(b, 0x103);
    put_noise(b, 34);
}

static size_t find(const struct ov_buf *b, struct ov_embedded *ret)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_embedded_list list;

    assert_int_equal(ov_type_embedded(ov_buf_span(b), &budget, &list), OV_OK);
    memcpy(ret, list.items, list.n * sizeof(*ret));
    return list.n;
}

static void archives_behind_something_else_are_found(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct ov_embedded e[OV_EMBEDDED_MAX];
    size_t zip, seven, cab;

    (void)state;
    put_noise(&b, 100);
    zip = b.len;
    put_zip(&b);
    put_noise(&b, 100);
    seven = b.len;
    put_7z(&b);
    put_noise(&b, 100);
    cab = b.len;
    put_cab(&b);
    put_noise(&b, 100);
    assert_int_equal(find(&b, e), 3);
    assert_int_equal(e[0].type, OV_TYPE_ZIP);
    assert_int_equal(e[0].at, zip);
    assert_int_equal(e[0].len, 30 + 6 + 22);
    assert_int_equal(e[1].type, OV_TYPE_7Z);
    assert_int_equal(e[1].at, seven);
    assert_int_equal(e[1].len, 48);
    assert_int_equal(e[2].type, OV_TYPE_CAB);
    assert_int_equal(e[2].at, cab);
    assert_int_equal(e[2].len, 60);
}

static void an_executable_in_another_is_found(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct ov_embedded e[OV_EMBEDDED_MAX];
    struct make_pe_section s = {0x1000, 0x100, 0x400, 0x200};
    struct make_pe m = {.sections = &s, .n_sections = 1};
    OV_AUTO_DONE(buf) inner = ov_buf_with_max(1 << 16);

    (void)state;
    make_pe_headers(&inner, &m);
    put_noise(&b, 777);
    ov_put_span(&b, ov_buf_span(&inner));
    assert_int_equal(find(&b, e), 1);
    assert_int_equal(e[0].type, OV_TYPE_PE);
    assert_int_equal(e[0].at, 777);
    assert_int_equal(e[0].len, b.len - 777);
}

static void a_magic_number_alone_is_nothing(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct ov_embedded e[OV_EMBEDDED_MAX];

    (void)state;
    put_noise(&b, 10);
    ov_put_str(&b, "PK\x03\x04 7z\xbc\xaf\x27\x1c Rar!\x1a\x07 \x60\xea MSCF");
    put_noise(&b, 100);
    assert_int_equal(find(&b, e), 0);
    ov_buf_clear(&b);
    put_noise(&b, 10);
    put_7z(&b);
    b.ptr[10 + 20] ^= 1; /* its checksum is wrong now */
    assert_int_equal(find(&b, e), 0);
}

static void found_objects_are_members(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) content = ov_buf_with_max(1 << 16);
    OV_AUTO(unpacker) u = NULL;
    struct ov_budget budget = ov_budget_default();
    struct ov_unpack_job job = {.type = OV_TYPE_PNG, .budget = &budget};
    struct ov_member m;

    (void)state;
    put_noise(&b, 64);
    put_zip(&b);
    job.bytes = ov_buf_span(&b);
    assert_int_equal(ov_unpacker_open(&job, &u), OV_OK);
    assert_int_equal(ov_unpacker_next(u, &m), OV_OK);
    assert_false(m.is_end);
    assert_int_equal(m.type, OV_TYPE_ZIP);
    assert_int_equal(ov_unpacker_read(u, &content), OV_OK);
    assert_true(ov_span_equal(ov_buf_span(&content),
                              ov_span_clip(job.bytes, 64, job.bytes.len)));
    assert_int_equal(ov_unpacker_next(u, &m), OV_OK);
    assert_true(m.is_end);
}

OV_TEST_MAIN(OV_TEST(archives_behind_something_else_are_found),
             OV_TEST(an_executable_in_another_is_found),
             OV_TEST(a_magic_number_alone_is_nothing),
             OV_TEST(found_objects_are_members))
