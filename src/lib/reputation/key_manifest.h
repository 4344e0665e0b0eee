/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/note.h"
#include "reputation/envelope.h"

/* Who may open what is submitted where: the regions with their keys. Its digest
 * is logged (entry `key-manifest`), so that nobody is given another one unseen.
 *
 *     overt-key-manifest/1
 *     version 3
 *     region eu
 *     jurisdiction DE
 *     operator Example Cloud GmbH
 *     endpoint https://eu.example.net/
 *     seal-key 64 digits
 *     receipt-key NAME+ID+BASE64
 *     valid-from 2026-01-01T00:00:00Z
 *     valid-until 2027-01-01T00:00:00Z
 *     region ...
 *
 * Sorted by region, then by valid-from; a region has several blocks while one
 * key follows another. */

#define OV_KEY_MANIFEST_MAX ((size_t)64 << 10)
#define OV_KEY_MANIFEST_MAX_BLOCKS 64

struct ov_region_keys {
    char region[OV_REGION_MAX + 1];
    struct ov_span jurisdiction; /* "DE", "EU" */
    struct ov_span operator_name;
    struct ov_span endpoint; /* http: or https:, ends with a slash */
    uint8_t seal_key[OV_HPKE_KEY];
    uint8_t key_id[OV_ENVELOPE_KEY_ID];
    struct ov_vkey receipt_key;
    uint64_t valid_from; /* seconds since 1970 */
    uint64_t valid_until;
};

struct ov_key_manifest {
    uint64_t version;
    struct ov_region_keys *blocks;
    size_t n;
};

void ov_put_key_manifest(struct ov_buf *b, const struct ov_key_manifest *m);

/* Borrows text; blocks live in a. OV_MALFORMED, OV_TRUNCATED, OV_UNSUPPORTED,
 * OV_LIMIT_SIZE, OV_LIMIT_COUNT with words in diag; OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_key_manifest_parse(struct ov_arena *a,
                                                 struct ov_span text,
                                                 struct ov_key_manifest *ret,
                                                 struct ov_diag *diag);

/* The newest block of a region that is valid at now; NULL: none. */
const struct ov_region_keys *
ov_key_manifest_find(const struct ov_key_manifest *m, struct ov_span region,
                     uint64_t now);
