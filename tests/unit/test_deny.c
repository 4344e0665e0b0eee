/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/deny.h"
#include "test.h"

/* Each call of the table is tried in a child behind the filter. Its arguments
 * would be refused anyway, so that a hole in the filter does no harm. */

#define FAILED_OTHERWISE 2
#define NO_FILTER 3

struct
try {
    enum ov_deny_profile profile;
    long (*call)(const struct try *t);
    long number;
};

static long call_number(const struct try *t)
{
    return syscall(t->number, -1L, -1L, -1L, -1L, -1L, -1L);
}

static int in_child(const struct try *t)
{
    pid_t child = fork();
    int status = 0;

    assert_int_not_equal(child, -1);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        struct ov_diag diag = {0};

        (void)setrlimit(RLIMIT_CORE, &no_core);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            ov_deny(t->profile, &diag) != OV_OK)
            _exit(NO_FILTER);
        _exit(t->call(t) >= 0 ? 0 : errno == EPERM ? 1 : FAILED_OTHERWISE);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static bool is_killed(int status)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static bool has_code(int status, int code)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

enum {
    S = 1,
    M = 2,
    P = 4,
    SMP = 7,
    C = 8,
    SMPC = 15
};

static const struct {
    long number;
    const char *name;
    const char *condition;
    unsigned profiles;
} rows[] = {

#define OV_DENY(profiles, name, condition, why)                                \
    {__NR_##name, #name, #condition, profiles},
#include "sys/deny.def"
#undef OV_DENY
};

static void each_call_is_refused_whatever_is_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct try log = {OV_DENY_SERVICE, call_number, rows[i].number};
        struct try monitor = {OV_DENY_MONITOR, call_number, rows[i].number};
        struct try command = {OV_DENY_COMMAND, call_number, rows[i].number};

        if (strcmp(rows[i].condition, "ALWAYS") != 0)
            continue;
        if ((rows[i].profiles & C) != 0 && !has_code(in_child(&command), 1))
            fail_msg("%s is not refused to a command", rows[i].name);
        if (!is_killed(in_child(&log)))
            fail_msg("%s does not end the log", rows[i].name);
        if ((rows[i].profiles & M) != 0 && !has_code(in_child(&monitor), 1))
            fail_msg("%s is not refused to a monitor", rows[i].name);
    }
}

static long raw_socket(const struct try *t)
{
    return socket((int)t->number, SOCK_RAW | SOCK_CLOEXEC, 1);
}

static long plain_socket(const struct try *t)
{
    return socket((int)t->number, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long datagram_socket(const struct try *t)
{
    return socket((int)t->number, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void only_ordinary_sockets_are_left(void **state)
{
    static const int refused[] = {AF_PACKET, AF_VSOCK, AF_ALG, AF_BLUETOOTH,
                                  AF_KEY,    AF_X25,   AF_XDP, AF_APPLETALK};

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_true(is_killed(in_child(
            &(struct try){OV_DENY_SERVICE, datagram_socket, refused[i]})));
    for (int family = AF_INET; family <= AF_INET6;
         family += AF_INET6 - AF_INET) {
        struct try raw = {OV_DENY_SERVICE, raw_socket, family};
        struct try plain = {OV_DENY_SERVICE, plain_socket, family};

        assert_true(is_killed(in_child(&raw)));
        raw.profile = OV_DENY_MONITOR;
        assert_true(has_code(in_child(&raw), 1));
        assert_false(is_killed(in_child(&plain)));
    }
    assert_true(has_code(
        in_child(&(struct try){OV_DENY_SERVICE, plain_socket, AF_UNIX}), 0));
}

static long process(const struct try *t)
{
    (void)t;
    return fork() >= 0 ? 0 : -1;
}

static void a_command_has_local_sockets_only(void **state)
{
    static const int refused[] = {AF_INET,   AF_INET6, AF_NETLINK,
                                  AF_PACKET, AF_ALG,   AF_VSOCK};

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_true(has_code(
            in_child(&(struct try){OV_DENY_COMMAND, plain_socket, refused[i]}),
            1));
        assert_true(has_code(
            in_child(&(struct try){OV_DENY_COMMAND, raw_socket, refused[i]}),
            1));
    }
    assert_true(has_code(
        in_child(&(struct try){OV_DENY_COMMAND, plain_socket, AF_UNIX}), 0));
    assert_true(
        has_code(in_child(&(struct try){OV_DENY_COMMAND, process, 0}), 0));
}

static void *nothing(void *data)
{
    return data;
}

static long thread(const struct try *t)
{
    pthread_t id;

    (void)t;
    if (pthread_create(&id, NULL, nothing, NULL) != 0)
        return -1;
    return pthread_join(id, NULL) == 0 ? 0 : -1;
}

static void threads_are_left_and_processes_are_not(void **state)
{
    (void)state;
    assert_true(
        has_code(in_child(&(struct try){OV_DENY_SERVICE, thread, 0}), 0));
    assert_true(
        is_killed(in_child(&(struct try){OV_DENY_SERVICE, process, 0})));
    assert_true(
        has_code(in_child(&(struct try){OV_DENY_MONITOR, process, 0}), 0));
}

static long map(const struct try *t)
{
    return mmap(NULL, 4096, (int)t->number, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) == MAP_FAILED
               ? -1
               : 0;
}

static long protect(const struct try *t)
{
    void *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return at == MAP_FAILED ? -1 : mprotect(at, 4096, (int)t->number);
}

static void bytes_do_not_become_code(void **state)
{
    (void)state;
    assert_true(is_killed(in_child(&(struct try){
        OV_DENY_SERVICE, map, PROT_READ | PROT_WRITE | PROT_EXEC})));
    assert_true(is_killed(in_child(
        &(struct try){OV_DENY_SERVICE, protect, PROT_READ | PROT_EXEC})));
    assert_true(has_code(
        in_child(&(struct try){OV_DENY_SERVICE, map, PROT_READ | PROT_WRITE}),
        0));
    assert_true(has_code(in_child(&(struct try){OV_DENY_SERVICE, protect,
                                                PROT_READ | PROT_WRITE}),
                         0));
}

static void the_table_is_printed(void **state)
{
    struct ov_buf b = ov_buf_with_max(1 << 20);

    (void)state;
    ov_put_denied(&b);
    ov_put_u8(&b, 0);
    assert_int_equal(ov_buf_status(&b), OV_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_non_null(strstr((const char *)b.ptr, rows[i].name));
    ov_buf_done(&b);
}

OV_TEST_MAIN(OV_TEST(each_call_is_refused_whatever_is_asked),
             OV_TEST(only_ordinary_sockets_are_left),
             OV_TEST(a_command_has_local_sockets_only),
             OV_TEST(threads_are_left_and_processes_are_not),
             OV_TEST(bytes_do_not_become_code), OV_TEST(the_table_is_printed))
