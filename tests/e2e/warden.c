/* SPDX-License-Identifier: Apache-2.0 */

/* Plays the daemon for overt-guard: starts it, says what to guard, and answers.
 * A file is bad if it has the word EVIL near its start; about one with the word
 * SLOW nothing is ever answered. Every message becomes a line of stdout.
 * SIGUSR1 makes the guard forget what it remembers. Ends when the guard does.
 *
 * usage: warden WHEN DEADLINE_MS [late=deny] [all] [guard=PATH]
 *               [skip-path=PATH] [skip-user=UID] [skip-process=PATH]
 * [self=PATH]
 *
 * self: what it opens itself once the guard works, and in a child; without an
 * exclusion it would wait for its own answer. */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/sandbox.h"
#include "sys/spawn.h"
#include "sys/wire.h"
#include "sys/wire_guard.h"

#define ALIVE_MS 100

static volatile sig_atomic_t is_to_forget;

static void on_signal(int number)
{
    (void)number;
    is_to_forget = 1;
}

static void fail(const char *what)
{
    fprintf(stderr, "warden: %s\n", what);
    exit(1);
}

static void post(const struct ov_child *guard, struct ov_buf *b)
{
    if (ov_msg_end(b) != OV_OK)
        fail("cannot make a message");
    if (ov_channel_send(guard->socket, b, -1) == OV_PEER_GONE) {
        puts("gone");
        exit(0);
    }
}

static void say(const struct ov_child *guard, enum ov_msg type)
{
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);

    ov_msg_begin(&b, type, 0);
    post(guard, &b);
    ov_buf_done(&b);
}

static void say_place(const struct ov_child *guard, enum ov_guard_place kind,
                      const char *text)
{
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);
    const struct ov_wire_guard_place place = {(uint32_t)kind,
                                              ov_span_str(text)};

    ov_msg_begin(&b, OV_MSG_GUARD_PLACE, 0);
    ov_wire_put_guard_place(&b, &place);
    post(guard, &b);
    ov_buf_done(&b);
}

static uint32_t parse_when(const char *words)
{
    return (strstr(words, "exec") != NULL ? OV_GUARD_EXEC : 0u) |
           (strstr(words, "open") != NULL ? OV_GUARD_OPEN : 0u) |
           (strstr(words, "written") != NULL ? OV_GUARD_WRITTEN : 0u);
}

static void set_up(const struct ov_child *guard, int argc, char **argv)
{
    static const char *const words[OV_N_GUARD_PLACE] = {
        [OV_GUARD_PATH] = "guard=",
        [OV_GUARD_SKIP_PATH] = "skip-path=",
        [OV_GUARD_SKIP_USER] = "skip-user=",
        [OV_GUARD_SKIP_PROCESS] = "skip-process=",
    };
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);
    struct ov_wire_guard_settings s = {.when = parse_when(argv[1])};
    uint64_t deadline;

    if (!ov_parse_uint(ov_span_str(argv[2]), UINT32_MAX, &deadline))
        fail("no deadline");
    s.deadline = (uint32_t)deadline;

    for (int i = 3; i < argc; i++) {
        s.denies_late |= strcmp(argv[i], "late=deny") == 0;
        s.guards_all |= strcmp(argv[i], "all") == 0;
        for (unsigned k = 0; k < OV_N_GUARD_PLACE; k++)
            if (strncmp(argv[i], words[k], strlen(words[k])) == 0)
                say_place(guard, (enum ov_guard_place)k,
                          argv[i] + strlen(words[k]));
    }
    ov_msg_begin(&b, OV_MSG_GUARD_SETTINGS, 0);
    ov_wire_put_guard_settings(&b, &s);
    post(guard, &b);
    ov_buf_done(&b);
    say(guard, OV_MSG_GUARD_START);
}

static void open_own(int argc, char **argv)
{
    for (int i = 3; i < argc; i++) {
        const char *path = argv[i] + strlen("self=");
        pid_t child;

        if (strncmp(argv[i], "self=", strlen("self=")) != 0)
            continue;
        OV_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
        child = fork();
        if (child == 0)
            _exit(open(path, O_RDONLY | O_CLOEXEC) < 0);
        if (fd < 0 || child < 0 || waitpid(child, &i, 0) != child || i != 0)
            fail("cannot open the own file");
        puts("opened own");
        return;
    }
}

static void print_file(const char *what, const struct ov_message *m)
{
    static const char *const when[] = {"?", "exec", "open", "?", "written"};
    struct ov_wire_guard_file f;

    if (ov_wire_read_guard_file(m->body, &f) != OV_OK || f.when > 4)
        fail("a file's message is malformed");
    printf("%s %s %.*s user %u%s\n", what, when[f.when], (int)f.path.len,
           (const char *)f.path.ptr, f.uid, f.is_here ? "" : " elsewhere");
}

static void on_ask(const struct ov_child *guard, const struct ov_message *m,
                   int fd)
{
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);
    uint8_t bytes[4096];
    ssize_t got = pread(fd, bytes, sizeof(bytes), 0);
    struct ov_span text = ov_span_of(bytes, got > 0 ? (size_t)got : 0);
    struct ov_wire_guard_answer a;

    print_file("ask", m);
    if (ov_span_find(text, OV_SPAN_LIT("SLOW"), 0) != SIZE_MAX)
        return;
    a.denies = ov_span_find(text, OV_SPAN_LIT("EVIL"), 0) != SIZE_MAX;
    a.may_remember = !a.denies;
    ov_msg_begin(&b, OV_MSG_GUARD_ANSWER, m->task);
    ov_wire_put_guard_answer(&b, &a);
    post(guard, &b);
    ov_buf_done(&b);
}

static void on_told(const struct ov_message *m)
{
    struct ov_wire_guard_told t;

    if (ov_wire_read_guard_told(m->body, &t) != OV_OK)
        fail("what was told is malformed");
    printf("told %.*s %.*s\n", (int)t.path.len, (const char *)t.path.ptr,
           (int)t.text.len, (const char *)t.text.ptr);
}

static void on_ready(const struct ov_child *guard, const struct ov_message *m)
{
    struct ov_jail jail;

    if (ov_wire_read_jail(m->body, &jail) != OV_OK ||
        jail.fingerprint != ov_profile_fingerprint(OV_PROFILE_GUARD) ||
        !ov_jail_is_whole(&jail))
        fail("the guard is not jailed");
    printf("ready %d\n", (int)guard->pid);
}

/* False: the guard has ended. */
static bool take_one(const struct ov_child *guard, enum ov_peer_state *state,
                     struct ov_message *ret)
{
    static uint8_t packet[OV_MSG_MAX];
    OV_AUTO_FD fd = -1;
    struct ov_span bytes;
    enum ov_status status =
        ov_channel_receive(guard->socket, packet, &bytes, &fd);

    if (status != OV_OK)
        return false;
    if (ov_msg_decode(bytes, fd >= 0, OV_FROM_GUARD, *state, ret) != OV_OK)
        fail("a message that must not be");
    if (ret->type == OV_MSG_GUARD_READY)
        *state = OV_PEER_READY;
    if (ret->type == OV_MSG_GUARD_STARTED) {
        *state = OV_PEER_OPEN;
        puts("started");
    }
    if (ret->type == OV_MSG_GUARD_ASK)
        on_ask(guard, ret, fd);
    if (ret->type == OV_MSG_GUARD_LATE)
        print_file("late", ret);
    if (ret->type == OV_MSG_GUARD_TOLD || ret->type == OV_MSG_GUARD_FAILED)
        on_told(ret);
    return true;
}

int main(int argc, char **argv)
{
    enum ov_peer_state state = OV_PEER_STARTING;
    struct sigaction forget = {.sa_handler = on_signal};
    struct ov_diag diag = {0};
    struct ov_child guard;
    struct ov_message m;

    if (argc < 3)
        fail("usage: warden WHEN DEADLINE_MS WORD...");
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)setsid(); /* fails if it leads one already */
    (void)sigaction(SIGUSR1, &forget, NULL);
    if (ov_spawn("guard", 0, &guard, &diag) != OV_OK)
        fail(diag.text);
    for (;;) {
        struct pollfd p = {.fd = guard.socket, .events = POLLIN};
        int n = poll(&p, 1, ALIVE_MS);

        if (state == OV_PEER_OPEN)
            say(&guard, OV_MSG_GUARD_ALIVE);
        if (state == OV_PEER_OPEN && is_to_forget != 0) {
            is_to_forget = 0;
            say(&guard, OV_MSG_GUARD_FORGET);
            puts("forgotten");
        }
        if (n <= 0)
            continue;
        if (!take_one(&guard, &state, &m))
            break;
        if (m.type == OV_MSG_GUARD_STARTED)
            open_own(argc, argv);
        if (m.type == OV_MSG_GUARD_READY) {
            on_ready(&guard, &m);
            set_up(&guard, argc, argv);
        }
    }
    puts("gone");
    return 0;
}
