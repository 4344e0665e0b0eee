/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "reputation/envelope.h"
#include "test.h"

static const uint8_t private_key[OV_HPKE_KEY] = {9, 8, 7};
static const uint8_t ephemeral[OV_HPKE_KEY] = {4, 5, 6};

static struct ov_envelope_head make_head(void)
{
    return (struct ov_envelope_head){
        .purpose = OV_PURPOSE_SAMPLE, .region = "eu", .name = {1, 2, 3}};
}

static enum ov_status make(struct ov_buf *b, const char *region,
                           struct ov_span note, struct ov_span sample)
{
    uint8_t public_key[OV_HPKE_KEY];
    struct ov_hpke_to to = {public_key, ephemeral};
    struct ov_envelope_head head = make_head();

    assert_int_equal(ov_hpke_public(private_key, public_key), OV_OK);
    memset(head.region, 0, sizeof(head.region));
    memcpy(head.region, region, strlen(region));
    return ov_put_envelope(b, &head, &to, note, sample);
}

static void what_is_sealed_is_opened(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_buf plain = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_envelope_head head;
    struct ov_span note;
    struct ov_span sample;

    (void)state;
    assert_int_equal(make(&b, "eu", OV_SPAN_LIT("n"), OV_SPAN_LIT("bytes")),
                     OV_OK);
    assert_int_equal(b.len, OV_ENVELOPE_MIN);
    assert_int_equal(ov_envelope_read(ov_buf_span(&b), &head), OV_OK);
    assert_string_equal(head.region, "eu");
    assert_int_equal(head.purpose, OV_PURPOSE_SAMPLE);
    assert_int_equal(head.name[2], 3);
    assert_int_equal(
        ov_envelope_open(ov_buf_span(&b), private_key, &plain, &note, &sample),
        OV_OK);
    assert_true(ov_span_equal(note, OV_SPAN_LIT("n")));
    assert_true(ov_span_equal(sample, OV_SPAN_LIT("bytes")));
    /* What is inside does not show outside. */
    assert_int_equal(ov_span_find(ov_buf_span(&b), OV_SPAN_LIT("bytes"), 0),
                     SIZE_MAX);
    ov_buf_done(&b);
    ov_buf_done(&plain);
}

static void lengths_are_powers_of_two(void **state)
{
    static uint8_t bytes[20000];
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);

    (void)state;
    /* 80 outside, 12 of lengths, 16 of tag. */
    assert_int_equal(
        make(&b, "eu", ov_span_of(NULL, 0), ov_span_of(bytes, 4096 - 108)),
        OV_OK);
    assert_int_equal(b.len, 4096);
    ov_buf_clear(&b);
    assert_int_equal(
        make(&b, "eu", ov_span_of(NULL, 0), ov_span_of(bytes, 4096 - 107)),
        OV_OK);
    assert_int_equal(b.len, 8192);
    ov_buf_clear(&b);
    assert_int_equal(
        make(&b, "eu", ov_span_of(bytes, 100), ov_span_of(bytes, 20000)),
        OV_OK);
    assert_int_equal(b.len, 32768);
    ov_buf_done(&b);
}

/* Every byte before the encapsulated key is bound. */
static void another_region_or_name_does_not_open(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_buf plain = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_span note = ov_span_of(NULL, 0);
    struct ov_span sample;

    (void)state;
    assert_int_equal(make(&b, "eu", note, OV_SPAN_LIT("bytes")), OV_OK);
    for (size_t i = 0; i < 100; i++) {
        b.ptr[i] ^= 3; /* a purpose is one still, "eu" becomes "fv" */
        assert_int_not_equal(ov_envelope_open(ov_buf_span(&b), private_key,
                                              &plain, &note, &sample),
                             OV_OK);
        b.ptr[i] ^= 3;
    }
    assert_int_equal(
        ov_envelope_open(ov_buf_span(&b), private_key, &plain, &note, &sample),
        OV_OK);
    ov_buf_done(&b);
    ov_buf_done(&plain);
}

static void another_regions_key_opens_nothing(void **state)
{
    static const uint8_t other[OV_HPKE_KEY] = {9, 8, 6};
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_buf plain = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_span note = ov_span_of(NULL, 0);
    struct ov_span sample;

    (void)state;
    assert_int_equal(make(&b, "eu", note, OV_SPAN_LIT("bytes")), OV_OK);
    assert_int_equal(
        ov_envelope_open(ov_buf_span(&b), other, &plain, &note, &sample),
        OV_BAD_PROOF);
    ov_buf_done(&b);
    ov_buf_done(&plain);
}

static void heads_are_read_strictly(void **state)
{
    static const struct {
        size_t at;
        uint8_t byte;
        enum ov_status status;
    } cases[] = {
        {0, 'o', OV_UNSUPPORTED}, {3, '2', OV_UNSUPPORTED},
        {4, 0, OV_UNSUPPORTED},   {4, 3, OV_UNSUPPORTED},
        {5, 1, OV_MALFORMED},     {7, 1, OV_MALFORMED},
        {8, 'E', OV_MALFORMED},   {8, 0, OV_MALFORMED},
        {9, '_', OV_MALFORMED},   {12, 'x', OV_MALFORMED},
        {23, 'x', OV_MALFORMED},
    };
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_envelope_head head;

    (void)state;
    assert_int_equal(make(&b, "eu", ov_span_of(NULL, 0), OV_SPAN_LIT("bytes")),
                     OV_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t was = b.ptr[cases[i].at];

        b.ptr[cases[i].at] = cases[i].byte;
        assert_int_equal(ov_envelope_read(ov_buf_span(&b), &head),
                         cases[i].status);
        b.ptr[cases[i].at] = was;
    }
    assert_int_equal(
        ov_envelope_read(ov_span_clip(ov_buf_span(&b), 0, 47), &head),
        OV_TRUNCATED);
    assert_int_equal(
        ov_envelope_read(ov_span_clip(ov_buf_span(&b), 0, 2048), &head),
        OV_TRUNCATED);
    ov_put_u8(&b, 0);
    assert_int_equal(ov_envelope_read(ov_buf_span(&b), &head), OV_MALFORMED);
    ov_buf_done(&b);
}

static void regions_are_short_words(void **state)
{
    (void)state;
    assert_true(ov_region_is_valid(OV_SPAN_LIT("eu")));
    assert_true(ov_region_is_valid(OV_SPAN_LIT("ch-2")));
    assert_true(ov_region_is_valid(OV_SPAN_LIT("abcdefghijklmno")));
    assert_false(ov_region_is_valid(OV_SPAN_LIT("abcdefghijklmnop")));
    assert_false(ov_region_is_valid(OV_SPAN_LIT("")));
    assert_false(ov_region_is_valid(OV_SPAN_LIT("2a")));
    assert_false(ov_region_is_valid(OV_SPAN_LIT("EU")));
    assert_false(ov_region_is_valid(OV_SPAN_LIT("e/u")));
}

static void too_much_is_not_sealed(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    uint8_t *large = ov_alloc(OV_SAMPLE_MAX + 1);

    (void)state;
    assert_non_null(large);
    assert_int_equal(make(&b, "eu", ov_span_of(NULL, 0),
                          ov_span_of(large, OV_SAMPLE_MAX + 1)),
                     OV_LIMIT_SIZE);
    assert_int_equal(make(&b, "eu", ov_span_of(large, OV_SAMPLE_NOTE_MAX + 1),
                          ov_span_of(NULL, 0)),
                     OV_LIMIT_SIZE);
    assert_int_equal(make(&b, "EU", ov_span_of(NULL, 0), ov_span_of(NULL, 0)),
                     OV_USAGE);
    assert_int_equal(b.len, 0);
    assert_int_equal(make(&b, "eu", ov_span_of(large, OV_SAMPLE_NOTE_MAX),
                          ov_span_of(large, OV_SAMPLE_MAX)),
                     OV_OK);
    assert_int_equal(b.len, OV_ENVELOPE_MAX);
    ov_free(large);
    ov_buf_done(&b);
}

static void memory_that_is_out_is_told(void **state)
{
    enum ov_status status = OV_NO_MEMORY;

    (void)state;
    for (size_t n = 1; status != OV_OK; n++) {
        struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
        struct ov_buf plain = ov_buf_with_max(OV_ENVELOPE_MAX);
        struct ov_span note;
        struct ov_span sample;

        (void)ov_alloc_fail_at(n);
        status = make(&b, "eu", OV_SPAN_LIT("n"), OV_SPAN_LIT("bytes"));
        if (status == OV_OK)
            status = ov_envelope_open(ov_buf_span(&b), private_key, &plain,
                                      &note, &sample);
        (void)ov_alloc_fail_at(0);
        assert_true(status == OV_OK || status == OV_NO_MEMORY);
        ov_buf_done(&b);
        ov_buf_done(&plain);
        assert_true(n < 1000);
    }
}

OV_TEST_MAIN(OV_TEST(what_is_sealed_is_opened),
             OV_TEST(lengths_are_powers_of_two),
             OV_TEST(another_region_or_name_does_not_open),
             OV_TEST(another_regions_key_opens_nothing),
             OV_TEST(heads_are_read_strictly), OV_TEST(regions_are_short_words),
             OV_TEST(too_much_is_not_sealed),
             OV_TEST(memory_that_is_out_is_told))
