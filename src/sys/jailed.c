/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/jailed.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/fd.h"

/* The child's only descriptors are stderr and one end of a pair of sockets,
 * which it uses when its work is done. */

#define PART ((size_t)1 << 20)
#define REFUSED 1
#define NO_JAIL 2

static bool send_all(int fd, struct ov_span bytes)
{
    while (bytes.len > 0) {
        struct iovec part = {(void *)(uintptr_t)bytes.ptr,
                             bytes.len < PART ? bytes.len : PART};
        const struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
        ssize_t put = sendmsg(fd, &m, MSG_NOSIGNAL);

        if (put <= 0)
            return false;
        bytes = ov_span_clip(bytes, (size_t)put, bytes.len);
    }
    return true;
}

static int be_child(int fd, enum ov_profile profile,
                    int (*work)(void *data, struct ov_buf *out), void *data,
                    size_t max)
{
    const struct ov_confine how = {.profile = profile};
    OV_AUTO_DONE(buf) out = ov_buf_with_max(max);
    struct ov_diag diag = {0};
    struct ov_jail jail;

    if (dup2(fd, OV_PARENT_FD) != OV_PARENT_FD ||
        ov_confine(&how, &jail, &diag) != OV_OK)
        return NO_JAIL;
    if (work(data, &out) != 0 || ov_buf_status(&out) != OV_OK ||
        !send_all(OV_PARENT_FD, ov_buf_span(&out)))
        return REFUSED;
    return 0;
}

static enum ov_status receive_all(int fd, struct ov_buf *ret,
                                  struct ov_diag *diag)
{
    for (;;) {
        size_t room = ret->max - ret->len < PART ? ret->max - ret->len : PART;
        uint8_t last;
        uint8_t *to = room > 0 ? ov_buf_room(ret, room) : &last;
        ssize_t got = to == NULL ? -1 : read(fd, to, room > 0 ? room : 1);

        if (to == NULL)
            return ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ov_diag_set(diag, OV_IO, 0, "%s", strerror(errno));
        if (got == 0)
            return OV_OK;
        if (room == 0)
            return ov_diag_set(diag, OV_LIMIT_SIZE, 0, "too much came of it");
        ov_buf_added(ret, (size_t)got);
    }
}

static enum ov_status reap(pid_t pid, struct ov_diag *diag)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return ov_diag_set(diag, OV_IO, 0, "no end of a process: %s",
                               strerror(errno));
    }
    if (!WIFEXITED(status))
        return ov_diag_set(diag, OV_DENIED, 0, "its process was killed");
    if (WEXITSTATUS(status) == NO_JAIL)
        return ov_diag_set(diag, OV_DENIED, 0, "there is no jail for it");
    return WEXITSTATUS(status) == 0
               ? OV_OK
               : ov_diag_set(diag, OV_DENIED, 0, "it was refused: see above");
}

enum ov_status ov_jailed_run(enum ov_profile profile,
                             int (*work)(void *data, struct ov_buf *out),
                             void *data, struct ov_buf *ret,
                             struct ov_diag *diag)
{
    enum ov_status received;
    enum ov_status ended;
    int pair[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return ov_diag_set(diag, OV_IO, 0, "no socket: %s", strerror(errno));
    pid = fork();
    if (pid == 0)
        _exit(be_child(pair[1], profile, work, data, ret->max - ret->len));
    ov_fd_cleanup(&pair[1]);
    if (pid < 0) {
        ov_fd_cleanup(&pair[0]);
        return ov_diag_set(diag, OV_IO, 0, "no process: %s", strerror(errno));
    }
    received = receive_all(pair[0], ret, diag);
    ov_fd_cleanup(&pair[0]);
    ended = reap(pid, diag);
    return received != OV_OK ? received : ended;
}
