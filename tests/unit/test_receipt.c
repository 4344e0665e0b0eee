/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "log/merkle.h"
#include "reputation/receipt.h"
#include "reputation/sample_note.h"
#include "test.h"

static const uint8_t seed[OV_ED25519_SEED] = {1, 2, 3};

static struct ov_vkey make_key(const char *name)
{
    uint8_t public_key[OV_ED25519_KEY];
    struct ov_vkey key;

    assert_int_equal(ov_ed25519_public(seed, public_key), OV_OK);
    assert_int_equal(ov_vkey_make(name, OV_NOTE_ED25519, public_key, &key),
                     OV_OK);
    return key;
}

static struct ov_receipt make_receipt(void)
{
    return (struct ov_receipt){.kind = OV_RECEIPT_SUBMISSION,
                               .region = "eu",
                               .name = {0xab, 1},
                               .envelope = {0xcd, 2},
                               .size = 4096,
                               .index = 17,
                               .time = 1795428000,
                               .keep_until = 1803204000};
}

static void a_receipt_is_one_text(void **state)
{
    static const char want[] =
        "overt-receipt/1\n"
        "kind submission\n"
        "region eu\n"
        "name ab010000000000000000000000000000\n"
        "envelope "
        "cd02000000000000000000000000000000000000000000000000000000000000\n"
        "size 4096\n"
        "index 17\n"
        "time 2026-11-23T10:00:00Z\n"
        "keep-until 2027-02-21T10:00:00Z\n";
    struct ov_buf b = ov_buf_with_max(4096);
    struct ov_receipt r = make_receipt();
    struct ov_receipt have;

    (void)state;
    ov_put_receipt(&b, &r);
    assert_true(ov_span_equal(ov_buf_span(&b), OV_SPAN_LIT(want)));
    assert_int_equal(ov_receipt_parse(ov_buf_span(&b), &have, NULL), OV_OK);
    ov_buf_clear(&b);
    ov_put_receipt(&b, &have);
    assert_true(ov_span_equal(ov_buf_span(&b), OV_SPAN_LIT(want)));
    ov_buf_done(&b);
}

static void only_the_regions_key_makes_one(void **state)
{
    struct ov_buf b = ov_buf_with_max(4096);
    struct ov_receipt r = make_receipt();
    struct ov_vkey key = make_key("eu.example/receipts");
    struct ov_vkey other = make_key("us.example/receipts");
    struct ov_receipt have;

    (void)state;
    r.kind = OV_RECEIPT_DELETION;
    assert_int_equal(ov_receipt_sign(&b, &r, &key, seed), OV_OK);
    assert_int_equal(ov_receipt_verify(ov_buf_span(&b), &key, &have, NULL),
                     OV_OK);
    assert_int_equal(have.kind, OV_RECEIPT_DELETION);
    assert_int_equal(ov_receipt_verify(ov_buf_span(&b), &other, &have, NULL),
                     OV_BAD_SIGNATURE);
    for (size_t i = 0; i < b.len; i++) {
        b.ptr[i] ^= 1;
        assert_int_not_equal(
            ov_receipt_verify(ov_buf_span(&b), &key, &have, NULL), OV_OK);
        b.ptr[i] ^= 1;
    }
    ov_buf_done(&b);
}

static void its_leaf_is_that_of_its_text(void **state)
{
    struct ov_buf b = ov_buf_with_max(4096);
    struct ov_receipt r = make_receipt();
    uint8_t want[32];
    uint8_t have[32];

    (void)state;
    ov_put_receipt(&b, &r);
    ov_merkle_leaf(ov_buf_span(&b), want);
    assert_int_equal(ov_receipt_leaf(&r, have), OV_OK);
    assert_memory_equal(have, want, sizeof(want));
    ov_buf_done(&b);
}

/* Texts that say the same otherwise, or nothing. */
static void there_is_one_spelling(void **state)
{
    static const struct {
        const char *from;
        const char *to;
    } changes[] = {
        {"size 4096", "size 04096"},
        {"size 4096", "size  4096"},
        {"size 4096", "size 4096 "},
        {"size 4096", "size -1"},
        {"size 4096", "size 99999999"},
        {"kind submission", "kind Submission"},
        {"kind submission", "kind "},
        {"region eu", "region EU"},
        {"region eu", "region"},
        {"name ab01", "name AB01"},
        {"name ab01", "name ab0100"},
        {"keep-until 2027", "keep-until 2025"},
        {"/1\n", "/2\n"},
        {"index 17\n", ""},
        {"index 17\n", "index 17\r\n"},
        {"10:00:00Z\n", "10:00:00z\n"},
    };
    struct ov_receipt r = make_receipt();
    struct ov_receipt have;

    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct ov_buf b = ov_buf_with_max(4096);
        struct ov_buf c = ov_buf_with_max(4096);
        struct ov_span from = ov_span_str(changes[i].from);
        size_t at;

        ov_put_receipt(&b, &r);
        at = ov_span_find(ov_buf_span(&b), from, 0);
        assert_int_not_equal(at, SIZE_MAX);
        ov_put_span(&c, ov_span_clip(ov_buf_span(&b), 0, at));
        ov_put_str(&c, changes[i].to);
        ov_put_span(&c, ov_span_clip(ov_buf_span(&b), at + from.len, b.len));
        assert_int_not_equal(ov_receipt_parse(ov_buf_span(&c), &have, NULL),
                             OV_OK);
        ov_buf_done(&b);
        ov_buf_done(&c);
    }
}

static void a_part_or_more_is_refused(void **state)
{
    struct ov_buf b = ov_buf_with_max(4096);
    struct ov_receipt r = make_receipt();
    struct ov_receipt have;
    struct ov_diag diag;

    (void)state;
    ov_put_receipt(&b, &r);
    for (size_t len = 0; len < b.len; len++)
        assert_int_not_equal(
            ov_receipt_parse(ov_span_of(b.ptr, len), &have, NULL), OV_OK);
    ov_put_str(&b, "more 1\n");
    assert_int_equal(ov_receipt_parse(ov_buf_span(&b), &have, &diag),
                     OV_MALFORMED);
    assert_int_equal(diag.line, 10);
    ov_buf_done(&b);
}

static void a_samples_note_is_read_back(void **state)
{
    static const char text[] =
        "overt-sample/1\n"
        "sha256 "
        "0100000000000000000000000000000000000000000000000000000000000000\n"
        "size 12\n"
        "type elf\n"
        "rule Example Rule\n"
        "build 0.1.0\n"
        "epoch 0\n"
        "month 2026-11\n"
        "consent rule\n";
    struct ov_buf b = ov_buf_with_max(4096);
    struct ov_sample_note n;

    (void)state;
    assert_int_equal(ov_sample_note_parse(OV_SPAN_LIT(text), &n, NULL), OV_OK);
    assert_int_equal(n.size, 12);
    assert_int_equal(n.consent, OV_CONSENT_RULE);
    assert_string_equal(n.month, "2026-11");
    ov_put_sample_note(&b, &n);
    assert_true(ov_span_equal(ov_buf_span(&b), OV_SPAN_LIT(text)));
    assert_int_not_equal(
        ov_sample_note_parse(OV_SPAN_LIT("overt-sample/1\npath /home\n"), &n,
                             NULL),
        OV_OK);
    ov_buf_done(&b);
}

static void memory_that_is_out_is_told(void **state)
{
    enum ov_status status = OV_NO_MEMORY;
    struct ov_receipt r = make_receipt();
    struct ov_vkey key = make_key("eu.example/receipts");

    (void)state;
    for (size_t n = 1; status != OV_OK; n++) {
        struct ov_buf b = ov_buf_with_max(4096);
        struct ov_receipt have;

        (void)ov_alloc_fail_at(n);
        status = ov_receipt_sign(&b, &r, &key, seed);
        if (status == OV_OK)
            status = ov_receipt_verify(ov_buf_span(&b), &key, &have, NULL);
        (void)ov_alloc_fail_at(0);
        assert_true(status == OV_OK || status == OV_NO_MEMORY);
        ov_buf_done(&b);
        assert_true(n < 100);
    }
}

OV_TEST_MAIN(OV_TEST(a_receipt_is_one_text),
             OV_TEST(only_the_regions_key_makes_one),
             OV_TEST(its_leaf_is_that_of_its_text),
             OV_TEST(there_is_one_spelling), OV_TEST(a_part_or_more_is_refused),
             OV_TEST(a_samples_note_is_read_back),
             OV_TEST(memory_that_is_out_is_told))
