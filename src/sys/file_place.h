/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <limits.h>

#include "base/status.h"

/* Where a file is, for code that takes it away or puts it back while others may
 * rename and link around it: a folder that is held open, and a name in it. No
 * symbolic link is followed on the way. */

struct ov_place {
    int folder;       /* to read; owned */
    const char *name; /* in path */
    char *path;       /* absolute; owned */
};

void ov_place_done(struct ov_place *p);

/* The path that the kernel has for an open file: absolute, no symbolic links.
 * OV_NOT_FOUND: it has no name any more. OV_IO with errno. */
OV_MUST_USE enum ov_status ov_place_path(int fd, char ret[static PATH_MAX]);

/* path: absolute, and without "." and "..". OV_NOT_FOUND, OV_DENIED (also: a
 * symbolic link on the way), OV_IO with errno; OV_USAGE. */
OV_MUST_USE enum ov_status ov_place_open(const char *path,
                                         struct ov_place *ret);

/* The folder at an absolute path, as above. Returns owned. */
OV_MUST_USE enum ov_status ov_folder_open(const char *path, int *ret_fd);
