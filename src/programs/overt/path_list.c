/* SPDX-License-Identifier: Apache-2.0 */
#include "path_list.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "sys/fd.h"

#define CHUNK 65536
#define MAX_PATH_LEN ((size_t)1 << 20)

enum ov_status path_list_open(const char *path, struct path_list *ret)
{
    struct path_list l = {.line = ov_buf_with_max(MAX_PATH_LEN)};

    l.fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                  : open(path, O_RDONLY | O_CLOEXEC);
    if (l.fd < 0)
        return OV_IO;
    l.chunk = ov_alloc(CHUNK);
    if (l.chunk == NULL) {
        ov_fd_cleanup(&l.fd);
        return OV_NO_MEMORY;
    }
    *ret = l;
    return OV_OK;
}

void path_list_done(struct path_list *l)
{
    ov_fd_cleanup(&l->fd);
    ov_buf_done(&l->line);
    ov_free(l->chunk);
    *l = (struct path_list){.fd = -1};
}

static bool is_ready(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) > 0;
}

/* OV_OK: there are bytes, or is_end. */
static enum ov_status refill(struct path_list *l, bool may_wait)
{
    ssize_t got;

    if (!may_wait && !is_ready(l->fd))
        return OV_PEER_GONE;
    got = read(l->fd, l->chunk, CHUNK);
    if (got < 0)
        return errno == EINTR ? OV_PEER_GONE : OV_IO;
    l->at = 0;
    l->len = (size_t)got;
    l->is_end = got == 0;
    return OV_OK;
}

static enum ov_status finish_line(struct path_list *l, const char **ret)
{
    ov_put_u8(&l->line, 0);
    OV_TRY(ov_buf_status(&l->line));
    *ret = (const char *)l->line.ptr;
    return OV_OK;
}

/* Takes bytes up to a newline; true if there was one. */
static bool take_line(struct path_list *l)
{
    struct ov_span rest = ov_span_of(l->chunk + l->at, l->len - l->at);
    size_t end = ov_span_find_byte(rest, '\n', 0);

    if (end == SIZE_MAX) {
        ov_put_span(&l->line, rest);
        l->at = l->len;
        return false;
    }
    ov_put_span(&l->line, ov_span_clip(rest, 0, end));
    l->at += end + 1;
    return true;
}

enum ov_status path_list_next(struct path_list *l, bool may_wait,
                              const char **ret)
{
    if (l->fd < 0)
        return OV_NOT_FOUND;
    if (l->line.len > 0 && l->line.ptr[l->line.len - 1] == 0)
        ov_buf_clear(&l->line); /* the one before was handed out */
    for (;;) {
        if (l->at < l->len) {
            if (!take_line(l))
                continue;
            if (l->line.len > 0)
                return finish_line(l, ret);
        } else if (l->is_end) {
            return l->line.len > 0 ? finish_line(l, ret) : OV_NOT_FOUND;
        } else {
            OV_TRY(refill(l, may_wait));
        }
    }
}
