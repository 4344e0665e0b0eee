/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>

#include "host/output.h"
#include "http_exchange.h"
#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/sandbox.h"
#include "sys/wire.h"

/* overt-http: the door of the HTTP API. Reads what clients say, and has
 * nothing: no file, no network, no right to reach the daemon but by the socket
 * it was started with. Over that it hands the daemon ends of connections, on
 * which it speaks like any client.
 *
 * The daemon starts it twice if its owner wants that: once for everybody, once
 * for those who may change something. What either may do is decided by the
 * daemon, by which of the two has asked: so the one that strangers reach could
 * change nothing even if they had taken it over. */

#define OTHER_DESCRIPTORS 32u
/* of each client: its connection, its body, the daemon, and on its way to it */
#define MAX_OPEN (4 * OV_HTTP_CONNECTIONS_MAX + OTHER_DESCRIPTORS)

struct door {
    struct http_server server;
    struct ov_loop_watch parent;
    struct ov_buf out;
    uint8_t *packet;
    enum ov_peer_state state;
    bool is_leaving; /* ends when all have their answers */
    bool is_ended;
};

static enum ov_status go_to_jail(struct door *d)
{
    const struct ov_confine how = {.profile = OV_PROFILE_HTTP,
                                   .max_open = MAX_OPEN};
    struct ov_diag diag = {0};
    struct ov_jail jail;

    if (fcntl(OV_PARENT_FD, F_SETFL, O_NONBLOCK) != 0)
        return OV_IO;
    if (ov_confine(&how, &jail, &diag) != OV_OK) {
        out_error("cannot jail itself: %s", diag.text);
        return OV_DENIED;
    }
    ov_msg_begin(&d->out, OV_MSG_HTTP_READY, 0);
    ov_wire_put_jail(&d->out, &jail);
    OV_TRY(ov_msg_end(&d->out));
    d->state = OV_PEER_READY;
    return ov_channel_send(OV_PARENT_FD, &d->out, -1);
}

static enum ov_status on_start(struct door *d, struct ov_span body, int *fd)
{
    struct ov_wire_http_settings *s = &d->server.settings;

    OV_TRY(ov_wire_read_http_settings(body, s));
    if (s->max_connections == 0 ||
        s->max_connections > OV_HTTP_CONNECTIONS_MAX || s->idle_ms == 0)
        return OV_MALFORMED;
    OV_TRY(http_server_begin(&d->server, *fd));
    (void)ov_fd_steal(fd); /* the library's */
    d->state = OV_PEER_OPEN;
    return OV_OK;
}

static enum ov_status hear(struct door *d)
{
    OV_AUTO_FD fd = -1;
    struct ov_span packet;
    struct ov_message m;

    OV_TRY(ov_channel_receive(OV_PARENT_FD, d->packet, &packet, &fd));
    OV_TRY(ov_msg_decode(packet, fd >= 0, OV_TO_HTTP, d->state, &m));
    if (m.type == OV_MSG_HTTP_START)
        return on_start(d, m.body, &fd);
    if (m.type != OV_MSG_HTTP_LEAVE || d->is_leaving)
        return OV_MALFORMED;
    d->is_leaving = true;
    http_server_leave(&d->server);
    return OV_OK;
}

/* Whatever is wrong, and the daemon's end: it starts another one. */
static void on_parent(struct ov_loop_watch *w, unsigned events)
{
    struct door *d = w->data;
    enum ov_status status = hear(d);

    (void)events;
    d->is_ended = status != OV_OK && status != OV_NOT_FOUND;
}

static bool prepare(struct door *d)
{
    d->server.loop = ov_loop_new();
    d->packet = ov_alloc(OV_MSG_MAX);
    d->parent = (struct ov_loop_watch){.fd = OV_PARENT_FD,
                                       .events = OV_LOOP_READ,
                                       .data = d,
                                       .ready = on_parent};
    return d->server.loop != NULL && d->packet != NULL &&
           ov_loop_add(d->server.loop, &d->parent) == OV_OK;
}

int main(void)
{
    static struct door d;

    out_set_program("overt-http");
    tzset(); /* dates of answers; it may open a file, in the jail no more */
    d.out = ov_buf_with_max(OV_MSG_MAX);
    d.state = OV_PEER_STARTING;
    /* The jail closes all descriptors but its own. */
    if (go_to_jail(&d) != OV_OK || !prepare(&d))
        return 1;
    while (!d.is_ended && !(d.is_leaving && d.server.n_asked == 0))
        if (ov_loop_turn(d.server.loop) != OV_OK)
            return 1;
    return 0;
}
