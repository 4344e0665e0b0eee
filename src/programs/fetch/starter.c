/* SPDX-License-Identifier: Apache-2.0 */
#include "starter.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/sandbox.h"
#include "sys/wire_trust.h"

/* It is in no jail, as it would hand that on; so it takes a flag and a socket
 * from its parent, and nothing from anybody else. The C library has no name for
 * a fork whose child is the parent's. */

static enum ov_status take(uint8_t *packet, struct ov_wire_fetch_start *ret,
                           int *ret_fd)
{
    struct ov_span bytes;
    struct ov_message m;

    OV_TRY(ov_channel_receive(OV_PARENT_FD, packet, &bytes, ret_fd));
    OV_TRY(
        ov_msg_decode(bytes, *ret_fd >= 0, OV_TO_FETCH, OV_PEER_STARTING, &m));
    return m.type == OV_MSG_FETCH_START ? ov_wire_read_fetch_start(m.body, ret)
                                        : OV_MALFORMED;
}

static enum ov_status tell(struct ov_buf *out, long pid)
{
    const struct ov_wire_fetch_started s = {.pid = (uint32_t)pid};

    ov_msg_begin(out, OV_MSG_FETCH_STARTED, 0);
    ov_wire_put_fetch_started(out, &s);
    OV_TRY(ov_msg_end(out));
    return ov_channel_send(OV_PARENT_FD, out, -1);
}

/* Whether this is the new one; *ret_goes_on: whether the old one goes on. */
static bool serve_one(uint8_t *packet, struct ov_buf *out,
                      struct ov_wire_fetch_start *s, bool *ret_goes_on)
{
    OV_AUTO_FD fd = -1;
    long pid;

    *ret_goes_on = false;
    if (take(packet, s, &fd) != OV_OK)
        return false;
    pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        return dup2(fd, OV_PARENT_FD) == OV_PARENT_FD;
    *ret_goes_on = pid > 0 && tell(out, pid) == OV_OK;
    return false;
}

bool starter_serve(bool *ret_is_best_effort)
{
    OV_AUTO_DONE(buf) out = ov_buf_with_max(OV_MSG_MAX);
    OV_AUTO_PTR uint8_t *packet = ov_alloc(OV_MSG_MAX);
    struct ov_wire_fetch_start s = {false};
    bool goes_on = packet != NULL;

    (void)!prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* its socket ends it */
    while (goes_on) {
        if (serve_one(packet, &out, &s, &goes_on)) {
            *ret_is_best_effort = s.is_best_effort;
            return true;
        }
    }
    return false;
}
