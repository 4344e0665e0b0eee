/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/image.h"
#include "rules/ruleset.h"

/* One entry of a hash table, put together again. */
struct ov_hash_entry {
    uint8_t digest[OV_DIGEST_MAX];
    uint64_t size; /* OV_SIZE_ANY */
};

/* Entry `index` in the order of digests; false if there is none, or on damage.
 */
bool ov_hash_entry_at(struct ov_image *image, enum ov_hash_of of,
                      enum ov_digest_kind kind, uint32_t index,
                      struct ov_hash_entry *ret);

/* For each entry in the order of sources, its index in the order of digests.
 * OV_NO_MEMORY, OV_MALFORMED. Returns owned: ov_free. */
OV_MUST_USE enum ov_status ov_hash_entry_order(struct ov_image *image,
                                               enum ov_hash_of of,
                                               enum ov_digest_kind kind,
                                               uint32_t **ret, size_t *ret_n);
