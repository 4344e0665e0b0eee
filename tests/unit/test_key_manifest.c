/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/key_manifest.h"
#include "test.h"

#define KEY_A "0100000000000000000000000000000000000000000000000000000000000000"
#define KEY_B "0200000000000000000000000000000000000000000000000000000000000000"

static void put_block(struct ov_buf *b, const char *region, const char *key,
                      const char *from, const char *until)
{
    static const uint8_t seed[OV_ED25519_SEED] = {7};
    uint8_t public_key[OV_ED25519_KEY];
    struct ov_vkey vkey;

    assert_int_equal(ov_ed25519_public(seed, public_key), OV_OK);
    assert_int_equal(
        ov_vkey_make("r.example", OV_NOTE_ED25519, public_key, &vkey), OV_OK);
    ov_put_format(b,
                  "region %s\njurisdiction DE\noperator Example GmbH\n"
                  "endpoint https://%s.example/\nseal-key %s\nreceipt-key ",
                  region, region, key);
    ov_put_vkey(b, &vkey);
    ov_put_format(b, "\nvalid-from %s\nvalid-until %s\n", from, until);
}

static void put_two_regions(struct ov_buf *b)
{
    ov_put_str(b, "overt-key-manifest/1\nversion 3\n");
    put_block(b, "eu", KEY_A, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    put_block(b, "eu", KEY_B, "2026-06-01T00:00:00Z", "2027-06-01T00:00:00Z");
    put_block(b, "us", KEY_A, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
}

static uint64_t noon(unsigned days_since_2026)
{
    return UINT64_C(1767225600) + 86400 * days_since_2026 + 43200;
}

static void the_newest_valid_key_of_the_region_is_found(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_KEY_MANIFEST_MAX);
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    struct ov_key_manifest m;

    (void)state;
    put_two_regions(&b);
    assert_int_equal(ov_key_manifest_parse(a, ov_buf_span(&b), &m, NULL),
                     OV_OK);
    assert_int_equal(m.n, 3);
    assert_int_equal(m.version, 3);
    assert_ptr_equal(ov_key_manifest_find(&m, OV_SPAN_LIT("eu"), noon(0)),
                     &m.blocks[0]);
    assert_ptr_equal(ov_key_manifest_find(&m, OV_SPAN_LIT("eu"), noon(200)),
                     &m.blocks[1]);
    assert_ptr_equal(ov_key_manifest_find(&m, OV_SPAN_LIT("us"), noon(200)),
                     &m.blocks[2]);
    assert_null(ov_key_manifest_find(&m, OV_SPAN_LIT("us"), noon(365)));
    assert_null(ov_key_manifest_find(&m, OV_SPAN_LIT("eu"), noon(0) - 86400));
    assert_null(ov_key_manifest_find(&m, OV_SPAN_LIT("e"), noon(0)));
    ov_buf_done(&b);
}

static void what_is_read_is_written_again(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_KEY_MANIFEST_MAX);
    struct ov_buf again = ov_buf_with_max(OV_KEY_MANIFEST_MAX);
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    struct ov_key_manifest m;

    (void)state;
    put_two_regions(&b);
    assert_int_equal(ov_key_manifest_parse(a, ov_buf_span(&b), &m, NULL),
                     OV_OK);
    ov_put_key_manifest(&again, &m);
    assert_true(ov_span_equal(ov_buf_span(&b), ov_buf_span(&again)));
    ov_buf_done(&b);
    ov_buf_done(&again);
}

static enum ov_status parse_changed(const char *from, const char *to)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_KEY_MANIFEST_MAX);
    OV_AUTO_DONE(buf) c = ov_buf_with_max(OV_KEY_MANIFEST_MAX);
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    struct ov_key_manifest m;
    size_t at;

    put_two_regions(&b);
    at = ov_span_find(ov_buf_span(&b), ov_span_str(from), 0);
    assert_int_not_equal(at, SIZE_MAX);
    ov_put_span(&c, ov_span_clip(ov_buf_span(&b), 0, at));
    ov_put_str(&c, to);
    ov_put_span(&c, ov_span_clip(ov_buf_span(&b), at + strlen(from), b.len));
    return ov_key_manifest_parse(a, ov_buf_span(&c), &m, NULL);
}

static void wrong_ones_are_refused(void **state)
{
    (void)state;
    assert_int_equal(parse_changed("version 3", "version 4"), OV_OK);
    assert_int_equal(parse_changed("region eu", "region zz"), OV_MALFORMED);
    assert_int_equal(parse_changed("region eu", "region e u"), OV_MALFORMED);
    assert_int_equal(parse_changed("https://eu.example/", "ftp://a/"),
                     OV_MALFORMED);
    assert_int_equal(parse_changed("https://eu.example/", "https://a"),
                     OV_MALFORMED);
    assert_int_equal(parse_changed("seal-key 01", "seal-key 0"), OV_MALFORMED);
    assert_int_equal(parse_changed("r.example+", "s.example+"), OV_MALFORMED);
    assert_int_equal(parse_changed("valid-from 2026-01", "valid-from 2027-01"),
                     OV_MALFORMED);
    assert_int_equal(parse_changed("/1\n", "/9\n"), OV_UNSUPPORTED);
    assert_int_equal(parse_changed("jurisdiction DE\n", ""), OV_MALFORMED);
}

static void more_than_anybody_has_is_refused(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_KEY_MANIFEST_MAX);
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    struct ov_key_manifest m;

    (void)state;
    ov_put_str(&b, "overt-key-manifest/1\nversion 3\n");
    for (unsigned i = 0; i <= OV_KEY_MANIFEST_MAX_BLOCKS; i++) {
        char region[16] = {'r', (char)('a' + i / 26), (char)('a' + i % 26)};

        put_block(&b, region, KEY_A, "2026-01-01T00:00:00Z",
                  "2027-01-01T00:00:00Z");
    }
    assert_int_equal(ov_key_manifest_parse(a, ov_buf_span(&b), &m, NULL),
                     OV_LIMIT_COUNT);
    ov_buf_done(&b);
}

static void memory_that_is_out_is_told(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_KEY_MANIFEST_MAX);
    enum ov_status status = OV_NO_MEMORY;

    (void)state;
    put_two_regions(&b);
    for (size_t n = 1; status != OV_OK; n++) {
        OV_AUTO(arena) a = NULL;
        struct ov_key_manifest m;

        (void)ov_alloc_fail_at(n);
        a = ov_arena_new((size_t)1 << 20);
        status = a == NULL
                     ? OV_NO_MEMORY
                     : ov_key_manifest_parse(a, ov_buf_span(&b), &m, NULL);
        (void)ov_alloc_fail_at(0);
        /* A key that cannot be looked at counts as none. */
        assert_true(status == OV_OK || status == OV_NO_MEMORY ||
                    status == OV_MALFORMED);
        assert_true(n < 100);
    }
    ov_buf_done(&b);
}

OV_TEST_MAIN(OV_TEST(the_newest_valid_key_of_the_region_is_found),
             OV_TEST(what_is_read_is_written_again),
             OV_TEST(wrong_ones_are_refused),
             OV_TEST(more_than_anybody_has_is_refused),
             OV_TEST(memory_that_is_out_is_told))
