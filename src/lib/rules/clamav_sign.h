/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* ClamAV's digital signatures. Numbers are written in base 64 with digits
 * a-z A-Z 0-9 + /, the lowest first. key is "n:e" in decimal; if it is empty,
 * ClamAV's own key for that purpose is taken. OV_OK, OV_BAD_SIGNATURE,
 * OV_USAGE if the key cannot be read, OV_NO_MEMORY. */

/* Of a container's header: the number to the power e is the MD5 itself, which
 * is given as 32 hexadecimal digits. */
OV_MUST_USE enum ov_status ov_clam_verify_md5(struct ov_span key,
                                              struct ov_span md5_digits,
                                              struct ov_span signature);

/* Of an .info file: RSASSA-PSS of RFC 8017 with SHA-256 for both, and 32 bytes
 * of salt. */
OV_MUST_USE enum ov_status ov_clam_verify_info(struct ov_span key,
                                               struct ov_span text,
                                               struct ov_span signature);
