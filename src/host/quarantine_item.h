/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/seal.h"
#include "host/quarantine_meta.h"

/* One item of a quarantine, a file of its own (docs/protocol-quarantine.md):
 * metadata and content, encrypted and authenticated under a key of the item's.
 * Knows of descriptors only; where they are is host/quarantine.h's matter. */

struct quarantine_item {
    int fd;              /* of the item; owned */
    struct ov_buf plain; /* what meta lies in */
    struct quarantine_meta meta;
    uint64_t content_at;
    uint8_t content_key[OV_SEAL_KEY];
};

void quarantine_item_done(struct quarantine_item *i);

/* Writes an item to `to`, an empty file. The content is `from`'s, all of it,
 * and must be what meta->size and meta->digest say: else OV_MISMATCH, and the
 * file was changed meanwhile. OV_IO with errno, OV_NO_MEMORY. Not synced. */
OV_MUST_USE enum ov_status
quarantine_item_write(int to, const uint8_t key[static OV_SEAL_KEY],
                      const struct quarantine_meta *meta, int from);

/* Reads head and metadata, not the content. Takes fd. OV_MALFORMED: not an
 * item; OV_TRUNCATED; OV_BAD_PROOF: damaged, or another key's; OV_UNSUPPORTED:
 * a later version's. For OV_AUTO_DONE. */
OV_MUST_USE enum ov_status
quarantine_item_open(int fd, const uint8_t key[static OV_SEAL_KEY],
                     struct quarantine_item *ret);

/* Writes the content to `to`, an empty file. It may only be used if this
 * returns OV_OK: OV_BAD_PROOF, OV_BAD_DIGEST or OV_TRUNCATED: damaged. OV_IO
 * with errno. */
OV_MUST_USE enum ov_status quarantine_item_read(const struct quarantine_item *i,
                                                int to);

/* SHA-256 of all of a file, wherever its offset is. OV_LIMIT_SIZE beyond max,
 * OV_IO with errno. */
OV_MUST_USE enum ov_status quarantine_digest(int fd, uint64_t max,
                                             uint8_t ret[static OV_DIGEST_MAX],
                                             uint64_t *ret_len);

/* The head of an item, which is not encrypted. */
#define QUARANTINE_HEAD_LEN 56

struct quarantine_head {
    uint8_t salt[OV_SEAL_SALT];
    uint32_t meta_len; /* sealed */
};

/* The first QUARANTINE_HEAD_LEN bytes of an item. OV_TRUNCATED, OV_MALFORMED,
 * OV_UNSUPPORTED. */
OV_MUST_USE enum ov_status quarantine_read_head(struct ov_span bytes,
                                                struct quarantine_head *ret);
