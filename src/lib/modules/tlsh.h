/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* TLSH, a digest by which similar bytes have similar digests: version 4 with
 * 128 buckets and one byte of checksum (J. Oliver, C. Cheng, Y. Chen: "TLSH - A
 * Locality Sensitive Hash", CTC 2013). */
#define OV_TLSH_CHARS 72

/* "T1" and 70 upper-case hexadecimal digits; no NUL. False if the bytes have no
 * digest: fewer than 50 of them, or too few different ones. */
bool ov_tlsh(struct ov_span bytes, char ret[static OV_TLSH_CHARS]);
