/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/channel.h"

#include <errno.h>
#include <sys/socket.h>

#include "sys/fd.h"

/* sendmsg(2), recvmsg(2) and SCM_RIGHTS (unix(7)). */

union control {
    struct cmsghdr align;
    uint8_t bytes[CMSG_SPACE(sizeof(int))];
};

static enum ov_status send_error(void)
{
    switch (errno) {
    case EAGAIN:
    case ENOBUFS:
    case ETOOMANYREFS:
        return OV_LIMIT_COUNT;
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
        return OV_PEER_GONE;
    default:
        return OV_IO;
    }
}

static void attach(struct msghdr *m, union control *control, int fd)
{
    struct cmsghdr *c;

    m->msg_control = control->bytes;
    m->msg_controllen = sizeof(control->bytes);
    c = CMSG_FIRSTHDR(m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
}

enum ov_status ov_channel_send(int socket, const struct ov_buf *message, int fd)
{
    struct iovec part = {message->ptr, message->len};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    union control control = {0};
    ssize_t sent;

    OV_TRY(ov_buf_status(message));
    if (fd >= 0)
        attach(&m, &control, fd);
    do {
        sent = sendmsg(socket, &m, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return send_error();
    return (size_t)sent == message->len ? OV_OK : OV_IO;
}

/* The descriptors of one control message: the first is kept in *fd if there is
 * none yet, all others are closed. False if there were others. */
static bool take_fds(struct cmsghdr *c, int *fd)
{
    size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    bool is_good = n == 1 && *fd < 0;

    for (size_t i = 0; i < n; i++) {
        int one;

        memcpy(&one, CMSG_DATA(c) + i * sizeof(one), sizeof(one));
        if (*fd < 0)
            *fd = one;
        else
            ov_fd_cleanup(&one);
    }
    return is_good;
}

/* The only descriptor of a packet, or -1; false if there are more. */
static bool take_fd(struct msghdr *m, int *ret_fd)
{
    int fd = -1;
    bool is_good = (m->msg_flags & MSG_CTRUNC) == 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
         c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
            !take_fds(c, &fd))
            is_good = false;
    }
    if (!is_good) {
        ov_fd_cleanup(&fd);
        return false;
    }
    *ret_fd = fd;
    return true;
}

static enum ov_status receive_error(void)
{
    if (errno == EAGAIN)
        return OV_NOT_FOUND;
    return errno == ECONNRESET ? OV_PEER_GONE : OV_IO;
}

static enum ov_status receive(int socket, int flags, uint8_t *buffer,
                              struct ov_span *ret_packet, int *ret_fd)
{
    struct iovec part = {buffer, OV_MSG_MAX};
    union control control = {0};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof(control.bytes)};
    ssize_t got;
    int fd = -1;

    do {
        got = recvmsg(socket, &m, MSG_CMSG_CLOEXEC | flags);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return receive_error();
    if (!take_fd(&m, &fd))
        return OV_MALFORMED;
    if (got == 0 || (m.msg_flags & MSG_TRUNC) != 0) {
        ov_fd_cleanup(&fd);
        return got == 0 ? OV_PEER_GONE : OV_MALFORMED;
    }
    *ret_packet = ov_span_of(buffer, (size_t)got);
    *ret_fd = fd;
    return OV_OK;
}

enum ov_status ov_channel_receive(int socket, uint8_t *buffer,
                                  struct ov_span *ret_packet, int *ret_fd)
{
    return receive(socket, 0, buffer, ret_packet, ret_fd);
}

enum ov_status ov_channel_receive_now(int socket, uint8_t *buffer,
                                      struct ov_span *ret_packet, int *ret_fd)
{
    return receive(socket, MSG_DONTWAIT, buffer, ret_packet, ret_fd);
}
