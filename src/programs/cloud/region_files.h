/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cloud.h"
#include "reputation/key_manifest.h"

/* A region's folder:
 *
 *     DIR/keys/seal       the key that opens envelopes: 64 digits
 *     DIR/keys/receipts   the key that signs receipts (sys/key_file.h)
 *     DIR/manifest        the public half, as a manifest of one block
 *     DIR/state/          what the service writes: store.db, blobs/
 *     DIR/state/logged/   what the public log has of its receipts
 *                         (receipts_page.h)
 *
 * The service that hears the world is given state/ and the receipts' key; the
 * other key is read by who analyses. */

struct region_files {
    struct ov_buf text; /* of the manifest */
    struct ov_key_manifest manifest;
    const struct ov_region_keys *keys; /* its only block */
};

void region_files_done(struct region_files *r);

/* Reads DIR/manifest. False after words. */
bool region_read(struct cloud *c, struct ov_arena *a, struct region_files *ret);
