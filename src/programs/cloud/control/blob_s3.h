/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* The place of blobs (blob_folder.h) as a bucket of an S3-compatible store:
 * "s3:https://HOST/BUCKET" or "s3:https://HOST/BUCKET/PREFIX". A process has
 * one such place. What is stored there is sealed already; the store sees random
 * names, sizes and times. */

bool blob_s3_is(const char *place);

/* Reads the account, lines "access-key WORD", "secret-key WORD", "region WORD",
 * and prepares; before the jail. OV_USAGE, OV_NOT_FOUND, OV_MALFORMED, with
 * words in diag. */
OV_MUST_USE enum ov_status
blob_s3_open(const char *place, const char *account_file, struct ov_diag *diag);
void blob_s3_close(void);

/* The functions of blob_folder.h, for stored bytes. All wait for the store,
 * half a minute at most: OV_IO with words in diag. */
OV_MUST_USE enum ov_status blob_s3_put(const uint8_t digest[static 32],
                                       struct ov_span bytes,
                                       struct ov_diag *diag);
OV_MUST_USE enum ov_status blob_s3_get(const uint8_t digest[static 32],
                                       struct ov_buf *into,
                                       struct ov_diag *diag);
OV_MUST_USE enum ov_status blob_s3_remove(const uint8_t digest[static 32],
                                          struct ov_diag *diag);
OV_MUST_USE enum ov_status blob_s3_each(
    uint64_t before,
    enum ov_status (*each)(void *data, const uint8_t digest[static 32]),
    void *data, struct ov_diag *diag);
