/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "crypto/digest.h"

/* The last findings, so that "overt allow 275a021bbfb6" knows which file that
 * was: lines of JSON in the state, the newest last; the older half goes when
 * there are too many. A convenience: what cannot be written is left out, and
 * lines that are damaged are passed over. */

/* How many digits of the digest name a finding. */
#define FINDING_ID_LEN 12

void finding_log_add(const char *file,
                     const uint8_t digest[static OV_DIGEST_MAX], uint64_t size,
                     const char *path, struct ov_span rule);

struct finding_log_entry {
    uint8_t digest[OV_DIGEST_MAX];
    int64_t size;
    char path[256]; /* printable, cut */
    char rule[256];
};

/* The newest whose digest begins with these hexadecimal digits. OV_NOT_FOUND;
 * OV_USAGE: several contents begin so. */
OV_MUST_USE enum ov_status finding_log_find(const char *file,
                                            const char *digits,
                                            struct finding_log_entry *ret);
