/* SPDX-License-Identifier: Apache-2.0 */
#include "http_child.h"

#include "host/output.h"
#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/listen.h"
#include "sys/sandbox.h"
#include "sys/wire.h"
#include "sys/wire_http.h"

/* The daemon listens and keeps the socket: while the process is started anew,
 * clients wait in the kernel's line. What it hands in are ends of connections,
 * of which a page of the control socket is asked, with the rights that belong
 * to the socket: it cannot ask for others; or a file is scanned. A path, which
 * the daemon would open with its own rights, cannot be named here. */

#define AGAIN_MS 1000
#define MESSAGES_A_TURN 64

static void end_child(struct http_child *h)
{
    ov_loop_remove(h->loop, &h->watch);
    (void)ov_child_end(&h->child, true);
    h->state = OV_PEER_STARTING;
}

static enum ov_status set_up(struct http_child *h, struct ov_span body)
{
    const struct api_section *s = h->settings;
    const struct ov_wire_http_settings settings = {
        .max_body = s->max_body,
        .max_memory = s->max_memory,
        .max_connections = s->max_connections,
        .idle_ms =
            (uint32_t)(s->idle_timeout_ms < UINT32_MAX ? s->idle_timeout_ms
                                                       : UINT32_MAX),
    };
    OV_AUTO_DONE(buf) out = ov_buf_with_max(OV_MSG_MAX);
    struct ov_jail jail;

    OV_TRY(ov_wire_read_jail(body, &jail));
    if (jail.fingerprint != ov_profile_fingerprint(OV_PROFILE_HTTP) ||
        !ov_jail_is_whole(&jail))
        return OV_MALFORMED;
    ov_msg_begin(&out, OV_MSG_HTTP_START, 0);
    ov_wire_put_http_settings(&out, &settings);
    OV_TRY(ov_msg_end(&out));
    OV_TRY(ov_channel_send(h->child.socket, &out, h->listener));
    h->state = OV_PEER_OPEN;
    return OV_OK;
}

static enum ov_status serve(struct http_child *h, struct ov_span body, int *fd)
{
    struct ov_wire_http_open open;

    OV_TRY(ov_wire_read_http_open(body, &open));
    switch (open.peer) {
    case OV_HTTP_CONTROL:
        control_serve(h->control, ov_fd_steal(fd), h->may_change);
        return OV_OK;
    case OV_HTTP_SCAN:
    case OV_HTTP_SCAN_ALL:
        scan_front_serve(&h->scans, ov_fd_steal(fd),
                         open.peer == OV_HTTP_SCAN_ALL, h->packet);
        return OV_OK;
    default:
        return OV_MALFORMED;
    }
}

static enum ov_status take_one(struct http_child *h)
{
    OV_AUTO_FD fd = -1;
    struct ov_span packet;
    struct ov_message m;

    OV_TRY(ov_channel_receive(h->child.socket, h->packet, &packet, &fd));
    OV_TRY(ov_msg_decode(packet, fd >= 0, OV_FROM_HTTP, h->state, &m));
    return m.type == OV_MSG_HTTP_READY ? set_up(h, m.body)
                                       : serve(h, m.body, &fd);
}

static void on_message(struct ov_loop_watch *w, unsigned events)
{
    struct http_child *h = w->data;
    enum ov_status status = OV_OK;

    (void)events;
    for (int i = 0; status == OV_OK && i < MESSAGES_A_TURN; i++)
        status = take_one(h);
    if (status == OV_OK || status == OV_NOT_FOUND)
        return;
    if (h->is_leaving) {
        end_child(h);
        h->left(h->data);
        return;
    }
    out_error("overt-http %s; it is started again",
              status == OV_PEER_GONE ? "has ended" : "said what it must not");
    end_child(h);
    ov_loop_timer_set(h->loop, &h->again, AGAIN_MS);
}

static bool start(struct http_child *h)
{
    struct ov_diag diag = {0};

    if (ov_spawn("http", OV_SPAWN_NONBLOCKING, &h->child, &diag) != OV_OK) {
        out_error("overt-http: %s", diag.text);
        return false;
    }
    h->state = OV_PEER_STARTING;
    h->watch = (struct ov_loop_watch){.fd = h->child.socket,
                                      .events = OV_LOOP_READ,
                                      .data = h,
                                      .ready = on_message};
    if (ov_loop_add(h->loop, &h->watch) == OV_OK)
        return true;
    end_child(h);
    return false;
}

static void on_again(struct ov_loop_timer *t)
{
    struct http_child *h = t->data;

    if (!h->is_leaving && !start(h))
        ov_loop_timer_set(h->loop, t, AGAIN_MS);
}

bool http_child_start(struct http_child *h, const char *path, unsigned mode,
                      const char *group)
{
    struct ov_diag diag = {0};

    h->again = (struct ov_loop_timer){.data = h, .due = on_again};
    h->scans.loop = h->loop;
    h->packet = ov_alloc(OV_MSG_MAX);
    if (h->packet == NULL || ov_loop_timer_add(h->loop, &h->again) != OV_OK) {
        out_error("out of memory");
        return false;
    }
    if (ov_listen_local(path, mode, group, &h->listener, &diag) == OV_OK)
        return start(h);
    out_error("%s", diag.text);
    return false;
}

void http_child_leave(struct http_child *h)
{
    OV_AUTO_DONE(buf) out = ov_buf_with_max(OV_MSG_MAX);

    if (h->child.pid == 0)
        return;
    h->is_leaving = true;
    ov_msg_begin(&out, OV_MSG_HTTP_LEAVE, 0);
    if (h->state != OV_PEER_OPEN || ov_msg_end(&out) != OV_OK ||
        ov_channel_send(h->child.socket, &out, -1) != OV_OK)
        end_child(h);
}

void http_child_stop(struct http_child *h)
{
    if (h->packet == NULL)
        return;
    if (h->child.pid != 0)
        end_child(h);
    scan_front_done(&h->scans);
    ov_loop_timer_remove(h->loop, &h->again);
    ov_fd_cleanup(&h->listener);
    h->listener = -1;
    ov_free(OV_STEAL(h->packet));
}
