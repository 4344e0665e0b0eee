/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
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

/* Truncating is a right of its own from version 3 on. */
#define OV_LANDLOCK_ABI_TRUNCATE 3
#define OV_LANDLOCK_TRUNCATE (UINT64_C(1) << 14)

/* A rule set that denies all there is, or all but the network; and its use. For
 * landlock_paths.c. */
OV_MUST_USE enum ov_status ov_landlock_ruleset(bool keeps_network, int *ret_fd,
                                               uint32_t *ret_abi);
OV_MUST_USE enum ov_status ov_landlock_restrict(int ruleset);

/* ---- landlock_paths.c ---- */

/* Forbids this process and what it starts to change anything in the file
 * hierarchy but below these open folders, and in these open files (O_PATH will
 * do); reading, programs and the network stay as they are. For programs that
 * start helpers, which are jailed further. Sets no-new-privileges. */
OV_MUST_USE enum ov_status ov_landlock_write_below(const int *places, size_t n,
                                                   uint32_t *ret_abi);

/* The same with paths; those that are not there are left out. */
OV_MUST_USE enum ov_status ov_landlock_write_paths(const char *const *paths,
                                                   size_t n);

/* For a service that starts nothing: it may use files below the paths of write,
 * read those below the paths of read, and no others, nor run any program.
 * Paths that are not there are left out. The network stays as it is. */
struct ov_landlock_places {
    const char *const *write;
    size_t n_write;
    const char *const *read;
    size_t n_read;
};
OV_MUST_USE enum ov_status
ov_landlock_service(const struct ov_landlock_places *places);
