/* SPDX-License-Identifier: Apache-2.0 */

/* rogue PROFILE ATTEMPT: goes to jail as the program of that profile does, then
 * tries one thing that no profile allows (fetch's has some of them:
 * "stay-out"). Exits with 0 if it could, or it was "work"; 2 if the jail could
 * not be set up. "rogue list" names the attempts. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/sandbox.h"

static void try_open(void)
{
    (void)!open("/etc/passwd", O_RDONLY);
}

static void try_stat(void)
{
    (void)!syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", NULL, 0);
}

static void try_socket(void)
{
    (void)!socket(AF_INET, SOCK_STREAM, 0);
}

static void try_fork(void)
{
    (void)!fork();
}

static void try_thread(void)
{
    (void)!syscall(SYS_clone3, NULL, 0);
}

static void try_exec(void)
{
    (void)!execl("/bin/true", "true", (char *)NULL);
}

static void try_executable_memory(void)
{
    (void)!mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
}

static void try_memory_made_executable(void)
{
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)!mprotect(at, 4096, PROT_READ | PROT_EXEC);
}

static void try_kill(void)
{
    (void)!kill(1, 0);
}

static void try_signal_another(void)
{
    (void)!syscall(SYS_tgkill, 1, 1, SIGABRT);
}

static void try_trace(void)
{
    (void)!syscall(SYS_ptrace, 0, 0, 0, 0);
}

static void try_remove(void)
{
    (void)!unlink("/nothing/there");
}

static void try_open_to_write(void)
{
    (void)!open("/etc/hosts", O_WRONLY);
}

static void try_listen(void)
{
    (void)!listen(0, 1);
}

static void try_write_to_a_file(void)
{
    (void)!write(STDOUT_FILENO, "x", 1);
}

static void try_ioctl(void)
{
    (void)!syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, "x");
}

static void try_io_uring(void)
{
    (void)!syscall(SYS_io_uring_setup, 1, NULL);
}

static void try_bpf(void)
{
    (void)!syscall(SYS_bpf, 0, NULL, 0);
}

static void try_new_limits(void)
{
    (void)!syscall(SYS_prlimit64, 0, 0, NULL, NULL);
}

static void try_become_root(void)
{
    (void)!setuid(0);
}

static void try_foreign_numbers(void)
{
    (void)!syscall(0x40000000L | SYS_getpid); /* x32 */
}

static const struct {
    const char *name;
    void (*function)(void);
} attempts[] = {
    {"open", try_open},
    {"open-to-write", try_open_to_write},
    {"listen", try_listen},
    {"stat", try_stat},
    {"socket", try_socket},
    {"fork", try_fork},
    {"thread", try_thread},
    {"exec", try_exec},
    {"executable_memory", try_executable_memory},
    {"memory_made_executable", try_memory_made_executable},
    {"kill", try_kill},
    {"signal_another", try_signal_another},
    {"trace", try_trace},
    {"remove", try_remove},
    {"write_to_a_file", try_write_to_a_file},
    {"ioctl", try_ioctl},
    {"io_uring", try_io_uring},
    {"bpf", try_bpf},
    {"new_limits", try_new_limits},
    {"become_root", try_become_root},
    {"foreign_numbers", try_foreign_numbers},
};

#define N_ATTEMPTS (sizeof(attempts) / sizeof(attempts[0]))

/* What an honest process does. */
static int work(void)
{
    uint8_t *memory = ov_alloc((size_t)16 << 20);
    uint8_t more[16];

    if (memory == NULL)
        return 1;
    memory[12345] = 1;
    (void)!pread(0, more, sizeof(more), 0); /* a terminal has no place 0 */
    ov_free(memory);
    return write(STDERR_FILENO, "worked\n", 7) == 7 ? 0 : 1;
}

/* What fetch's profile must refuse with an error, as libraries ask for it: a
 * file, a socket that is no Internet's. 0: it did, and the network is there. */
static int stay_out(void)
{
    int inet = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (inet < 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ||
        socket(AF_NETLINK, SOCK_RAW, 0) >= 0)
        return 1;
    return open("/etc/hosts", O_RDONLY) < 0 ||
           open("/etc/passwd", O_RDONLY) >= 0 ||
           open("/proc/self/maps", O_RDONLY) >= 0 ||
           open("/etc", O_RDONLY | O_DIRECTORY) >= 0;
}

static int attempt(const char *name)
{
    if (strcmp(name, "stay-out") == 0)
        return stay_out();
    for (size_t i = 0; i < N_ATTEMPTS; i++) {
        if (strcmp(attempts[i].name, name) == 0) {
            attempts[i].function();
            return 0;
        }
    }
    return strcmp(name, "work") == 0 ? work() : 2;
}

static int open_readable(size_t i)
{
    return i == 0 ? open("/etc/hosts", O_PATH | O_CLOEXEC) : -1;
}

int main(int argc, char **argv)
{
    const struct ov_jail_service service = {
        .folder = open(".", O_RDONLY | O_CLOEXEC), .max_open = 32};
    struct ov_confine how = {.open_readable = open_readable};
    struct ov_jail jail;
    struct ov_diag diag;

    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (size_t i = 0; i < N_ATTEMPTS; i++)
            (void)!puts(attempts[i].name); /* the test sees a short list */
        return 0;
    }
    if (argc != 3)
        return 2;
    while (how.profile < OV_N_PROFILES &&
           strcmp(ov_profile_name(how.profile), argv[1]) != 0)
        how.profile++;
    if (how.profile == OV_PROFILE_WITNESS || how.profile == OV_PROFILE_DOOR)
        how.service = &service;
    if (how.profile == OV_N_PROFILES || ov_confine(&how, &jail, &diag) != OV_OK)
        return 2;
    return attempt(argv[2]);
}
