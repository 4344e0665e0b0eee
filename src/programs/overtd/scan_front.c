/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_front.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "sys/channel.h"
#include "sys/fd.h"

/* One question a connection. Who is at the other end can take hold of ours and
 * change its flags: each call says itself that it must not wait.
 *
 * Who does not ask for all is told of what the daemon comes upon until it knows
 * enough. Names and words are those of "overt scan --json".
 *
 * Limits: TOLD_MAX bytes of detections, and as many of reasons, then the answer
 * says that it is cut. Whoever does not read his answer is let go after
 * PATIENCE_MS. */

#define TOLD_MAX ((size_t)1 << 20)
#define ROOM_MAX ((size_t)4 << 20)
#define PATIENCE_MS 30000

struct scan_client {
    struct scan_front *front;
    struct scan_client *next;
    struct ov_loop_watch watch;
    struct ov_loop_timer timer;
    struct desk_request request;
    struct ov_buf detections;
    struct ov_buf reasons;
    struct ov_buf answer;
    size_t n_sent;
    bool is_open; /* with the desk */
    bool is_cut;
};

static void close_client(struct scan_client *c)
{
    struct scan_front *f = c->front;
    struct scan_client **at = &f->clients;

    if (c->is_open)
        desk_cancel(f->desk, &c->request);
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    ov_loop_remove(f->loop, &c->watch);
    ov_loop_timer_remove(f->loop, &c->timer);
    ov_fd_cleanup(&c->watch.fd);
    ov_buf_done(&c->detections);
    ov_buf_done(&c->reasons);
    ov_buf_done(&c->answer);
    ov_free(c);
    clamd_front_part(f->clamd);
}

/* ---- what is found ---- */

static void put_text(struct ov_buf *b, const char *name, struct ov_span text)
{
    ov_put_format(b, ",\"%s\":\"", name);
    ov_put_json(b, text);
    ov_put_u8(b, '"');
}

static void put_members(struct ov_buf *b, const struct ov_wire_path *path)
{
    ov_put_str(b, ",\"members\":[");
    for (size_t i = 0; i < path->n; i++) {
        ov_put_str(b, i > 0 ? ",\"" : "\"");
        ov_put_json(b, path->names[i]);
        ov_put_u8(b, '"');
    }
    ov_put_str(b, "]}");
}

/* Whether there is room for one more. */
static bool begin_item(struct scan_client *c, struct ov_buf *b)
{
    if (b->len > TOLD_MAX) {
        c->is_cut = true;
        return false;
    }
    ov_put_str(b, b->len > 0 ? ",{" : "{");
    return true;
}

static void on_detection(struct desk_request *r,
                         const struct ov_wire_detection *d)
{
    struct scan_client *c = r->data;
    struct ov_buf *b = &c->detections;
    bool is_unwanted = (d->flags & OV_RULE_UNWANTED) != 0;

    if (!begin_item(c, b))
        return;
    ov_put_format(b, "\"verdict\":\"%s\"",
                  is_unwanted ? "unwanted" : "detected");
    put_text(b, "rule", d->rule);
    put_text(b, "source", d->source);
    ov_put_format(b, ",\"line\":%u", (unsigned)d->line);
    put_text(b, "kind", d->kind);
    put_text(b, "object_type", d->type);
    ov_put_format(b, ",\"object_size\":%llu",
                  (unsigned long long)d->object_len);
    put_members(b, &d->path);
}

static void on_inconclusive(struct desk_request *r,
                            const struct ov_wire_inconclusive *i)
{
    struct scan_client *c = r->data;
    struct ov_buf *b = &c->reasons;

    if (!begin_item(c, b))
        return;
    ov_put_str(b, "\"reason\":\"");
    ov_put_json(b, i->reason);
    ov_put_u8(b, '"');
    put_text(b, "detail", i->detail);
    ov_put_format(b, ",\"at\":%llu", (unsigned long long)i->at);
    put_members(b, &i->path);
}

/* ---- the answer ---- */

static void put_first(struct ov_buf *b, const struct desk_result *r)
{
    if (r->n_detections > 0) {
        ov_put_str(b, ",\"rule\":\"");
        ov_put_json(b, r->rule);
        ov_put_str(b, r->is_official ? "\"" : ".UNOFFICIAL\"");
    } else if (r->verdict == OV_INCONCLUSIVE) {
        put_text(b, "reason", r->reason);
    }
}

static void put_answer(struct scan_client *c, const struct desk_result *r)
{
    struct ov_buf *b = &c->answer;
    const char *verdict = r->n_detections > 0             ? "detected"
                          : r->verdict == OV_INCONCLUSIVE ? "inconclusive"
                                                          : "clean";

    ov_put_format(b, "{\"verdict\":\"%s\",\"size\":%llu", verdict,
                  (unsigned long long)c->request.len);
    put_first(b, r);
    put_text(b, "type", r->type);
    ov_put_str(b, ",\"detections\":[");
    ov_put_span(b, ov_buf_span(&c->detections));
    ov_put_str(b, "],\"reasons\":[");
    ov_put_span(b, ov_buf_span(&c->reasons));
    ov_put_format(b, "],\"truncated\":%s}\n", c->is_cut ? "true" : "false");
}

static void on_done(struct desk_request *r, const struct desk_result *result)
{
    struct scan_client *c = r->data;
    struct ov_loop *loop = c->front->loop;

    c->is_open = false;
    put_answer(c, result);
    if (ov_buf_status(&c->detections) != OV_OK ||
        ov_buf_status(&c->reasons) != OV_OK ||
        ov_buf_status(&c->answer) != OV_OK) {
        close_client(c); /* no answer is one that says nothing */
        return;
    }
    ov_loop_timer_set(loop, &c->timer, PATIENCE_MS);
    ov_loop_change(loop, &c->watch, OV_LOOP_WRITE);
}

/* False: the connection is to be closed. */
static bool send_answer(struct scan_client *c)
{
    while (c->n_sent < c->answer.len) {
        ssize_t n =
            send(c->watch.fd, c->answer.ptr + c->n_sent,
                 c->answer.len - c->n_sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        c->n_sent += (size_t)n;
    }
    return false;
}

static void on_ready(struct ov_loop_watch *w, unsigned events)
{
    struct scan_client *c = w->data;

    /* Before its answer nothing is to be heard but that it has gone. */
    if (c->is_open || (events & OV_LOOP_HANGUP) != 0 || !send_answer(c))
        close_client(c);
}

static void on_patience(struct ov_loop_timer *t)
{
    close_client(t->data);
}

/* ---- the question ---- */

/* Takes fd. NULL: it is closed. */
static struct scan_client *client_new(struct scan_front *f, int fd)
{
    struct scan_client *c = ov_alloc(sizeof(*c));

    if (c == NULL) {
        ov_fd_cleanup(&fd);
        return NULL;
    }
    *c = (struct scan_client){
        .front = f,
        .next = f->clients,
        .watch = {.fd = fd,
                  .events = OV_LOOP_READ,
                  .data = c,
                  .ready = on_ready},
        .timer = {.data = c, .due = on_patience},
        .detections = ov_buf_with_max(ROOM_MAX),
        .reasons = ov_buf_with_max(ROOM_MAX),
        .answer = ov_buf_with_max(3 * ROOM_MAX),
    };
    f->clients = c;
    clamd_front_join(f->clamd);
    if (ov_loop_timer_add(f->loop, &c->timer) == OV_OK &&
        ov_loop_add(f->loop, &c->watch) == OV_OK)
        return c;
    close_client(c);
    return NULL;
}

/* Also while the daemon ends: what overt-http hands in belongs to a request
 * that began before. */
static bool has_room(const struct scan_front *f)
{
    return f->clamd->n_sessions < f->clamd->options.max_connections;
}

void scan_front_serve(struct scan_front *f, int fd, bool wants_all,
                      uint8_t *scratch)
{
    OV_AUTO_FD end = fd;
    OV_AUTO_FD file = -1;
    struct scan_client *c;
    struct ov_span byte;
    struct stat st;

    if (!has_room(f) ||
        ov_channel_receive_now(fd, scratch, &byte, &file) != OV_OK ||
        fstat(file, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    c = client_new(f, ov_fd_steal(&end));
    if (c == NULL)
        return;
    f->peer.source = DESK_HTTP;
    c->request = (struct desk_request){
        .peer = &f->peer,
        .fd = ov_fd_steal(&file),
        .len = (uint64_t)st.st_size,
        .uid = (uid_t)-1,
        .all_matches = wants_all,
        .data = c,
        .detection = on_detection,
        .inconclusive = on_inconclusive,
        .done = on_done,
    };
    c->is_open = true;
    desk_submit(f->desk, &c->request);
}

void scan_front_done(struct scan_front *f)
{
    while (f->clients != NULL)
        close_client(f->clients);
}
