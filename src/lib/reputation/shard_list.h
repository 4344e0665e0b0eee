/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "reputation/reputation.h"

/* The list of a filter's 256 shards: length and digest of each, and which hash
 * belongs to which. A client that has a shard with that digest does not fetch
 * it again. The snapshot's statement has the list's own digest. Format:
 * docs/protocol-reputation.md, "Filters". */

#define OV_SHARD_LIST_SIZE (8 + OV_SHARDS * 36)

struct ov_shard {
    uint32_t len;
    uint8_t digest[32]; /* SHA-256 */
};

struct ov_shard_list {
    enum ov_filter filter;
    struct ov_shard shards[OV_SHARDS];
};

void ov_put_shard_list(struct ov_buf *b, const struct ov_shard_list *l);
/* OV_TRUNCATED, OV_MALFORMED; OV_MISMATCH for another filter's list. */
OV_MUST_USE enum ov_status ov_shard_list_read(struct ov_span bytes,
                                              enum ov_filter filter,
                                              struct ov_shard_list *ret);
/* All shards together. */
uint64_t ov_shard_list_bytes(const struct ov_shard_list *l);

/* The lines of a snapshot's families: "NUMBER NAME", rising by number from 1.
 * The name of a family, or an empty span if the list has none such. */
struct ov_span ov_family_list_find(struct ov_span list, uint32_t number);
/* OV_MALFORMED unless all of it is such lines. */
OV_MUST_USE enum ov_status ov_family_list_check(struct ov_span list);
