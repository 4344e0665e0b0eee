/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/locate.h"
#include "sys/sandbox.h"

/* Separate programs by fork and exec: nothing of the parent's memory is in
 * them, and what each can not do shows in its own binary. Signals from the
 * terminal are for the parent alone, which decides what becomes of its
 * children. */

#define FIRST_FREE_FD 16
#define EXEC_FAILED 127

static void ignore_terminal_signals(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t none;

    sigemptyset(&none);
    (void)!sigaction(SIGINT, &ignore, NULL);  /* cannot fail */
    (void)!sigaction(SIGQUIT, &ignore, NULL); /* cannot fail */
    (void)!sigaction(SIGHUP, &ignore, NULL);  /* cannot fail */
    (void)!sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child. Uses only what is safe after fork. */
static _Noreturn void become(const char *path, int socket, unsigned flags)
{
    static char best_effort[] = "--best-effort";
    static char starter[] = "--starter";
    static char name[] = "overt-helper";
    static char timezone[] = "TZ=UTC0";
    static char helpers[] = "--helpers=0"; /* in hexadecimal */
    char *arguments[] = {name, NULL, NULL, NULL};
    char *environment[] = {timezone, NULL};
    int n = 1;
    int null;

    if ((flags & OV_SPAWN_BEST_EFFORT) != 0)
        arguments[n++] = best_effort;
    else if ((flags & OV_SPAWN_STARTER) != 0)
        arguments[n++] = starter;
    if (flags >> OV_SPAWN_HELPERS_SHIFT != 0) {
        helpers[sizeof(helpers) - 2] =
            "0123456789abcdef"[flags >> OV_SPAWN_HELPERS_SHIFT & 15];
        arguments[n++] = helpers;
    }
    ignore_terminal_signals();
    socket = fcntl(socket, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (socket >= 0 && null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
        dup2(null, STDOUT_FILENO) >= 0 && dup2(socket, OV_PARENT_FD) >= 0)
        (void)!execve(path, arguments, environment);
    _exit(EXEC_FAILED);
}

static enum ov_status start(const char *path, unsigned flags,
                            struct ov_child *ret, struct ov_diag *diag)
{
    int pair[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return ov_diag_set(diag, OV_IO, 0, "cannot make a socket: %s",
                           strerror(errno));
    OV_AUTO_FD ours = pair[0];
    OV_AUTO_FD theirs = pair[1];
    if ((flags & OV_SPAWN_NONBLOCKING) != 0 &&
        fcntl(ours, F_SETFL, O_NONBLOCK) != 0)
        return OV_IO;
    pid = fork();
    if (pid == 0)
        become(path, theirs, flags);
    if (pid < 0)
        return ov_diag_set(diag, OV_IO, 0, "cannot start a process: %s",
                           strerror(errno));
    *ret = (struct ov_child){pid, ov_fd_steal(&ours)};
    return OV_OK;
}

enum ov_status ov_spawn(const char *role, unsigned flags, struct ov_child *ret,
                        struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    struct stat st;

    OV_TRY(ov_locate_program(role, &path));
    if (stat((char *)path.ptr, &st) != 0)
        return ov_diag_set(diag, OV_NOT_FOUND, 0,
                           "the helper %s is missing: install overt again",
                           (char *)path.ptr);
    return start((char *)path.ptr, flags, ret, diag);
}

int ov_child_end(struct ov_child *child, bool is_killed)
{
    int how = 0;
    pid_t got;

    if (child->pid == 0)
        return 0;
    ov_fd_cleanup(&child->socket);
    if (is_killed)
        (void)!kill(child->pid, SIGKILL); /* it may be gone already */
    do {
        got = waitpid(child->pid, &how, 0);
    } while (got < 0 && errno == EINTR);
    *child = (struct ov_child){0, -1};
    return got > 0 && WIFSIGNALED(how) ? WTERMSIG(how) : 0;
}
