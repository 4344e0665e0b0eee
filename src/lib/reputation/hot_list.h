/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "reputation/reputation.h"

/* The hot list of a snapshot: what was seen most or came last, with what is
 * said of it, so that a client need not ask. Sorted, searched where it lies.
 * Format: docs/protocol-reputation.md, "Hot list". */

#define OV_HOT_HEADER 16
#define OV_HOT_RECORD 24
#define OV_HOT_PREFIX 20
#define OV_HOT_MAX ((size_t)1 << 26)

struct ov_hot {
    uint32_t epoch;
    size_t n;
    struct ov_span records; /* borrowed */
};

struct ov_hot_record {
    uint8_t prefix[OV_HOT_PREFIX]; /* the first bytes of the hash */
    enum ov_reputation reputation;
    uint32_t family;
};

void ov_put_hot_head(struct ov_buf *b, uint32_t epoch, uint32_t n);
/* The records follow in rising order, each prefix once. */
void ov_put_hot_record(struct ov_buf *b, const struct ov_hot_record *record);

/* bytes: a whole list, borrowed by *ret; a mapping will do. Looks at the header
 * and at the length: a list counts only where its digest was compared.
 * OV_TRUNCATED, OV_MALFORMED. */
OV_MUST_USE enum ov_status ov_hot_open(struct ov_span bytes,
                                       struct ov_hot *ret);
/* Looks at all of it: OV_MALFORMED unless it is just what a builder writes. */
OV_MUST_USE enum ov_status ov_hot_check(const struct ov_hot *h);

/* The nth record, n < h->n. */
void ov_hot_at(const struct ov_hot *h, size_t n, struct ov_hot_record *ret);
bool ov_hot_find(const struct ov_hot *h, const uint8_t hash[static 32],
                 struct ov_hot_record *ret);
