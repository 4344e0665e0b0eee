/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/facts.h"
#include "make_exe.h"
#include "test.h"

static const struct make_pe_section one_section[] = {
    {0x1000, 0x1000, 0x400, 0x400},
};

static void put_wide(struct ov_buf *b, const char *text)
{
    do
        ov_put_u16(b, (uint8_t)*text);
    while (*text++ != '\0');
}

static void set_u16(struct ov_buf *b, size_t at, size_t v)
{
    b->ptr[at] = (uint8_t)v;
    b->ptr[at + 1] = (uint8_t)(v >> 8);
}

/* A block's header and key, padded; its length is written by close_block. */
static size_t open_block(struct ov_buf *b, uint16_t value_len, const char *key)
{
    size_t at = b->len;

    ov_put_u16(b, 0);
    ov_put_u16(b, value_len);
    ov_put_u16(b, 1);
    put_wide(b, key);
    ov_put_align(b, 4);
    return at;
}

static void close_block(struct ov_buf *b, size_t at)
{
    set_u16(b, at, b->len - at);
}

static void put_string(struct ov_buf *b, const char *key, const char *value)
{
    size_t at = open_block(b, 1, key);

    put_wide(b, value);
    close_block(b, at);
    ov_put_align(b, 4);
}

/* Three directories at 0x1000, the leaf's data at 0x1080. Returns where the
 * string table begins. */
static size_t make_version(struct ov_buf *b)
{
    struct make_pe m = {
        .entry = 0x1000,
        .file_alignment = 0x200,
        .section_alignment = 0x1000,
        .sections = one_section,
        .n_sections = 1,
    };
    size_t version, info, table;

    m.directories[2][0] = 0x1000;
    m.directories[2][1] = 0x400;
    make_pe_headers(b, &m);
    for (uint32_t level = 0; level < 3; level++) {
        make_zeros(b, 0x400 + level * 24 + 14);
        ov_put_u16(b, 1);
        ov_put_u32(b, 16);
        ov_put_u32(b, level == 2 ? 72 : (0x80000000 | (level + 1) * 24));
    }
    ov_put_u32(b, 0x1080);
    ov_put_u32(b, 0x300);
    make_zeros(b, 0x480);
    version = open_block(b, 52, "VS_VERSION_INFO");
    ov_put_u32(b, 0xfeef04bd);
    make_zeros(b, b->len + 48);
    info = open_block(b, 0, "StringFileInfo");
    table = open_block(b, 0, "040904b0");
    put_string(b, "CompanyName", "Example");
    close_block(b, open_block(b, 0, "Comments"));
    put_string(b, "ProductName", "Test");
    close_block(b, table);
    close_block(b, info);
    close_block(b, version);
    make_zeros(b, 0x800);
    return table;
}

static struct ov_facts facts_of(struct ov_span bytes, struct ov_arena *arena)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_facts facts = {0};

    assert_int_equal(ov_facts_read(OV_TYPE_PE, bytes, arena, &budget, &facts),
                     OV_OK);
    return facts;
}

static void each_string_with_a_value_has_an_extent(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_facts f;
    struct ov_span all;

    (void)state;
    (void)make_version(&b);
    all = ov_buf_span(&b);
    f = facts_of(all, arena);
    assert_int_equal(f.layout.n_version_info, 2);
    assert_true(ov_span_has_at(all, f.layout.version_info[0].at,
                               OV_SPAN_LIT("C\0o\0m\0p\0")));
    assert_true(ov_span_has_at(all, f.layout.version_info[1].at,
                               OV_SPAN_LIT("P\0r\0o\0d\0")));
}

static void a_string_longer_than_its_table_ends_the_walk(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    size_t table;

    (void)state;
    table = make_version(&b);
    set_u16(&b, table + 24, 0x200);
    assert_int_equal(facts_of(ov_buf_span(&b), arena).layout.n_version_info, 0);
}

static void a_directory_that_holds_itself_ends(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);

    (void)state;
    (void)make_version(&b);
    b.ptr[0x400 + 24 + 20] = 24; /* names -> names */
    assert_int_equal(facts_of(ov_buf_span(&b), arena).layout.n_version_info, 0);
}

OV_TEST_MAIN(OV_TEST(each_string_with_a_value_has_an_extent),
             OV_TEST(a_string_longer_than_its_table_ends_the_walk),
             OV_TEST(a_directory_that_holds_itself_ends))
