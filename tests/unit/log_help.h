/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/checkpoint.h"
#include "test.h"

/* Keys, checkpoints and cosignatures for tests. */

#define TEST_ORIGIN "log.example/2026"

struct test_signer {
    struct ov_vkey key;
    uint8_t seed[32];
};

/* The same name and number give the same key. */
static inline struct test_signer
test_signer(const char *name, enum ov_note_alg alg, uint8_t number)
{
    struct test_signer s = {.seed = {number, 0x5e, 0xed}};
    uint8_t public_key[32];

    assert_int_equal(ov_ed25519_public(s.seed, public_key), OV_OK);
    assert_int_equal(ov_vkey_make(name, alg, public_key, &s.key), OV_OK);
    return s;
}

static inline struct test_signer test_log(void)
{
    return test_signer(TEST_ORIGIN, OV_NOTE_ED25519, 200);
}

static inline struct test_signer test_witness(uint8_t number)
{
    char name[] = "w00.witness.example";

    name[1] = (char)('0' + number / 10);
    name[2] = (char)('0' + number % 10);
    return test_signer(name, OV_NOTE_COSIGN_ED25519, number);
}

/* A checkpoint signed by test_log(). */
static inline void test_put_checkpoint(struct ov_buf *b, uint64_t size,
                                       const uint8_t root[32])
{
    struct test_signer log = test_log();

    ov_put_checkpoint(b, TEST_ORIGIN, size, root);
    ov_put_u8(b, '\n');
    assert_int_equal(ov_put_note_signature(b, &log.key, log.seed), OV_OK);
}

/* Appends a cosignature to a note whose text ends at its only blank line. */
static inline void test_put_cosignature(struct ov_buf *b, uint8_t witness,
                                        uint64_t time)
{
    struct test_signer w = test_witness(witness);
    size_t end = ov_span_find(ov_buf_span(b), OV_SPAN_LIT("\n\n"), 0);
    OV_AUTO_DONE(buf) line = ov_buf_with_max(1000);

    assert_true(end != SIZE_MAX);
    assert_int_equal(ov_cosign_ed25519(ov_span_clip(ov_buf_span(b), 0, end + 1),
                                       &w.key, w.seed, time, &line),
                     OV_OK);
    ov_put_span(b, ov_buf_span(&line));
}
