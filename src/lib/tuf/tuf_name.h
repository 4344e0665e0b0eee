/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Names of files, as a repository and a state folder have them (TUF 1.0.34,
 * 6.2). Bytes other than letters, digits and "-._~" are percent-encoded (RFC
 * 3986, 2.3), so that no role can name a file elsewhere. */

/* A name that is enough for any role's: OV_TUF_MAX_NAME bytes, encoded. */
struct ov_tuf_name {
    char text[320];
};

/* "7.rules.json", or with version 0 "rules.json". OV_LIMIT_SIZE, OV_NO_MEMORY.
 */
OV_MUST_USE enum ov_status
ov_tuf_file_name(struct ov_span role, int64_t version, struct ov_tuf_name *ret);

/* Appends a target's place below the targets base: "db/stable/HEX.head", with
 * sha256 NULL "db/stable/head". '/' stays '/'. */
void ov_put_tuf_target_name(struct ov_buf *b, struct ov_span path,
                            const uint8_t *sha256);
