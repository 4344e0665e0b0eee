/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_body.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/file.h"

/* A memory file's size is sealed before a worker gets it, so it may be mapped:
 * a worker that wrote to it would deceive itself alone, and to forbid it too,
 * the kernel may wait for a tenth of a second, in which nobody is served. One
 * with a place on disk has no name (O_TMPFILE) and goes with its descriptor,
 * also if the daemon is killed. */

#define MEMORY_MAX ((uint64_t)4 << 20)

/* On to a file on disk; the bytes in memory are few. */
static enum ov_status move_to_disk(struct stream_body *b, const char *folder)
{
    OV_AUTO_FD file =
        open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    uint64_t left = b->len;
    off_t at = 0;

    if (file < 0)
        return OV_IO;
    while (left > 0) {
        ssize_t n = sendfile(file, b->fd, &at, left);

        if (n <= 0)
            return OV_IO;
        left -= (uint64_t)n;
    }
    ov_fd_cleanup(&b->fd);
    b->fd = ov_fd_steal(&file);
    b->is_file = true;
    return OV_OK;
}

enum ov_status stream_body_add(struct stream_body *b, struct ov_span bytes,
                               const char *folder)
{
    if (b->fd < 0)
        OV_TRY(ov_memory_file("overt-stream", &b->fd));
    if (!b->is_file && b->len + bytes.len > MEMORY_MAX && folder != NULL)
        OV_TRY(move_to_disk(b, folder));
    OV_TRY(ov_write_all(b->fd, bytes));
    b->len += bytes.len;
    return OV_OK;
}

int stream_body_take(struct stream_body *b, uint64_t *ret_len)
{
    int fd;

    if (b->fd < 0 && ov_memory_file("overt-stream", &b->fd) != OV_OK)
        return -1;
    if (!b->is_file && ov_memory_seal_size(b->fd) != OV_OK)
        return -1;
    fd = b->fd;
    *ret_len = b->len;
    *b = stream_body_empty();
    return fd;
}

void stream_body_done(struct stream_body *b)
{
    ov_fd_cleanup(&b->fd);
    *b = stream_body_empty();
}
