/* SPDX-License-Identifier: Apache-2.0 */
#include "http_ask.h"

#include <errno.h>
#include <sys/socket.h>

#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/sandbox.h"

/* This process can reach nobody. It makes a pair of sockets and hands one end
 * to the daemon, which serves it as one that has connected: who may do what is
 * decided there, by whose process the end came from. A daemon that has no room
 * closes it. */

#define SCAN_PATIENCE_MS 600000
#define PAGE_PATIENCE_MS 120000
#define READ_SIZE 4096
#define ANSWER_MAX ((size_t)32 << 20)

static void hang_up(struct http_ask *a)
{
    ov_loop_timer_stop(a->loop, &a->timer);
    ov_loop_remove(a->loop, &a->watch);
    ov_fd_cleanup(&a->watch.fd);
    a->watch.fd = -1;
    a->is_open = false;
}

static void end(struct http_ask *a, enum ov_status status)
{
    hang_up(a);
    a->done(a, status, ov_buf_span(&a->answer));
}

static void on_due(struct ov_loop_timer *t)
{
    end(t->data, OV_TIMED_OUT);
}

static void on_readable(struct ov_loop_watch *w, unsigned events)
{
    struct http_ask *a = w->data;
    uint8_t *room = ov_buf_room(&a->answer, READ_SIZE);
    ssize_t n;

    (void)events;
    if (room == NULL) {
        end(a, OV_LIMIT_SIZE);
        return;
    }
    n = recv(w->fd, room, READ_SIZE, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        end(a, n == 0 && a->answer.len > 0 ? OV_OK : OV_PEER_GONE);
    else
        ov_buf_added(&a->answer, (size_t)n);
}

enum ov_status http_ask_init(struct http_ask *a)
{
    a->answer = ov_buf_with_max(ANSWER_MAX);
    a->watch = (struct ov_loop_watch){
        .fd = -1, .events = OV_LOOP_READ, .data = a, .ready = on_readable};
    a->timer = (struct ov_loop_timer){.data = a, .due = on_due};
    return ov_loop_timer_add(a->loop, &a->timer);
}

void http_ask_done(struct http_ask *a)
{
    if (a->is_open)
        hang_up(a);
    ov_loop_timer_remove(a->loop, &a->timer);
    ov_buf_done(&a->answer);
}

/* Gives the daemon one end of a pair, in which text is already, with a file if
 * it is not -1; the other is *ret. */
static enum ov_status open_pair(enum ov_http_peer peer,
                                const struct ov_buf *text, int file, int *ret)
{
    const struct ov_wire_http_open open = {.peer = (uint32_t)peer};
    OV_AUTO_DONE(buf) message = ov_buf_with_max(OV_MSG_MAX);
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   pair) != 0)
        return OV_LIMIT_COUNT;
    OV_AUTO_FD ours = pair[0];
    OV_AUTO_FD theirs = pair[1];
    OV_TRY(ov_channel_send(ours, text, file));
    ov_msg_begin(&message, OV_MSG_HTTP_OPEN, 0);
    ov_wire_put_http_open(&message, &open);
    OV_TRY(ov_msg_end(&message));
    OV_TRY(ov_channel_send(OV_PARENT_FD, &message, theirs));
    *ret = ov_fd_steal(&ours);
    return OV_OK;
}

static enum ov_status begin(struct http_ask *a, enum ov_http_peer peer,
                            const struct ov_buf *text, int file)
{
    OV_TRY(open_pair(peer, text, file, &a->watch.fd));
    ov_buf_clear(&a->answer);
    if (ov_loop_add(a->loop, &a->watch) != OV_OK) {
        hang_up(a);
        return OV_LIMIT_COUNT;
    }
    a->is_open = true;
    ov_loop_timer_set(a->loop, &a->timer,
                      peer == OV_HTTP_CONTROL ? PAGE_PATIENCE_MS
                                              : SCAN_PATIENCE_MS);
    return OV_OK;
}

enum ov_status http_ask_scan(struct http_ask *a, int file, bool wants_all)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(8);

    ov_put_u8(&text, 0); /* a descriptor comes with a byte */
    return begin(a, wants_all ? OV_HTTP_SCAN_ALL : OV_HTTP_SCAN, &text, file);
}

enum ov_status http_ask_page(struct http_ask *a, const char *question)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(2048);

    ov_put_format(&text, "%s HTTP/1.0\r\n\r\n", question);
    return begin(a, OV_HTTP_CONTROL, &text, -1);
}
