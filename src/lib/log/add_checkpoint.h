/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/checkpoint.h"

/* What a log asks of a witness, and what a witness may answer:
 * c2sp.org/tlog-witness v1, "add-checkpoint". No clock and no file is here; a
 * program stores what was decided, and only then answers. */

#define OV_WITNESS_MAX_PROOF 63
/* Old size, proof and blank line before a note. */
#define OV_WITNESS_MAX_BODY (OV_NOTE_MAX_SIZE + 4096)

struct ov_add_checkpoint {
    uint64_t old;
    uint8_t proof[OV_WITNESS_MAX_PROOF][OV_MERKLE_HASH];
    size_t n;
    struct ov_span checkpoint; /* a signed note */
};

/* Borrows body; the note is not looked at. OV_MALFORMED. */
OV_MUST_USE enum ov_status
ov_add_checkpoint_parse(struct ov_span body, struct ov_add_checkpoint *ret);

/* Appends the body of a request. */
void ov_put_add_checkpoint(struct ov_buf *b,
                           const struct ov_add_checkpoint *request);

/* What a witness knows of one log: whose signatures count, and the latest
 * checkpoint that it cosigned. Start with ov_witnessed_start. */
struct ov_witnessed {
    struct ov_span origin;
    const struct ov_vkey *keys;
    size_t n_keys; /* at most 64 */
    uint64_t size; /* 0: none yet */
    uint8_t root[OV_MERKLE_HASH];
};

struct ov_witnessed ov_witnessed_start(struct ov_span origin,
                                       const struct ov_vkey *keys,
                                       size_t n_keys);

/* Status codes of the answer; those without a name here are the server's. */
enum ov_witness_code {
    OV_WITNESS_COSIGN = 200,
    OV_WITNESS_MALFORMED = 400,    /* or the old size is above the new one */
    OV_WITNESS_NOT_SIGNED = 403,   /* no good signature of the log */
    OV_WITNESS_UNKNOWN = 404,      /* no such log here */
    OV_WITNESS_CONFLICT = 409,     /* the old size is not what was cosigned */
    OV_WITNESS_INCONSISTENT = 422, /* the proof does not hold */
    OV_WITNESS_OUT_OF_MEMORY = 503,
};

struct ov_witness_ruling {
    enum ov_witness_code code;
    size_t log;                      /* which, where it is known */
    uint64_t signed_by;              /* bit i: the log's key i */
    struct ov_checkpoint checkpoint; /* with COSIGN; borrows the body */
    struct ov_note note;             /* with COSIGN; lives in the arena */
};

/* Decides a request against what is known. Nothing is changed: on COSIGN the
 * caller stores the checkpoint before anybody hears of its cosignature, and
 * lets no other request about the log come between. */
void ov_witness_judge(struct ov_arena *a, const struct ov_witnessed *logs,
                      size_t n_logs, struct ov_span body,
                      struct ov_witness_ruling *ret);
