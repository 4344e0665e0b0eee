/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "reputation/cloud_client.h"
#include "reputation/key_manifest.h"

/* Whom submissions go to, and what becomes of them, as far as the log vouches
 * for it: the manifest of keys (entry `key-manifest`), and the place of a
 * receipt in its region's log of submissions, whose root is in the public log
 * (entry `submissions`). docs/protocol-submissions.md. */

/* In the state, with ".entry" and ".proof" beside it; a server has
 * OV_CLOUD_KEYS_PATH and the version instead. */
#define OV_CLOUD_KEYS "reputation/keys"
#define OV_CLOUD_KEYS_PATH "v1/keys/"

struct ov_cloud_keys {
    uint64_t version;
    uint8_t digest[32]; /* SHA-256 of the manifest's text */
};

/* Whether the log has the manifest NAME of server 0: by NAME.entry, which
 * people have signed, and NAME.proof. OV_ROLLBACK: the state knows a newer one;
 * proofs' statuses, and others as ov_cloud_update has. */
OV_MUST_USE enum ov_status
ov_cloud_keys_check(const struct ov_cloud_io *io,
                    const struct ov_cloud_options *options, const char *name,
                    struct ov_cloud_keys *ret, struct ov_diag *diag);

/* Where a receipt is in the log of submissions. */
struct ov_cloud_receipt {
    uint64_t index;
    uint64_t size; /* of that log, as the public log has it; 0: never told */
    uint64_t time; /* when it was told */
    bool is_in;    /* false: it came behind that, so is not told yet */
};

/* The servers of ov_cloud_receipt_check. */
enum ov_cloud_receipt_server {
    OV_CLOUD_RECEIPT_KEYS,  /* has the manifest */
    OV_CLOUD_RECEIPT_NOTES, /* has the receipt */
    OV_CLOUD_RECEIPT_REGION /* is the region's service */
};

/* keys: as for ov_cloud_keys_check. receipt: its file. OV_OK: it is one of a
 * region of the manifest, and either is at its place in a tree whose root the
 * public log has, or came later (ret->is_in is false). A region that has
 * another one there is OV_BAD_PROOF, and what it served is kept in evidence. */
OV_MUST_USE enum ov_status
ov_cloud_receipt_check(const struct ov_cloud_io *io,
                       const struct ov_cloud_options *options, const char *keys,
                       const char *receipt, struct ov_cloud_receipt *ret,
                       struct ov_diag *diag);

/* ---- for cloud_client.c ---- */

struct ov_cloud;

/* Brings the version of the manifest that a server's head names into the state,
 * unless it is there. Evidence and words as for all that a server says. */
OV_MUST_USE enum ov_status ov_cloud_keys_bring(struct ov_cloud *c,
                                               size_t server, uint64_t version);
