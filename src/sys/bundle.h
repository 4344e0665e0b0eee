/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* A tree of files in one tar file: what a stick or a mail carries. */

struct ov_bundle;

/* Reads the names, not the files. Takes nothing: fd is borrowed for the
 * bundle's life. OV_MALFORMED if it is no tar, OV_LIMIT_COUNT, OV_IO. */
OV_MUST_USE enum ov_status ov_bundle_open(int fd, struct ov_bundle **ret);
void ov_bundle_free(struct ov_bundle *b);
OV_DEFINE_AUTO(bundle)

/* Where a file's bytes are. OV_NOT_FOUND. */
OV_MUST_USE enum ov_status ov_bundle_find(const struct ov_bundle *b,
                                          const char *path, uint64_t *ret_at,
                                          uint64_t *ret_len);

/* One header block: what follows it, and the path of a regular file, empty for
 * anything else. OV_NOT_FOUND: the archive's end. OV_MALFORMED. */
struct ov_tar_header {
    char path[260];
    uint64_t len;
};
OV_MUST_USE enum ov_status ov_tar_header_read(struct ov_span block,
                                              struct ov_tar_header *ret);
