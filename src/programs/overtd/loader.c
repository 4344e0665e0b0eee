/* SPDX-License-Identifier: Apache-2.0 */
#include "loader.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/output.h"
#include "host/state_place.h"
#include "sys/deny.h"
#include "sys/fd.h"

/* The fork has the daemon's rights, does what `overt scan` does before it
 * scans, says on stderr what is to be said, sends one packet with the images'
 * descriptors, and ends. It holds none of the daemon's descriptors: a
 * connection that the daemon closes is closed.
 *
 * The daemon looks when the process has ended (its pidfd is readable), so that
 * neither the packet nor the end has to be waited for. */

#define KEPT_FD 3 /* in the fork: the socket */

struct answer {
    uint64_t lens[OV_WIRE_MAX_IMAGES];
    uint64_t release;
    uint64_t n;
};

static bool send_answer(int socket, const struct rule_set *rules)
{
    struct answer a = {.release = rules->release, .n = rules->images.n};

    union {
        struct cmsghdr head;
        uint8_t room[CMSG_SPACE(sizeof(rules->images.fds))];
    } control = {0};

    size_t len = rules->images.n * sizeof(int);
    struct iovec part = {&a, sizeof(a)};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.room,
                       .msg_controllen = CMSG_SPACE(len)};

    memcpy(a.lens, rules->images.lens, sizeof(a.lens));
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    control.head.cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(&control.head), rules->images.fds, len);
    return sendmsg(socket, &m, MSG_NOSIGNAL) == (ssize_t)sizeof(a);
}

static _Noreturn void load(int socket, const struct rule_set_options *options,
                           const char *state)
{
    struct rule_set rules;
    struct ov_diag diag = {0};
    sigset_t none;

    sigemptyset(&none);
    /* One below 3 only if the daemon was started without stdin or so. */
    if (socket != KEPT_FD && dup2(socket, KEPT_FD) < 0)
        _exit(1);
    if (close_range(KEPT_FD + 1, ~0u, 0) != 0 ||
        sigprocmask(SIG_SETMASK, &none, NULL) != 0)
        _exit(1);
    if (state != NULL)
        state_place_set(state);
    if (ov_deny(OV_DENY_COMMAND, &diag) != OV_OK)
        out_error("the loader of rules keeps its own sockets: %s", diag.text);
    _exit(rule_set_load(options, &rules) && send_answer(KEPT_FD, &rules) ? 0
                                                                         : 1);
}

static bool receive_answer(int socket, struct answer *a,
                           struct ov_pool_images *ret)
{
    union {
        struct cmsghdr head;
        uint8_t room[CMSG_SPACE(sizeof(ret->fds))];
    } control = {0};
    struct iovec part = {a, sizeof(*a)};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.room,
                       .msg_controllen = sizeof(control.room)};
    ssize_t got = recvmsg(socket, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    size_t n = 0;

    ret->n = 0;
    if (got >= 0 && m.msg_controllen >= CMSG_LEN(0) &&
        control.head.cmsg_type == SCM_RIGHTS) {
        n = (control.head.cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(ret->fds, CMSG_DATA(&control.head), n * sizeof(int));
        ret->n = n;
    }
    memcpy(ret->lens, a->lens, sizeof(ret->lens));
    return got == (ssize_t)sizeof(*a) && n > 0 && n == a->n;
}

static void on_end(struct ov_loop_watch *w, unsigned events)
{
    struct loader *l = w->data;
    struct ov_pool_images images = {.n = 0};
    struct answer a = {.n = 0};
    bool is_good = receive_answer(l->socket, &a, &images);

    (void)events;
    loader_stop(l);
    if (!is_good)
        while (images.n > 0)
            ov_fd_cleanup(&images.fds[--images.n]);
    l->done(l->data, is_good ? OV_OK : OV_IO, &images, a.release);
}

bool loader_start(struct loader *l, const struct rule_set_options *options,
                  const char *state)
{
    int pair[2];
    pid_t pid;

    if (l->pid != 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    OV_AUTO_FD ours = pair[0];
    OV_AUTO_FD theirs = pair[1];
    pid = fork();
    if (pid < 0)
        return false;
    if (pid == 0)
        load(theirs, options, state);
    l->pid = pid;
    l->socket = ov_fd_steal(&ours);
    l->watch = (struct ov_loop_watch){.fd = pidfd_open(pid, 0),
                                      .events = OV_LOOP_READ,
                                      .data = l,
                                      .ready = on_end};
    if (l->watch.fd >= 0 && ov_loop_add(l->loop, &l->watch) == OV_OK)
        return true;
    loader_stop(l);
    return false;
}

void loader_stop(struct loader *l)
{
    if (l->pid == 0)
        return;
    ov_loop_remove(l->loop, &l->watch);
    ov_fd_cleanup(&l->watch.fd);
    ov_fd_cleanup(&l->socket);
    (void)!kill(l->pid, SIGKILL); /* it may have ended already */
    while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    l->pid = 0;
}
