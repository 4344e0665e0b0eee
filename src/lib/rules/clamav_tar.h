/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/clamav.h"

/* The members of a tar archive (POSIX ustar, what sigtool writes), in order.
 * Other things than plain files, and names with a slash, are OV_MALFORMED:
 * ClamAV's containers have none. Names and texts are spans into tar; the array
 * lives in the arena. */
OV_MUST_USE enum ov_status ov_clam_tar(struct ov_span tar,
                                       struct ov_arena *arena,
                                       const struct ov_clamav_member **ret,
                                       size_t *ret_n, struct ov_diag *diag);
