/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/merkle.h"
#include "log/note.h"

/* What a log says about its tree, c2sp.org/tlog-checkpoint v1.0.0, and what a
 * cosigner says about that, c2sp.org/tlog-cosignature. */

struct ov_checkpoint {
    struct ov_span origin; /* first line, without its newline */
    uint64_t size;         /* <= OV_MERKLE_MAX_SIZE */
    uint8_t root[OV_MERKLE_HASH];
    /* Extension lines, with newlines; mostly empty. Nobody vouches for them. */
    struct ov_span extension;
};

/* note_text: struct ov_note.text, whose signatures the caller verifies first.
 * Borrows it. OV_MALFORMED. */
OV_MUST_USE enum ov_status ov_checkpoint_parse(struct ov_span note_text,
                                               struct ov_checkpoint *ret);

/* The text of three lines, without the blank line that ends a note's text. */
void ov_put_checkpoint(struct ov_buf *b, const char *origin, uint64_t size,
                       const uint8_t root[static OV_MERKLE_HASH]);

/* What a cosignature/v1 signs: two header lines, and the note's text. */
void ov_put_cosigned_text(struct ov_buf *b, struct ov_span note_text,
                          uint64_t time);

/* Appends a cosignature/v1 line (tlog-cosignature, "Ed25519 signed message")
 * to line, by k (alg OV_NOTE_COSIGN_ED25519). time: POSIX seconds, < 2^63. */
OV_MUST_USE enum ov_status
ov_cosign_ed25519(struct ov_span note_text, const struct ov_vkey *k,
                  const uint8_t seed[static OV_ED25519_SEED], uint64_t time,
                  struct ov_buf *line);

/* OV_BAD_SIGNATURE, also if k is no cosigner's key or s does not name it;
 * OV_UNSUPPORTED for ML-DSA-44. ret_time: POSIX seconds. */
OV_MUST_USE enum ov_status
ov_cosignature_verify(struct ov_span note_text,
                      const struct ov_note_signature *s,
                      const struct ov_vkey *k, uint64_t *ret_time);
