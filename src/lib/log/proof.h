/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/policy.h"

/* A proof that an entry is in a log, for a reader without network:
 * c2sp.org/tlog-proof@v1. */

#define OV_PROOF_MAX_SIZE (OV_NOTE_MAX_SIZE + (64U << 10))
#define OV_PROOF_MAX_HASHES 64

struct ov_proof {
    struct ov_span extra; /* decoded; nobody vouches for it */
    uint64_t index;
    uint8_t (*hashes)[32];
    size_t n_hashes;
    struct ov_span checkpoint; /* a whole signed note, verbatim */
};

/* Borrows bytes; the rest lives in a. OV_MALFORMED, OV_LIMIT_SIZE,
 * OV_LIMIT_COUNT, OV_NO_MEMORY. */
OV_MUST_USE enum ov_status
ov_proof_parse(struct ov_arena *a, struct ov_span bytes, struct ov_proof *ret);

void ov_put_proof(struct ov_buf *b, const struct ov_proof *p);

/* Whether entry (its exact bytes) is in a log that the policy accepts: leaf
 * hash, inclusion proof, log signature, quorum. clock and statuses as in
 * ov_policy_check; OV_BAD_PROOF also if the inclusion proof does not hold.
 * a holds what is decoded, and *ret_result borrows proof. */
OV_MUST_USE enum ov_status ov_proof_verify(struct ov_arena *a,
                                           const struct ov_proof *proof,
                                           struct ov_span entry,
                                           const struct ov_policy *policy,
                                           const struct ov_policy_clock *clock,
                                           struct ov_policy_result *ret_result);
