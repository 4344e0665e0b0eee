/* SPDX-License-Identifier: Apache-2.0 */
#include "icap_ask.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One connection per question. A daemon that has no room for one more is asked
 * again a little later; how long it takes for an answer is its own business,
 * and bounded here in case it hangs. */

#define TRY_AGAIN_MS 50
#define MAX_TRIES 200
#define PATIENCE_MS 300000

static void answer(struct icap_ask *a, enum ov_clamd_verdict verdict,
                   struct ov_span name)
{
    struct ov_clamd_reply reply = {verdict, name};

    a->done(a, &reply);
}

static void hang_up(struct icap_ask *a)
{
    ov_loop_timer_stop(a->loop, &a->timer);
    ov_loop_remove(a->loop, &a->watch);
    if (a->watch.fd >= 0)
        (void)close(a->watch.fd); /* nothing was written to a file */
    a->watch.fd = -1;
    a->is_open = false;
}

static void fail(struct icap_ask *a, const char *words)
{
    hang_up(a);
    answer(a, OV_CLAMD_ERROR, ov_span_str(words));
}

/* The line is whole: for a version any line will do. */
static void take_line(struct icap_ask *a, size_t len)
{
    struct ov_span line = ov_span_of(a->line.ptr, len);
    struct ov_clamd_reply reply;

    hang_up(a);
    if (a->fd < 0)
        answer(a, OV_CLAMD_CLEAN, line);
    else if (ov_clamd_read_reply(line, &reply) == OV_OK)
        a->done(a, &reply);
    else
        answer(a, OV_CLAMD_ERROR, OV_SPAN_LIT("no answer of clamd's protocol"));
}

static void on_readable(struct ov_loop_watch *w, unsigned events)
{
    struct icap_ask *a = w->data;
    uint8_t *room = ov_buf_room(&a->line, 512);
    size_t end;
    ssize_t n;

    (void)events;
    if (room == NULL) {
        fail(a, "the daemon's answer is too long");
        return;
    }
    n = recv(w->fd, room, 512, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        fail(a, "the daemon hung up");
        return;
    }
    ov_buf_added(&a->line, (size_t)n);
    end = ov_span_find_byte(ov_buf_span(&a->line), '\0', 0);
    if (end != SIZE_MAX)
        take_line(a, end);
}

static enum ov_status send_question(struct icap_ask *a)
{
    if (a->fd < 0)
        return ov_clamd_send_version(a->watch.fd);
    return ov_clamd_send_file(a->watch.fd, a->fd);
}

/* Also after a failure: all of it again. */
static void try_once(struct icap_ask *a)
{
    a->watch.fd = ov_clamd_connect(a->socket_path, 0);
    if (a->watch.fd < 0 && errno == EAGAIN && ++a->n_tries < MAX_TRIES) {
        ov_loop_timer_set(a->loop, &a->timer, TRY_AGAIN_MS);
        return;
    }
    if (a->watch.fd < 0) {
        fail(a, "the daemon cannot be reached");
        return;
    }
    if (send_question(a) != OV_OK || ov_loop_add(a->loop, &a->watch) != OV_OK) {
        fail(a, "the daemon cannot be asked");
        return;
    }
    ov_loop_timer_set(a->loop, &a->timer, PATIENCE_MS);
}

static void on_time(struct ov_loop_timer *t)
{
    struct icap_ask *a = t->data;

    if (a->watch.fd >= 0)
        fail(a, "the daemon does not answer");
    else
        try_once(a);
}

enum ov_status icap_ask_init(struct icap_ask *a)
{
    a->line = ov_buf_with_max(OV_CLAMD_REPLY_MAX);
    a->watch = (struct ov_loop_watch){
        .fd = -1, .events = OV_LOOP_READ, .data = a, .ready = on_readable};
    a->timer = (struct ov_loop_timer){.data = a, .due = on_time};
    return ov_loop_timer_add(a->loop, &a->timer);
}

void icap_ask_done(struct icap_ask *a)
{
    icap_ask_cancel(a);
    ov_loop_timer_remove(a->loop, &a->timer);
    ov_buf_done(&a->line);
}

void icap_ask_start(struct icap_ask *a, int fd)
{
    a->fd = fd;
    a->n_tries = 0;
    a->is_open = true;
    ov_buf_clear(&a->line);
    ov_loop_timer_set(a->loop, &a->timer, 0);
}

void icap_ask_cancel(struct icap_ask *a)
{
    if (a->is_open)
        hang_up(a);
}
