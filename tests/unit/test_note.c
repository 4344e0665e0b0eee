/* SPDX-License-Identifier: Apache-2.0 */
#include "log/note.h"
#include "test.h"

/* The example that golang.org/x/mod/sumdb/note documents. */
#define NEUMANN                                                                \
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define NEUMANN_TEXT                                                           \
    "If you think cryptography is the answer to your problem,\n"               \
    "then you don't know what your problem is.\n"
#define NEUMANN_SIG                                                            \
    "\xe2\x80\x94 PeterNeumann "                                               \
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng" \
    "otpRZb6KE6RyyBwJnAM=\n"
#define NEUMANN_NOTE NEUMANN_TEXT "\n" NEUMANN_SIG

static const uint8_t seed[32] = {1, 2, 3};

static struct ov_vkey own_key(const char *name)
{
    uint8_t public_key[32];
    struct ov_vkey k;

    assert_int_equal(ov_ed25519_public(seed, public_key), OV_OK);
    assert_int_equal(ov_vkey_make(name, OV_NOTE_ED25519, public_key, &k),
                     OV_OK);
    return k;
}

static enum ov_status parse(struct ov_arena *a, struct ov_span bytes,
                            struct ov_note *ret)
{
    /* A note that was never written must show. */
    memset(ret, 0, sizeof(*ret));
    return ov_note_parse(a, bytes, ret);
}

static void a_published_key_is_read_and_written(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1000);
    struct ov_vkey k;

    (void)state;
    assert_int_equal(ov_vkey_parse(OV_SPAN_LIT(NEUMANN), &k), OV_OK);
    assert_string_equal(k.name, "PeterNeumann");
    assert_int_equal(k.alg, OV_NOTE_ED25519);
    ov_put_vkey(&b, &k);
    assert_true(ov_span_equal(ov_buf_span(&b), OV_SPAN_LIT(NEUMANN)));
}

static void a_key_with_another_id_or_form_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum ov_status status;
    } bad[] = {
        {"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
         OV_BAD_DIGEST},
        {"Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
         OV_MALFORMED},
        {"+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
         OV_MALFORMED},
        {"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10",
         OV_MALFORMED},
        {"PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
         OV_UNSUPPORTED},
        {"PeterNeumann+c74f20a3+", OV_MALFORMED},
        {"PeterNeumann", OV_MALFORMED},
        {"", OV_MALFORMED},
    };
    struct ov_vkey k;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(ov_vkey_parse(ov_span_str(bad[i].text), &k),
                         bad[i].status);
}

static void a_published_note_verifies(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    struct ov_vkey k;
    struct ov_note n;
    uint64_t which = 0;

    (void)state;
    assert_int_equal(ov_vkey_parse(OV_SPAN_LIT(NEUMANN), &k), OV_OK);
    assert_int_equal(parse(a, OV_SPAN_LIT(NEUMANN_NOTE), &n), OV_OK);
    assert_true(ov_span_equal(n.text, OV_SPAN_LIT(NEUMANN_TEXT)));
    assert_int_equal(n.n_sigs, 1);
    assert_true(ov_span_equal(n.sigs[0].line, OV_SPAN_LIT(NEUMANN_SIG)));
    assert_int_equal(ov_note_verify(&n, &k, 1, &which), OV_OK);
    assert_int_equal(which, 1);
}

static void one_changed_letter_is_refused(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    char text[] = NEUMANN_NOTE;
    struct ov_vkey k;
    struct ov_note n;
    uint64_t which;

    (void)state;
    text[0] = 'i';
    assert_int_equal(ov_vkey_parse(OV_SPAN_LIT(NEUMANN), &k), OV_OK);
    assert_int_equal(parse(a, ov_span_str(text), &n), OV_OK);
    assert_int_equal(ov_note_verify(&n, &k, 1, &which), OV_BAD_SIGNATURE);
}

static void the_last_blank_line_splits(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(10000);
    struct ov_vkey k = own_key("example.com/a");
    struct ov_note n;
    uint64_t which = 0;

    (void)state;
    ov_put_str(&b, "a\n\n" NEUMANN_SIG "\n");
    assert_int_equal(ov_put_note_signature(&b, &k, seed), OV_OK);
    assert_int_equal(ov_put_note_signature(&b, &k, seed), OV_OK);
    assert_int_equal(parse(a, ov_buf_span(&b), &n), OV_OK);
    assert_int_equal(n.n_sigs, 2);
    assert_true(ov_span_equal(n.text, OV_SPAN_LIT("a\n\n" NEUMANN_SIG)));
    assert_int_equal(ov_note_verify(&n, &k, 1, &which), OV_OK);
    assert_int_equal(which, 1);
}

static void a_text_without_its_blank_line_is_not_signed(void **state)
{
    static const char *const bad[] = {"",         "a",        "a\n",
                                      "a\n\nb\n", "\xff\n\n", "a\r\n\n"};
    struct ov_vkey k = own_key("example.com/a");

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(10000);

        ov_put_str(&b, bad[i]);
        assert_int_equal(ov_put_note_signature(&b, &k, seed), OV_USAGE);
    }
}

static void unknown_keys_are_ignored_and_never_suffice(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(10000);
    struct ov_vkey keys[2] = {own_key("example.com/a"),
                              own_key("example.com/b")};
    struct ov_vkey other_id = own_key("example.com/a");
    struct ov_note n;
    uint64_t which = 0;

    (void)state;
    other_id.id[0] ^= 1;
    ov_put_str(&b, NEUMANN_TEXT "\n" NEUMANN_SIG);
    assert_int_equal(ov_put_note_signature(&b, &other_id, seed), OV_OK);
    assert_int_equal(parse(a, ov_buf_span(&b), &n), OV_OK);
    assert_int_equal(ov_note_verify(&n, keys, 2, &which), OV_BAD_SIGNATURE);
    assert_int_equal(ov_put_note_signature(&b, &keys[1], seed), OV_OK);
    assert_int_equal(parse(a, ov_buf_span(&b), &n), OV_OK);
    assert_int_equal(ov_note_verify(&n, keys, 2, &which), OV_OK);
    assert_int_equal(which, 2);
}

static void a_bad_signature_of_a_known_key_refuses_all(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(10000);
    struct ov_vkey keys[2] = {own_key("example.com/a"),
                              own_key("example.com/b")};
    const uint8_t other_seed[32] = {9};
    struct ov_note n;
    uint64_t which;

    (void)state;
    ov_put_str(&b, "a\n\n");
    assert_int_equal(ov_put_note_signature(&b, &keys[0], seed), OV_OK);
    assert_int_equal(ov_put_note_signature(&b, &keys[1], other_seed), OV_OK);
    assert_int_equal(parse(a, ov_buf_span(&b), &n), OV_OK);
    assert_int_equal(ov_note_verify(&n, keys, 2, &which), OV_BAD_SIGNATURE);
    assert_int_equal(ov_note_verify(&n, keys, 1, &which), OV_OK);
}

static void what_is_no_note_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "\n",
        "a\n",
        "a\n\n",
        "a\n\nb\n",
        NEUMANN_TEXT NEUMANN_SIG,
        "a\r\n\n" NEUMANN_SIG,
        "\xc3\n\n" NEUMANN_SIG,
        "a\n\n" NEUMANN_SIG "\n",
        "a\n\n\xe2\x80\x94 x y\n",
        "a\n\n\xe2\x80\x94 x AAAAAA==\n",  /* an id and no signature */
        "a\n\n\xe2\x80\x94 x AAAAAAE\n",   /* without padding */
        "a\n\n\xe2\x80\x94 x AAAAAAF=\n",  /* bits that belong to no byte */
        "a\n\n\xe2\x80\x94 x  AAAAAAE=\n", /* two spaces */
        "a\n\n\xe2\x80\x94 x+ AAAAAAE=\n", /* plus in a name */
        "a\n\n\xe2\x80\x94  AAAAAAE=\n",   /* no name */
        "a\n\n\xe2\x80\x94 x\xc2\xa0 AAAAAAE=\n", /* a Unicode space */
        "a\n\n- x AAAAAAE=\n",
        "a\n\n\xe2\x80\x94 x AAAAAAE=",
    };
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    struct ov_note n;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(parse(a, ov_span_str(bad[i]), &n), OV_MALFORMED);
    assert_int_equal(
        parse(a, OV_SPAN_LIT("a\n\n\xe2\x80\x94 x AAAAAAE=\n"), &n), OV_OK);
}

static void sixty_four_signatures_are_taken_and_no_more(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(100000);
    struct ov_note n;

    (void)state;
    ov_put_str(&b, "a\n\n");
    for (int i = 0; i < OV_NOTE_MAX_SIGS; i++)
        ov_put_str(&b, NEUMANN_SIG);
    assert_int_equal(parse(a, ov_buf_span(&b), &n), OV_OK);
    assert_int_equal(n.n_sigs, OV_NOTE_MAX_SIGS);
    ov_put_str(&b, NEUMANN_SIG);
    assert_int_equal(parse(a, ov_buf_span(&b), &n), OV_LIMIT_COUNT);
}

static void a_note_without_memory_is_no_note(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(16);
    struct ov_note n;

    (void)state;
    assert_int_equal(parse(a, OV_SPAN_LIT(NEUMANN_NOTE), &n), OV_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_key_is_read_and_written),
        cmocka_unit_test(a_key_with_another_id_or_form_is_refused),
        cmocka_unit_test(a_published_note_verifies),
        cmocka_unit_test(one_changed_letter_is_refused),
        cmocka_unit_test(the_last_blank_line_splits),
        cmocka_unit_test(a_text_without_its_blank_line_is_not_signed),
        cmocka_unit_test(unknown_keys_are_ignored_and_never_suffice),
        cmocka_unit_test(a_bad_signature_of_a_known_key_refuses_all),
        cmocka_unit_test(what_is_no_note_is_refused),
        cmocka_unit_test(sixty_four_signatures_are_taken_and_no_more),
        cmocka_unit_test(a_note_without_memory_is_no_note),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
