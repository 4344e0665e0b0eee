/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_helper.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/config.h"
#include "host/output.h"
#include "host/state_place.h"
#include "reputation/cloud_state.h"
#include "sys/deny.h"
#include "sys/fd.h"
#include "sys/fetch_starter.h"

/* A fork of the daemon with its rights, but for sockets, and none of its
 * descriptors but one. It does what `overt scan --cloud` does beside a scan,
 * one question after the other; what it reads of the network is read by the
 * judge.
 *
 * The settings, the owner's mode and what is kept here are looked at anew when
 * the latter changes, and each ten seconds. */

#define KEPT_FD 3
#define AGAIN_SECONDS 10

struct helper {
    const struct cloud_helper *how;
    struct scan_cloud *cloud; /* NULL: nothing is to be asked */
    struct stat current;      /* of reputation/current, when it was opened */
    time_t opened;            /* 0: never */
    bool is_broken;           /* something is to be asked, and cannot be */
};

bool cloud_current(const char *state, struct stat *ret)
{
    char path[PATH_MAX];

    memset(ret, 0, sizeof(*ret));
    return snprintf(path, sizeof(path), "%s/" OV_CLOUD_CURRENT, state) <
               (int)sizeof(path) &&
           stat(path, ret) == 0;
}

static void reopen(struct helper *h)
{
    time_t now = time(NULL);
    struct stat st;

    (void)cloud_current(h->how->state, &st); /* zeros: none is there */
    if (h->opened != 0 && now - h->opened < AGAIN_SECONDS && now >= h->opened &&
        st.st_ino == h->current.st_ino &&
        st.st_mtim.tv_sec == h->current.st_mtim.tv_sec &&
        st.st_mtim.tv_nsec == h->current.st_mtim.tv_nsec)
        return;
    scan_cloud_close(h->cloud);
    h->cloud = NULL;
    h->current = st;
    h->opened = now;
    h->is_broken = !scan_cloud_open(SCAN_CLOUD_AS_SET, "overtd",
                                    h->how->spawn_flags, &h->cloud);
}

static bool receive(struct cloud_question *q, int *ret_fd)
{
    union {
        struct cmsghdr head;
        uint8_t room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {q, sizeof(*q)};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.room,
                       .msg_controllen = sizeof(control.room)};
    ssize_t got;

    do {
        got = recvmsg(KEPT_FD, &m, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    *ret_fd = -1;
    if (got > 0 && m.msg_controllen >= CMSG_LEN(sizeof(int)) &&
        control.head.cmsg_type == SCM_RIGHTS)
        memcpy(ret_fd, CMSG_DATA(&control.head), sizeof(int));
    return got == (ssize_t)sizeof(*q);
}

static void answer(struct helper *h, const struct cloud_question *q, int fd,
                   struct cloud_answer *a)
{
    reopen(h);
    if (h->cloud == NULL)
        a->word.word = h->is_broken ? SCAN_CLOUD_UNKNOWN : SCAN_CLOUD_NOT_BAD;
    else if (fd >= 0)
        a->word.word =
            scan_cloud_first_look(h->cloud, fd, a->digest, &a->has_digest);
    else
        a->word.word = scan_cloud_ask(h->cloud, q->digest, a->word.rule,
                                      &a->word.is_unwanted);
}

static _Noreturn void work(const struct cloud_helper *how)
{
    struct helper h = {.how = how};
    struct cloud_question q;

    for (;;) {
        OV_AUTO_FD fd = -1;
        struct cloud_answer a = {.word = {.word = SCAN_CLOUD_UNKNOWN}};

        if (!receive(&q, &fd))
            _exit(0);
        a.id = q.id;
        answer(&h, &q, fd, &a);
        if (send(KEPT_FD, &a, sizeof(a), MSG_NOSIGNAL) != (ssize_t)sizeof(a))
            _exit(0);
    }
}

_Noreturn void cloud_helper_run(int socket, const struct cloud_helper *how)
{
    struct ov_diag diag = {0};
    sigset_t none;

    sigemptyset(&none);
    /* One below 3 only if the daemon was started without stdin or so. */
    if ((socket != KEPT_FD && dup2(socket, KEPT_FD) < 0) ||
        close_range(KEPT_FD + 1, ~0u, 0) != 0 ||
        sigprocmask(SIG_SETMASK, &none, NULL) != 0)
        _exit(1);
    config_place_set(how->config);
    state_place_set(how->state);
    ov_fetch_starter_begin();
    if (ov_deny(OV_DENY_COMMAND, &diag) != OV_OK) {
        out_error("cloud: %s", diag.text);
        _exit(1);
    }
    work(how);
}
