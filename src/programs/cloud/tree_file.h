/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* What a request for a file of the tree asks for. No files, no sockets. */

#define TREE_PATH_MAX 128

/* Whether a path ("/v1/head") can be that of a file of the tree; ret_name is
 * its name below the tree's folder. Letters, digits, dot and dash only, no part
 * that begins with a dot. */
bool tree_path_parse(struct ov_span path, char ret_name[static TREE_PATH_MAX]);

enum tree_range {
    TREE_ALL,     /* no range, or one that need not be understood */
    TREE_PART,    /* [from, to] */
    TREE_OUTSIDE, /* there is no such part: 416 */
};

/* A Range header for a file of size bytes (RFC 9110 section 14.1.2): one range
 * "bytes=FROM-TO", "bytes=FROM-" or "bytes=-LAST"; several are answered with
 * the whole, as a server may. */
enum tree_range tree_range_parse(struct ov_span header, uint64_t size,
                                 uint64_t *ret_from, uint64_t *ret_to);

/* Whether the file may be kept for ever by caches. */
bool tree_is_immutable(const char *name);
