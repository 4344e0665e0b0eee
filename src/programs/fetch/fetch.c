/* SPDX-License-Identifier: Apache-2.0 */

/* overt-fetch: the one process with the network, and with nothing else. Its
 * parent says what to get, how much of it and for how long, and gives a memory
 * file to write to (and, for a POST, one with what is sent). Nothing is
 * believed because it came this way: what arrives is checked by the judge,
 * against signatures and digests.
 *
 * Taken over by a hostile server, it can send wrong bytes, and talk to the
 * network; it has no file, no other process, and no secret. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "request.h"
#include "starter.h"
#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/sandbox.h"
#include "sys/wire.h"

struct fetch {
    uint8_t *packet; /* OV_MSG_MAX */
    struct ov_buf out;
    struct request *request;
    enum ov_peer_state state;
    int body; /* of the next request; -1: none */
};

static enum ov_status post(struct fetch *f)
{
    OV_TRY(ov_msg_end(&f->out));
    return ov_channel_send(OV_PARENT_FD, &f->out, -1);
}

static enum ov_status run(struct fetch *f, struct ov_span asked, int fd,
                          struct ov_wire_got *ret)
{
    struct ov_wire_get get;

    OV_TRY(ov_wire_read_get(asked, &get));
    request_run(f->request, &get, fd, f->body, ret);
    ov_fd_cleanup(&f->body);
    f->body = -1;
    return OV_OK;
}

static enum ov_status serve_one(struct fetch *f)
{
    OV_AUTO_FD fd = -1;
    struct ov_span packet;
    struct ov_message m;
    struct ov_wire_got got;

    OV_TRY(ov_channel_receive(OV_PARENT_FD, f->packet, &packet, &fd));
    OV_TRY(ov_msg_decode(packet, fd >= 0, OV_TO_FETCH, f->state, &m));
    if (m.type == OV_MSG_BODY) {
        ov_fd_cleanup(&f->body);
        f->body = ov_fd_steal(&fd);
        return OV_OK;
    }
    if (m.type == OV_MSG_HANG_UP)
        request_hang_up(f->request, &got);
    else
        OV_TRY(run(f, m.body, fd, &got));
    ov_msg_begin(&f->out, OV_MSG_GOT, m.task);
    ov_wire_put_got(&f->out, &got);
    return post(f);
}

static enum ov_status tell_failure(struct fetch *f, const struct ov_diag *diag)
{
    const struct ov_wire_failure failure = {.status = (uint32_t)OV_DENIED,
                                            .text = ov_span_str(diag->text)};

    ov_msg_begin(&f->out, OV_MSG_FETCH_FAILED, 0);
    ov_wire_put_failure(&f->out, &failure);
    return post(f);
}

/* What getaddrinfo(3) reads to find a name server. */
static int open_resolver_file(size_t i)
{
    static const char *const files[] = {
        "/etc/resolv.conf", "/etc/hosts",    "/etc/nsswitch.conf",
        "/etc/host.conf",   "/etc/gai.conf", "/etc/services",
    };
    int fd;

    if (i >= sizeof(files) / sizeof(files[0]))
        return -1;
    fd = open(files[i], O_PATH | O_CLOEXEC);
    /* In place of one that is missing, one that is no secret. */
    return fd >= 0 ? fd : open("/dev/null", O_PATH | O_CLOEXEC);
}

static enum ov_status go_to_jail(struct fetch *f, bool is_best_effort)
{
    const struct ov_confine how = {.profile = OV_PROFILE_FETCH,
                                   .is_best_effort = is_best_effort,
                                   .open_readable = open_resolver_file};
    struct ov_diag diag = {0};
    struct ov_jail jail;

    if (ov_confine(&how, &jail, &diag) != OV_OK) {
        OV_TRY(tell_failure(f, &diag));
        return OV_DENIED;
    }
    ov_msg_begin(&f->out, OV_MSG_FETCH_READY, 0);
    ov_wire_put_jail(&f->out, &jail);
    f->state = OV_PEER_READY;
    return post(f);
}

int main(int argc, char **argv)
{
    struct fetch f = {.packet = ov_alloc(OV_MSG_MAX),
                      .out = ov_buf_with_max(OV_MSG_MAX),
                      .state = OV_PEER_STARTING,
                      .body = -1};
    bool is_best_effort = argc > 1 && strcmp(argv[1], "--best-effort") == 0;
    enum ov_status status;

    if (argc > 1 && strcmp(argv[1], "--starter") == 0 &&
        !starter_serve(&is_best_effort))
        return 0;
    tzset();
    /* A name server that is silent must not use up the time of a request. */
    (void)!setenv("RES_OPTIONS", "timeout:3 attempts:2", 1);
    f.request = request_new();
    if (f.packet == NULL || f.request == NULL)
        return 1;
    status = go_to_jail(&f, is_best_effort);
    while (status == OV_OK)
        status = serve_one(&f);
    return status == OV_PEER_GONE ? 0 : 1;
}
