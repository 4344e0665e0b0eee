/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/pool.h"

/* Whether rules that are about to be used are fit for it: a jailed worker opens
 * them, they find the standard test file, and they find nothing in files that
 * are known to be good: this program, a few of the system's, and those in the
 * folder corpus (may be NULL). OV_MISMATCH, with words in diag. */
OV_MUST_USE enum ov_status self_test_run(const struct ov_pool_images *images,
                                         const char *corpus,
                                         unsigned spawn_flags,
                                         struct ov_diag *diag);
