/* SPDX-License-Identifier: Apache-2.0 */

/* The kernel grants no read lease on a file that is open to write, and a
 * mapping keeps what it was made of open. The lease is given back at once; who
 * opens the file to write just then waits for that long.
 *
 * Source: fcntl(2) on leases; Linux, fs/locks.c. */
#include "sys/file_writers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>

enum ov_file_writers ov_file_writers(int fd)
{
    if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0)
        return errno == EAGAIN || errno == EBUSY ? OV_WRITERS_SOME
                                                 : OV_WRITERS_UNKNOWN;
    (void)!fcntl(fd, F_SETLEASE, F_UNLCK); /* closing would do it, too */
    return OV_WRITERS_NONE;
}

void ov_file_writers_prepare(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)!sigaction(SIGIO, &ignore, NULL); /* cannot fail */
}
