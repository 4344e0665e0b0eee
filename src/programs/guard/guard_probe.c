/* SPDX-License-Identifier: Apache-2.0 */

/* Kernels differ in whether an overlay's opening of the file below is an
 * opening like any other, and no version number tells. It is tried: an overlay
 * over a file system in memory, which alone is marked, and one opening through
 * the overlay. If a question comes, the kernel asks.
 *
 * All of it is in a mount namespace of a child's own, over /proc, which exists
 * everywhere. */
#include "guard_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/fd.h"

#define PLACE "/proc"
#define OVERLAY PLACE "/o"
#define PATIENCE_MS 2000
#define PATIENCE_SECONDS 10

enum {
    ASKS_NOT,
    ASKS,
    UNKNOWN
};

static bool make_overlay(void)
{
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", PLACE, "tmpfs", 0, NULL) != 0 ||
        mkdir(PLACE "/a", 0700) != 0 || mkdir(PLACE "/b", 0700) != 0 ||
        mkdir(OVERLAY, 0700) != 0)
        return false;
    OV_AUTO_FD file = open(PLACE "/a/f", O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
    return file >= 0 && mount("none", OVERLAY, "overlay", MS_RDONLY,
                              "lowerdir=" PLACE "/a:" PLACE "/b") == 0;
}

static _Noreturn void open_through(void)
{
    _exit(open(OVERLAY "/f", O_RDONLY | O_CLOEXEC) < 0);
}

static int take_question(int group)
{
    struct fanotify_event_metadata e;
    struct fanotify_response response = {.response = FAN_ALLOW};

    if (read(group, &e, sizeof(e)) != (ssize_t)sizeof(e) || e.fd < 0)
        return UNKNOWN;
    response.fd = e.fd;
    (void)!write(group, &response, sizeof(response)); /* we end anyway */
    return ASKS;
}

static int try_it(void)
{
    OV_AUTO_FD group = -1;
    pid_t child;
    int how;

    if (!make_overlay())
        return UNKNOWN;
    group =
        fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC);
    if (group < 0 || fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM,
                                   FAN_OPEN_PERM, AT_FDCWD, PLACE) != 0)
        return UNKNOWN;
    child = fork();
    if (child == 0)
        open_through();
    if (child < 0)
        return UNKNOWN;
    /* Either it ends without a question, or it waits for the answer. */
    for (int left = PATIENCE_MS; left > 0; left--) {
        struct pollfd p = {.fd = group, .events = POLLIN};

        if (waitpid(child, &how, WNOHANG) == child)
            return WIFEXITED(how) && WEXITSTATUS(how) == 0 ? ASKS_NOT : UNKNOWN;
        if (poll(&p, 1, 1) > 0)
            return take_question(group);
    }
    return UNKNOWN;
}

bool probe_asks_below(void)
{
    pid_t child = fork();
    int how = 0;
    pid_t got;

    if (child == 0) {
        (void)alarm(PATIENCE_SECONDS);
        _exit(try_it());
    }
    if (child < 0)
        return false;
    do {
        got = waitpid(child, &how, 0);
    } while (got < 0 && errno == EINTR);
    return got == child && WIFEXITED(how) && WEXITSTATUS(how) == ASKS;
}
