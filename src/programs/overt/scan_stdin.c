/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_stdin.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "signals.h"
#include "sys/fd.h"
#include "sys/file.h"

/* A copy, not a splice: input may be a terminal or a file, too. */

#define MAX_SPOOL ((uint64_t)4 << 30)
#define CHUNK 4096

/* write() to a memory file may end short at the limit of memory. */
static int put_all(int fd, const uint8_t *at, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, at, len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return -1;
        at += put;
        len -= (size_t)put;
    }
    return 0;
}

int scan_stdin_spool(void)
{
    OV_AUTO_FD fd = -1;
    uint64_t total = 0;

    if (ov_memory_file("overt-stdin", &fd) != OV_OK)
        return -1;
    while (total < MAX_SPOOL) {
        uint8_t chunk[CHUNK];
        ssize_t got = read(STDIN_FILENO, chunk, sizeof(chunk));

        if (got < 0 && errno == EINTR && signals_stop() == 0)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            return ov_memory_seal(fd) == OV_OK ? ov_fd_steal(&fd) : -1;
        if (put_all(fd, chunk, (size_t)got) != 0)
            return -1;
        total += (uint64_t)got;
    }
    errno = EFBIG;
    return -1;
}
