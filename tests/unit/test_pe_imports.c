/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"
#include "formats/facts.h"
#include "formats/pe_imports.h"
#include "make_exe.h"
#include "test.h"

/* One section: address 0x1000 lies at 0x400. */
static const struct make_pe_section one_section[] = {
    {0x1000, 0x1000, 0x400, 0x400},
};

static void put_name(struct ov_buf *b, size_t at, const char *name)
{
    make_zeros(b, 0x400 + at);
    ov_put_str(b, name);
    ov_put_u8(b, 0);
}

/* Two libraries: KERNEL32.dll with CreateFileA and number 17, WS2_32.dll with
 * number 115, which has a name. */
static void make_imports(struct ov_buf *b, bool is_64, uint32_t second_name)
{
    struct make_pe m = {
        .is_64 = is_64,
        .entry = 0x1000,
        .file_alignment = 0x200,
        .section_alignment = 0x1000,
        .sections = one_section,
        .n_sections = 1,
    };
    uint64_t by_number = is_64 ? 1ull << 63 : 1u << 31;
    uint64_t thunks[] = {0x1120, by_number | 17, 0, by_number | 115, 0};

    m.directories[1][0] = 0x1000;
    m.directories[1][1] = 60;
    make_pe_headers(b, &m);
    make_zeros(b, 0x400);
    for (uint32_t i = 0; i < 2; i++) {
        ov_put_u32(b, 0x1080 + i * 3 * (is_64 ? 8 : 4));
        ov_put_u64(b, 0);
        ov_put_u32(b, i == 0 ? 0x1100 : second_name);
        ov_put_u32(b, 0);
    }
    make_zeros(b, 0x480);
    for (size_t i = 0; i < 5; i++) {
        ov_put_u32(b, (uint32_t)thunks[i]);
        if (is_64)
            ov_put_u32(b, (uint32_t)(thunks[i] >> 32));
    }
    put_name(b, 0x100, "KERNEL32.dll");
    put_name(b, 0x110, "WS2_32.dll");
    put_name(b, 0x122, "CreateFileA");
    make_zeros(b, 0x800);
}

static struct ov_facts facts_of(struct ov_span bytes, struct ov_arena *arena)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_facts facts = {0};

    assert_int_equal(ov_facts_read(OV_TYPE_PE, bytes, arena, &budget, &facts),
                     OV_OK);
    return facts;
}

static void the_hash_is_of_lower_case_names_joined_by_commas(void **state)
{
    struct ov_span text =
        OV_SPAN_LIT("kernel32.createfilea,kernel32.ord17,ws2_32.wsastartup");
    uint8_t digest[OV_DIGEST_MAX];

    (void)state;
    assert_int_equal(ov_digest(OV_MD5, text, digest), OV_OK);
    for (int is_64 = 0; is_64 < 2; is_64++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
        OV_AUTO(arena) arena = ov_arena_new(1 << 20);
        struct ov_facts f;

        make_imports(&b, is_64, 0x1110);
        f = facts_of(ov_buf_span(&b), arena);
        assert_true(f.has_imphash);
        assert_int_equal(f.imports_size, text.len);
        assert_memory_equal(f.imphash, digest, 16);
    }
}

static void a_library_without_a_name_leaves_no_hash(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_facts f;

    (void)state;
    make_imports(&b, false, 0x9000);
    f = facts_of(ov_buf_span(&b), arena);
    assert_false(f.has_imphash);
    assert_int_equal(f.facts[OV_FACT_IS_DAMAGED].value, 0);
}

static void every_failed_allocation_ends_well(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    enum ov_status status = OV_NO_MEMORY;

    (void)state;
    make_imports(&b, false, 0x1110);
    for (size_t n = 1; status != OV_OK; n++) {
        OV_AUTO(arena) arena = ov_arena_new(1 << 20);
        struct ov_budget budget = ov_budget_default();
        struct ov_facts f = {.imports_size = 77};

        assert_true(n < 100);
        assert_non_null(arena);
        (void)ov_alloc_fail_at(n);
        status = ov_facts_read(OV_TYPE_PE, ov_buf_span(&b), arena, &budget, &f);
        (void)ov_alloc_fail_at(0);
        assert_true(status == OV_OK ||
                    (status == OV_NO_MEMORY && f.imports_size == 77));
    }
}

static void numbers_have_names_in_the_libraries_that_need_it(void **state)
{
    (void)state;
    assert_string_equal(ov_pe_ordinal_name(OV_SPAN_LIT("WSOCK32.DLL"), 1),
                        "accept");
    assert_string_equal(ov_pe_ordinal_name(OV_SPAN_LIT("oleaut32.dll"), 2),
                        "SysAllocString");
    assert_null(ov_pe_ordinal_name(OV_SPAN_LIT("ws2_32.dll"), 60000));
    assert_null(ov_pe_ordinal_name(OV_SPAN_LIT("user32.dll"), 1));
}

OV_TEST_MAIN(OV_TEST(the_hash_is_of_lower_case_names_joined_by_commas),
             OV_TEST(a_library_without_a_name_leaves_no_hash),
             OV_TEST(every_failed_allocation_ends_well),
             OV_TEST(numbers_have_names_in_the_libraries_that_need_it))
