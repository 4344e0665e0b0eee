/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/stat.h>

#include "base/buf.h"

/* Files of our own: read whole, and replaced whole or not at all. */

/* Appends all of a regular file. OV_NOT_FOUND, OV_DENIED, OV_IO,
 * OV_LIMIT_SIZE. */
OV_MUST_USE enum ov_status ov_file_read(const char *path, struct ov_buf *into);

/* Makes path hold exactly bytes: a temporary file beside it, then a rename.
 * Whoever looks sees the old or the new content. Not synced: for what has a
 * checksum and can be made again. */
OV_MUST_USE enum ov_status ov_file_write(const char *path, struct ov_span bytes,
                                         unsigned mode, struct ov_diag *diag);

/* A new file that holds bytes, on disk (also its name) when this returns OV_OK.
 * OV_USAGE if there is one already; on any failure none is left behind. */
OV_MUST_USE enum ov_status ov_file_create(const char *path,
                                          struct ov_span bytes, unsigned mode,
                                          struct ov_diag *diag);

/* Makes the folders above a file, as far as they are missing (mode 0755). What
 * opens the file tells whether they are there. */
void ov_folders_make(const char *path_of_file);

/* Makes the names in a file's folder durable. */
OV_MUST_USE enum ov_status ov_folder_sync(const char *path_of_file);

/* As ov_file_write, but synced, the name too: it is whole also after a crash
 * of the machine. */
OV_MUST_USE enum ov_status ov_file_replace(const char *path,
                                           struct ov_span bytes, unsigned mode,
                                           struct ov_diag *diag);

/* The same with the content of another descriptor, from its start, and synced:
 * it is whole also after a crash of the machine. */
OV_MUST_USE enum ov_status ov_file_copy(const char *path, int from,
                                        uint64_t len, struct ov_diag *diag);

/* All of bytes, where the descriptor is. OV_IO with errno. */
OV_MUST_USE enum ov_status ov_write_all(int fd, struct ov_span bytes);

/* As much as there is at an offset, up to len. OV_IO with errno. */
OV_MUST_USE enum ov_status ov_read_at(int fd, uint64_t at, uint8_t *to,
                                      size_t len, size_t *ret_len);

/* Whether two looks at a file saw the same one, unchanged: device, inode, size,
 * times of change. */
bool ov_file_is_same(const struct stat *a, const struct stat *b);

/* An empty memory file. OV_IO. Returns owned. */
OV_MUST_USE enum ov_status ov_memory_file(const char *name, int *ret_fd);

/* No more change of it by anybody. Waits for those who use its pages at that
 * moment, and is OV_IO if they don't end. */
OV_MUST_USE enum ov_status ov_memory_seal(int fd);

/* No more change of its size: who maps it is safe. At once, and enough where
 * those who have it open do not write. */
OV_MUST_USE enum ov_status ov_memory_seal_size(int fd);

/* Lets the process open as many files as the system grants it. */
void ov_allow_open_files(void);

/* Whether what is on a file system of that type (f_type of statfs) may be slow
 * to come, or change behind the kernel's back: a process or another machine has
 * it. */
bool ov_is_remote(uint32_t f_type);
