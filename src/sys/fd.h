/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <unistd.h>

/* A file descriptor that is closed at the end of its block unless stolen with
 * ov_fd_steal. -1: none. */
#define OV_AUTO_FD __attribute__((cleanup(ov_fd_cleanup))) int

static inline void ov_fd_cleanup(const int *fd)
{
    if (*fd >= 0)
        (void)!close(*fd); /* nothing was written through it unchecked */
}

static inline int ov_fd_steal(int *fd)
{
    int stolen = *fd;

    *fd = -1;
    return stolen;
}
