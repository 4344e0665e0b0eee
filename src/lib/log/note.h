/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "crypto/ed25519.h"

/* Signed notes and verifier keys, c2sp.org/signed-note v1.0.0: a text, a blank
 * line, and lines that each hold one signature of that text. A text is nothing
 * before a signature of a key that the reader brings verifies. */

#define OV_NOTE_MAX_SIZE (128U << 10)
#define OV_NOTE_MAX_SIGS 64
#define OV_NOTE_MAX_NAME 127
#define OV_NOTE_ID 4
/* Keys and signatures of ML-DSA-44 (FIPS 204 table 2). */
#define OV_MLDSA44_KEY 1312
#define OV_MLDSA44_SIG 2420

/* The assigned signature types that we know (signed-note, "Signature types").
 * ML-DSA-44 is read, carried and named, but nothing here can verify it. */
enum ov_note_alg {
    OV_NOTE_ED25519 = 1,
    OV_NOTE_COSIGN_ED25519 = 4,
    OV_NOTE_COSIGN_MLDSA44 = 6,
};

/* A verifier key: NAME+ID+BASE64. Small enough for the stack; borrows the text
 * it was parsed from only if alg is ML-DSA-44. */
struct ov_vkey {
    char name[OV_NOTE_MAX_NAME + 1];
    uint8_t id[OV_NOTE_ID];
    uint8_t alg;
    /* Ed25519: the public key. ML-DSA-44: its SHA-256, which tells two keys
     * apart. */
    uint8_t key[32];
    struct ov_span long_key; /* ML-DSA-44 only: base64 of type byte and key */
};

/* OV_MALFORMED; OV_UNSUPPORTED for another signature type; OV_LIMIT_SIZE for a
 * longer name; OV_BAD_DIGEST if the id is not that of name, type and key. */
OV_MUST_USE enum ov_status ov_vkey_parse(struct ov_span text,
                                         struct ov_vkey *ret);
/* Without a newline. */
void ov_put_vkey(struct ov_buf *b, const struct ov_vkey *k);
/* From an Ed25519 public key. OV_USAGE if name is no key name or alg is not
 * one of Ed25519's. */
OV_MUST_USE enum ov_status
ov_vkey_make(const char *name, enum ov_note_alg alg,
             const uint8_t public_key[static OV_ED25519_KEY],
             struct ov_vkey *ret);
/* Not empty, valid UTF-8, no plus sign, no control and no Unicode space. */
bool ov_key_name_is_valid(struct ov_span name);
/* Same type and same key, whatever the names say: count keys, not key ids. */
bool ov_vkey_same_key(const struct ov_vkey *a, const struct ov_vkey *b);

/* One signature of text by k, without regard to name and id. sig is what
 * follows the id. ret_time: POSIX seconds of a cosignature, 0 for a plain
 * signature. OV_BAD_SIGNATURE (also for a wrong length); OV_UNSUPPORTED for a
 * well-formed ML-DSA-44 cosignature. */
OV_MUST_USE enum ov_status ov_vkey_verify(const struct ov_vkey *k,
                                          struct ov_span text,
                                          struct ov_span sig,
                                          uint64_t *ret_time);

struct ov_note_signature {
    struct ov_span name;
    uint8_t id[OV_NOTE_ID];
    struct ov_span bytes; /* what follows the id; not empty */
    struct ov_span line;  /* as it stands in the note, with its newline */
};

struct ov_note {
    struct ov_span text; /* with its last newline */
    struct ov_note_signature sigs[OV_NOTE_MAX_SIGS];
    size_t n_sigs; /* at least 1 */
};

/* Borrows bytes; decoded signatures live in a. OV_MALFORMED, OV_LIMIT_SIZE (of
 * the note), OV_LIMIT_COUNT (of signatures), OV_NO_MEMORY. struct ov_note is
 * about 5 KiB: keep it in an arena where stack is short. */
OV_MUST_USE enum ov_status
ov_note_parse(struct ov_arena *a, struct ov_span bytes, struct ov_note *ret);

/* Whether this signature names this key (name and id, both). */
bool ov_note_signature_is_of(const struct ov_note_signature *s,
                             const struct ov_vkey *k);

/* Verifies every signature that names one of the (at most 64) keys, plain or
 * cosignature. ret_which: bit i is set if keys[i] signed. A bad signature of a
 * known key refuses the note (OV_BAD_SIGNATURE), and so does the lack of any
 * good one; signatures of unknown keys, also of a known name with another id,
 * are ignored; one of ML-DSA-44 counts for nothing. */
OV_MUST_USE enum ov_status ov_note_verify(const struct ov_note *n,
                                          const struct ov_vkey *keys,
                                          size_t n_keys, uint64_t *ret_which);

/* Appends one signature line by k (alg Ed25519) to note, which holds the text,
 * the blank line and earlier signature lines. OV_USAGE if it does not. */
OV_MUST_USE enum ov_status
ov_put_note_signature(struct ov_buf *note, const struct ov_vkey *k,
                      const uint8_t seed[static OV_ED25519_SEED]);

/* Appends "EM-DASH NAME BASE64(ID BYTES)" and a newline. */
void ov_put_signature_line(struct ov_buf *b, const struct ov_vkey *k,
                           struct ov_span bytes);
