/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "crypto/seal.h"

/* Envelopes at rest: files named by the SHA-256 of their content, in 256
 * folders, each encrypted once more under a key of its own that is only in the
 * database. Without its row a file is noise, also in a backup of the files.
 *
 * A folder may be a bucket of a store instead ("s3:...", blob_s3.h), which the
 * process has opened. */

#define BLOB_PATH_MAX 4096

struct blob_name {
    uint8_t digest[32]; /* of what is stored */
    uint8_t key[OV_SEAL_KEY];
};

/* Stores bytes under a new key; durable on OV_OK. */
OV_MUST_USE enum ov_status blob_put(const char *folder, struct ov_span bytes,
                                    struct blob_name *ret,
                                    struct ov_diag *diag);

/* Appends what was stored. OV_NOT_FOUND; OV_BAD_DIGEST, OV_BAD_PROOF: damaged,
 * or another key. */
OV_MUST_USE enum ov_status blob_get(const char *folder,
                                    const struct blob_name *name,
                                    struct ov_buf *into, struct ov_diag *diag);

/* Fine if it is gone. */
OV_MUST_USE enum ov_status blob_remove(const char *folder,
                                       const uint8_t digest[static 32],
                                       struct ov_diag *diag);

/* Calls each for every file that was last written at `before` (seconds since
 * 1970) or earlier, until it returns other than OV_OK; it may remove the file.
 * A folder that isn't there is empty. */
OV_MUST_USE enum ov_status
blob_each(const char *folder, uint64_t before,
          enum ov_status (*each)(void *data, const uint8_t digest[static 32]),
          void *data, struct ov_diag *diag);
