/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Paths to scan, one a line, from a file or standard input; may be slow. */
struct path_list {
    int fd; /* -1: none */
    struct ov_buf line;
    uint8_t *chunk;
    size_t at;
    size_t len;
    bool is_end;
};

/* OV_IO with errno. */
OV_MUST_USE enum ov_status path_list_open(const char *path,
                                          struct path_list *ret);
void path_list_done(struct path_list *l);

/* The next path, valid until the next call. OV_NOT_FOUND at the end;
 * OV_PEER_GONE: none yet, and may_wait is false. */
OV_MUST_USE enum ov_status path_list_next(struct path_list *l, bool may_wait,
                                          const char **ret);
