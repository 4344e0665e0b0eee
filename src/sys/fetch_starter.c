/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/fetch_starter.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/wire_trust.h"

/* The starter makes its children this process's own (CLONE_PARENT), so that
 * they are waited for and ended as if they had been started here. It hears
 * nobody else, and nothing that came from the network. */

#define WAIT_MS 30000

/* Of the process that started it: a fork of that one has none. */
static struct {
    struct ov_child child;
    pid_t owner;
} starter = {.child = {0, -1}};

void ov_fetch_starter_begin(void)
{
    struct ov_diag diag;

    if (starter.owner == getpid())
        return;
    if (ov_spawn("fetch", OV_SPAWN_STARTER, &starter.child, &diag) == OV_OK)
        starter.owner = getpid();
}

static enum ov_status hear(uint8_t *packet, pid_t *ret)
{
    struct pollfd p = {.fd = starter.child.socket, .events = POLLIN};
    OV_AUTO_FD fd = -1;
    struct ov_span bytes;
    struct ov_message m;
    struct ov_wire_fetch_started said;
    int n;

    do {
        n = poll(&p, 1, WAIT_MS);
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        return OV_TIMED_OUT;
    OV_TRY(ov_channel_receive(p.fd, packet, &bytes, &fd));
    OV_TRY(ov_msg_decode(bytes, fd >= 0, OV_FROM_FETCH, OV_PEER_STARTING, &m));
    if (m.type != OV_MSG_FETCH_STARTED)
        return OV_MALFORMED;
    OV_TRY(ov_wire_read_fetch_started(m.body, &said));
    if (said.pid <= 1 || said.pid > INT32_MAX)
        return OV_MALFORMED;
    *ret = (pid_t)said.pid;
    return OV_OK;
}

static enum ov_status ask(unsigned flags, int theirs, pid_t *ret)
{
    OV_AUTO_DONE(buf) out = ov_buf_with_max(OV_MSG_MAX);
    OV_AUTO_PTR uint8_t *packet = ov_alloc(OV_MSG_MAX);
    const struct ov_wire_fetch_start s = {
        .is_best_effort = (flags & OV_SPAWN_BEST_EFFORT) != 0};

    if (packet == NULL)
        return OV_NO_MEMORY;
    ov_msg_begin(&out, OV_MSG_FETCH_START, 0);
    ov_wire_put_fetch_start(&out, &s);
    OV_TRY(ov_msg_end(&out));
    OV_TRY(ov_channel_send(starter.child.socket, &out, theirs));
    return hear(packet, ret);
}

enum ov_status ov_fetch_spawn(unsigned flags, struct ov_child *ret,
                              struct ov_diag *diag)
{
    int pair[2];
    pid_t pid = 0;

    if (starter.owner != getpid())
        return ov_spawn("fetch", flags, ret, diag);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return ov_diag_set(diag, OV_IO, 0, "cannot make a socket: %s",
                           strerror(errno));
    OV_AUTO_FD ours = pair[0];
    OV_AUTO_FD theirs = pair[1];
    if (ask(flags, theirs, &pid) != OV_OK)
        return ov_diag_set(diag, OV_IO, 0, "overt-fetch starts no other");
    *ret = (struct ov_child){pid, ov_fd_steal(&ours)};
    return OV_OK;
}
