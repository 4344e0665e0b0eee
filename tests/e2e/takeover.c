/* SPDX-License-Identifier: Apache-2.0 */

/* takeover PROGRAM RECORD COMMAND...: runs a command and takes over each
 * process of it that runs PROGRAM (a file's name), as one would who has found a
 * hole in it: at its first system call after it has set a filter of its own,
 * and at its last one, the process asks for a socket of the Internet instead.
 * What came of it goes to RECORD, a line each: "could", "refused" or "killed".
 * Exits as the command does; 77 if processes can't be traced here.
 *
 * By ptrace: what a filter says of a call is asked after the tracer has changed
 * it. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT_TRACE 77
#define MAX_TRACED 512

#ifdef __x86_64__

enum state {
    HONEST,
    SETS_FILTER, /* in the call that does */
    IS_DUE,      /* its next call is ours */
    IN_OURS,
    CLAIMS /* it has a socket, if it lives on: who is killed seems to, too */
};

struct traced {
    pid_t pid;
    bool is_target;
    bool has_begun; /* another program than its parent's */
    bool is_last_taken;
    enum state state;
    struct user_regs_struct own; /* of the call that ours took the place of */
};

static struct traced traced[MAX_TRACED];
static const char *target;
static int record;

static struct traced *find(pid_t pid)
{
    for (size_t i = 0; i < MAX_TRACED; i++)
        if (traced[i].pid == pid)
            return &traced[i];
    for (size_t i = 0; i < MAX_TRACED; i++)
        if (traced[i].pid == 0) {
            traced[i] = (struct traced){.pid = pid};
            return &traced[i];
        }
    (void)!write(STDERR_FILENO, "too many processes\n", 19);
    exit(2);
}

static void note(const char *what)
{
    (void)!write(record, what, strlen(what));
}

static void see_program(struct traced *t)
{
    char link[64];
    char path[4096];
    const char *slash;
    ssize_t n;

    (void)snprintf(link, sizeof(link), "/proc/%d/exe", (int)t->pid);
    n = readlink(link, path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    slash = strrchr(path, '/');
    t->is_target = slash != NULL && strcmp(slash + 1, target) == 0;
    t->has_begun = true;
    t->state = HONEST;
}

static bool sets_filter(const struct user_regs_struct *r)
{
    return (r->orig_rax == SYS_seccomp && r->rdi == 1) ||
           (r->orig_rax == SYS_prctl && r->rdi == PR_SET_SECCOMP);
}

static void settle(struct traced *t)
{
    if (t->state == CLAIMS) {
        note("could\n");
        t->state = HONEST;
    }
}

static void on_entry(struct traced *t, struct user_regs_struct *r)
{
    bool is_last = r->orig_rax == SYS_exit_group && !t->is_last_taken;

    if (t->state == IS_DUE || is_last) {
        t->is_last_taken |= is_last;
        t->own = *r;
        r->orig_rax = SYS_socket;
        r->rdi = AF_INET;
        r->rsi = SOCK_STREAM;
        r->rdx = 0;
        t->state = IN_OURS;
        (void)!ptrace(PTRACE_SETREGS, t->pid, NULL, r);
    } else if (sets_filter(r)) {
        t->state = SETS_FILTER;
    }
}

static void on_exit_of_call(struct traced *t, const struct user_regs_struct *r)
{
    long result = (long)r->rax;

    if (t->state == IN_OURS) {
        if (result < 0)
            note("refused\n");
        t->own.rip -= 2; /* the instruction once more, as it was meant */
        t->own.rax = t->own.orig_rax;
        (void)!ptrace(PTRACE_SETREGS, t->pid, NULL, &t->own);
        t->state = result < 0 ? HONEST : CLAIMS;
    } else if (t->state == SETS_FILTER) {
        t->state = result == 0 ? IS_DUE : HONEST;
    }
}

static void on_call(struct traced *t)
{
    struct __ptrace_syscall_info info;
    struct user_regs_struct r;

    if (!t->is_target || ptrace(PTRACE_GETREGS, t->pid, NULL, &r) != 0 ||
        ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, (void *)sizeof(info), &info) <=
            0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
        on_entry(t, &r);
    else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
        on_exit_of_call(t, &r);
}

/* It may have been seen before its parent told of it. */
static void adopt(struct traced *child, const struct traced *parent)
{
    if (!child->has_begun)
        child->is_target = parent->is_target;
}

/* A stop; returns the signal that is to be handed on. */
static int on_stop(struct traced *t, int status)
{
    int event = status >> 16;
    unsigned long child = 0;

    settle(t);
    if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
        on_call(t);
        return 0;
    }
    if (event == PTRACE_EVENT_EXEC) {
        see_program(t);
    } else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
               event == PTRACE_EVENT_CLONE) {
        (void)!ptrace(PTRACE_GETEVENTMSG, t->pid, NULL, &child);
        adopt(find((pid_t)child), t);
    }
    if (event != 0 || WSTOPSIG(status) == SIGTRAP)
        return 0;
    /* A new process begins with a stop of its own. */
    return WSTOPSIG(status) == SIGSTOP ? 0 : WSTOPSIG(status);
}

static int end_of(struct traced *t, int status)
{
    if ((t->state == IN_OURS || t->state == CLAIMS) && WIFSIGNALED(status) &&
        WTERMSIG(status) == SIGSYS)
        note("killed\n");
    else
        settle(t);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int follow(pid_t first)
{
    int code = 2;
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        struct traced *t = find(pid);

        if (WIFSTOPPED(status)) {
            int n = on_stop(t, status);

            (void)!ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)n);
            continue;
        }
        if (pid == first)
            code = end_of(t, status);
        else
            (void)end_of(t, status);
        *t = (struct traced){0};
    }
    return code;
}

static _Noreturn void become(char **argv)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(CANNOT_TRACE);
    (void)!raise(SIGSTOP);
    (void)!execvp(argv[0], argv);
    _exit(2);
}

int main(int argc, char **argv)
{
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
                         PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                         PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    int status;
    pid_t child;

    if (argc < 4)
        return 2;
    target = argv[1];
    record = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    child = fork();
    if (child == 0)
        become(argv + 3);
    if (record < 0 || child < 0 || waitpid(child, &status, 0) != child)
        return 2;
    if (!WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)options) != 0)
        return CANNOT_TRACE;
    (void)find(child);
    (void)!ptrace(PTRACE_SYSCALL, child, NULL, NULL);
    return follow(child);
}

#else

int main(void)
{
    return CANNOT_TRACE;
}

#endif
