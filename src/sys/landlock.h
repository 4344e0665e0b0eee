/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "base/status.h"

/* Forbids this process (and what it starts) all access to the file hierarchy,
 * TCP, abstract sockets and signals outside, as far as the kernel's Landlock
 * knows them. *ret_abi: its version. OV_UNSUPPORTED without Landlock. */
OV_MUST_USE enum ov_status ov_landlock_forbid_all(uint32_t *ret_abi);

/* Forbids the same but for TCP, and but for reading the files that
 * open_readable opens, until it gives -1. */
OV_MUST_USE enum ov_status
ov_landlock_forbid_files(int (*open_readable)(size_t i), uint32_t *ret_abi);

/* Forbids the same, but for reading, making, replacing and removing files in
 * this open folder. */
OV_MUST_USE enum ov_status ov_landlock_keep_folder(int folder,
                                                   uint32_t *ret_abi);
