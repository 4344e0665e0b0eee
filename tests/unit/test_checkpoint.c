/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"
#include "base/text.h"
#include "log/checkpoint.h"
#include "log_help.h"

/* The example of c2sp.org/tlog-checkpoint and c2sp.org/tlog-cosignature. */
#define SOFA                                                                   \
    "example.com/behind-the-sofa\n20852163\n"                                  \
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define SOFA_NOTE                                                              \
    SOFA "\n\xe2\x80\x94 example.com/behind-the-sofa "                         \
         "Az3grlgtzPICa5OS8npVmf1Myq/"                                         \
         "5IZniMp+ZJurmRDeOoRDe4URYN7u5/"                                      \
         "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"                               \
         "\xe2\x80\x94 witness.example.com/w1 "                                \
         "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/"                                \
         "zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+"                \
         "mbIUBkBIfZ+qnA==\n"

/* A checkpoint that another implementation of a witness is tested with. */
#define SIGSUM                                                                 \
    "sigsum.org/v1/tree/"                                                      \
    "985ea163f5af026723561354f51f2ebcdcf2af809ce254ccfb64aa9aadd80f90"
#define SIGSUM_KEY                                                             \
    "52c05edad1bf5feffa81354faae59a655d9a9a1a793ed2f62c39c26c0be2aecd"
#define SIGSUM_NOTE                                                            \
    SIGSUM "\n1\nKgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"             \
           "\xe2\x80\x94 " SIGSUM " 7BKT0gOfNZ1J0So9unY3BZtm2YkPIoNYM/"        \
           "dce0Z2avJDs8dxN6ts9bOSwwrVrbjm6P9K3ZxpK6jJngOG6YvGGzV/lwo=\n"

static void the_example_of_the_specification_is_read(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1000);
    struct ov_checkpoint c;
    struct ov_note n;

    (void)state;
    assert_int_equal(ov_note_parse(a, OV_SPAN_LIT(SOFA_NOTE), &n), OV_OK);
    assert_int_equal(n.n_sigs, 2);
    assert_int_equal(n.sigs[0].bytes.len, 64);
    assert_int_equal(n.sigs[1].bytes.len, 72);
    assert_int_equal(ov_checkpoint_parse(n.text, &c), OV_OK);
    assert_true(
        ov_span_equal(c.origin, OV_SPAN_LIT("example.com/behind-the-sofa")));
    assert_int_equal(c.size, 20852163);
    assert_int_equal(c.root[0], 0x0a);
    assert_int_equal(c.extension.len, 0);
    ov_put_checkpoint(&b, "example.com/behind-the-sofa", c.size, c.root);
    assert_true(ov_span_equal(ov_buf_span(&b), n.text));
}

static void a_log_of_another_implementation_verifies(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    uint8_t public_key[32];
    struct ov_vkey k;
    struct ov_note n;
    uint64_t which;

    (void)state;
    assert_true(ov_hex_decode(OV_SPAN_LIT(SIGSUM_KEY), public_key, 32));
    assert_int_equal(ov_vkey_make(SIGSUM, OV_NOTE_ED25519, public_key, &k),
                     OV_OK);
    assert_int_equal(ov_note_parse(a, OV_SPAN_LIT(SIGSUM_NOTE), &n), OV_OK);
    assert_int_equal(ov_note_verify(&n, &k, 1, &which), OV_OK);
}

/* tlog-cosignature, "Ed25519 signed message". */
static void what_is_cosigned_is_as_specified(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1000);

    (void)state;
    ov_put_cosigned_text(&b, OV_SPAN_LIT(SOFA), 1679315147);
    assert_true(
        ov_span_equal(ov_buf_span(&b),
                      OV_SPAN_LIT("cosignature/v1\ntime 1679315147\n" SOFA)));
}

static void what_is_no_checkpoint_is_refused(void **state)
{
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    static const char *const bad[] = {
        "",
        "a\n",
        "a\n1\n",
        "a\n1\n" ROOT,
        "\n1\n" ROOT "\n",
        "a\n01\n" ROOT "\n",
        "a\n-1\n" ROOT "\n",
        "a\n+1\n" ROOT "\n",
        "a\n\n" ROOT "\n",
        "a\n9223372036854775808\n" ROOT "\n",
        "a\n1\nAAAA\n",
        "a\n1\n\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "a\n1\n" ROOT "\n\n",
        "a\n1\n" ROOT "\nx\n\ny\n",
        "a\n1\n" ROOT "\nx",
    };
    struct ov_checkpoint c = {.size = 77};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(ov_checkpoint_parse(ov_span_str(bad[i]), &c),
                         OV_MALFORMED);
    assert_int_equal(c.size, 77);
    assert_int_equal(
        ov_checkpoint_parse(OV_SPAN_LIT("a\n0\n" ROOT "\nx\ny\n"), &c), OV_OK);
    assert_int_equal(c.size, 0);
    assert_true(ov_span_equal(c.extension, OV_SPAN_LIT("x\ny\n")));
}

static void a_cosignature_holds_for_its_text_time_and_key(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(10000);
    const uint8_t root[32] = {1};
    struct test_signer w = test_witness(1);
    struct test_signer other = test_witness(2);
    struct ov_note n;
    uint64_t time = 0;
    uint64_t which = 0;

    (void)state;
    test_put_checkpoint(&b, 5, root);
    test_put_cosignature(&b, 1, 1679315147);
    assert_int_equal(ov_note_parse(a, ov_buf_span(&b), &n), OV_OK);
    assert_int_equal(ov_cosignature_verify(n.text, &n.sigs[1], &w.key, &time),
                     OV_OK);
    assert_int_equal(time, 1679315147);
    assert_int_equal(ov_note_verify(&n, &w.key, 1, &which), OV_OK);
    assert_int_equal(
        ov_cosignature_verify(n.text, &n.sigs[1], &other.key, &time),
        OV_BAD_SIGNATURE);
    assert_int_equal(
        ov_cosignature_verify(OV_SPAN_LIT(SOFA), &n.sigs[1], &w.key, &time),
        OV_BAD_SIGNATURE);
    /* The time is signed, too. */
    ((uint8_t *)(uintptr_t)n.sigs[1].bytes.ptr)[7] ^= 1;
    assert_int_equal(ov_cosignature_verify(n.text, &n.sigs[1], &w.key, &time),
                     OV_BAD_SIGNATURE);
}

static void a_plain_signature_is_no_cosignature(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(10000);
    const uint8_t root[32] = {1};
    struct test_signer log = test_log();
    struct ov_note n;
    uint64_t time;

    (void)state;
    test_put_checkpoint(&b, 5, root);
    assert_int_equal(ov_note_parse(a, ov_buf_span(&b), &n), OV_OK);
    assert_int_equal(ov_cosignature_verify(n.text, &n.sigs[0], &log.key, &time),
                     OV_BAD_SIGNATURE);
    assert_int_equal(ov_cosign_ed25519(n.text, &log.key, log.seed, 1, &b),
                     OV_USAGE);
}

/* A key and a cosignature of the right form and no meaning. */
static void ml_dsa_44_is_carried_and_named_and_never_good(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) material = ov_buf_with_max(4000);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(4000);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(4000);
    OV_AUTO_DONE(buf) note = ov_buf_with_max(20000);
    uint8_t sig[8 + OV_MLDSA44_SIG] = {0};
    struct ov_vkey k;
    struct ov_note n;
    uint64_t time;
    uint64_t which;

    (void)state;
    ov_put_u8(&material, OV_NOTE_COSIGN_MLDSA44);
    for (int i = 0; i < OV_MLDSA44_KEY; i++)
        ov_put_u8(&material, (uint8_t)i);
    ov_put_str(&text, "pq.example+aedc1052+");
    ov_put_base64(&text, ov_buf_span(&material));
    /* The id was made with another tool (hashlib of Python). */
    assert_int_equal(ov_vkey_parse(ov_buf_span(&text), &k), OV_OK);
    assert_int_equal(k.alg, OV_NOTE_COSIGN_MLDSA44);
    ov_put_vkey(&again, &k);
    assert_true(ov_span_equal(ov_buf_span(&again), ov_buf_span(&text)));
    ov_put_str(&note, SOFA "\n");
    ov_put_signature_line(&note, &k, ov_span_of(sig, sizeof(sig)));
    assert_int_equal(ov_note_parse(a, ov_buf_span(&note), &n), OV_OK);
    assert_int_equal(ov_cosignature_verify(n.text, &n.sigs[0], &k, &time),
                     OV_UNSUPPORTED);
    assert_int_equal(ov_note_verify(&n, &k, 1, &which), OV_BAD_SIGNATURE);
    ov_buf_clear(&note);
    ov_put_str(&note, SOFA "\n");
    ov_put_signature_line(&note, &k, ov_span_of(sig, sizeof(sig) - 1));
    assert_int_equal(ov_note_parse(a, ov_buf_span(&note), &n), OV_OK);
    assert_int_equal(ov_cosignature_verify(n.text, &n.sigs[0], &k, &time),
                     OV_BAD_SIGNATURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_specification_is_read),
        cmocka_unit_test(a_log_of_another_implementation_verifies),
        cmocka_unit_test(what_is_cosigned_is_as_specified),
        cmocka_unit_test(what_is_no_checkpoint_is_refused),
        cmocka_unit_test(a_cosignature_holds_for_its_text_time_and_key),
        cmocka_unit_test(a_plain_signature_is_no_cosignature),
        cmocka_unit_test(ml_dsa_44_is_carried_and_named_and_never_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
