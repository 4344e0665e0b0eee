/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "sys/sandbox.h"

/* One piece of work on hostile bytes, in a process that has nothing but its
 * copy of this one's memory, and is gone when it is done. */

/* Forks, enters the profile's jail, and has work write what it comes to; 0
 * means that it is done, anything else that it is refused (it has told why on
 * stderr, which it may). Appends to *ret, up to its maximum: hostile bytes
 * still. OV_DENIED: refused, or killed by its jail. OV_LIMIT_SIZE, OV_IO with
 * words in diag. */
OV_MUST_USE enum ov_status
ov_jailed_run(enum ov_profile profile,
              int (*work)(void *data, struct ov_buf *out), void *data,
              struct ov_buf *ret, struct ov_diag *diag);
