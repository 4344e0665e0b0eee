/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "reputation/reputation.h"

/* Delta segments: what changed since the segment before, which each of them
 * names by its digest, so that the last one vouches for all. Format:
 * docs/protocol-reputation.md, "Deltas". */

#define OV_VERDICT_DELTA_HEADER 60
#define OV_VERDICT_DELTA_RECORD 25
#define OV_VERDICT_DELTA_PREFIX 20
#define OV_VERDICT_DELTA_MAX ((size_t)1 << 20) /* records */
#define OV_VERDICT_DELTA_MAX_FAMILIES ((size_t)1 << 16)
#define OV_VERDICT_DELTA_MAX_SIZE ((size_t)64 << 20)

enum ov_verdict_op {
    OV_VERDICT_ADD = 1,      /* nothing was said of it before */
    OV_VERDICT_CHANGE = 2,   /* something else was */
    OV_VERDICT_RECALL = 3,   /* it was called bad by mistake */
    OV_VERDICT_WITHDRAW = 4, /* nothing is said any more */
};

struct ov_verdict_change {
    enum ov_verdict_op op;
    uint8_t prefix[OV_VERDICT_DELTA_PREFIX]; /* first bytes of the hash */
    enum ov_reputation reputation;           /* RECALL: recalled; WITHDRAW: 0 */
    uint32_t family;
};

/* A family that had no number in the segments before. */
struct ov_family {
    uint32_t number;
    struct ov_span name; /* borrowed */
};

struct ov_verdict_delta {
    uint64_t seq; /* from 1 */
    uint64_t time;
    uint8_t previous[32]; /* SHA-256 of the segment before; zeros for the 1st */
    size_t n;
    struct ov_span records; /* borrowed; ov_verdict_delta_at */
    size_t n_families;
    struct ov_span families; /* borrowed; ov_verdict_delta_family */
};

/* What a segment is made of. */
struct ov_verdict_delta_parts {
    uint64_t seq;
    uint64_t time;
    uint8_t previous[32];
    const struct ov_verdict_change *changes; /* rising by prefix, each once */
    size_t n;
    const struct ov_family *families; /* rising by number */
    size_t n_families;
};

/* Appends a segment. OV_USAGE for parts that ov_verdict_delta_read would
 * refuse; OV_NO_MEMORY, OV_LIMIT_SIZE. */
OV_MUST_USE enum ov_status
ov_put_verdict_delta(struct ov_buf *b, const struct ov_verdict_delta_parts *p);

/* bytes: a whole segment, borrowed by *ret. Strict: what it takes is what
 * ov_put_verdict_delta writes. OV_TRUNCATED, OV_MALFORMED, OV_LIMIT_SIZE. */
OV_MUST_USE enum ov_status ov_verdict_delta_read(struct ov_span bytes,
                                                 struct ov_verdict_delta *ret);

/* OV_OK if d is segment `seq` and names `previous`; OV_ROLLBACK if it is an
 * earlier one, OV_MISMATCH if a later one, OV_SPLIT_VIEW if it has the number
 * and names another segment. */
OV_MUST_USE enum ov_status
ov_verdict_delta_follows(const struct ov_verdict_delta *d, uint64_t seq,
                         const uint8_t previous[static 32]);

/* The nth change, n < d->n. */
void ov_verdict_delta_at(const struct ov_verdict_delta *d, size_t n,
                         struct ov_verdict_change *ret);
/* false: the segment says nothing of that hash. */
bool ov_verdict_delta_find(const struct ov_verdict_delta *d,
                           const uint8_t hash[static 32],
                           struct ov_verdict_change *ret);
/* The next family of *rest, which begins as d->families; false at its end. */
bool ov_verdict_delta_family(struct ov_span *rest, struct ov_family *ret);
