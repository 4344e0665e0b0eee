/* SPDX-License-Identifier: Apache-2.0 */
#include "control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/path_pattern.h"
#include "sys/fd.h"

/* One request a connection, read up to the empty line that ends its head, and
 * answered at once; headers and a body are not looked at. A client that is
 * silent or does not read is let go after a while. Beyond CONTROL_MAX_CLIENTS
 * they wait in the kernel's line. Each call says itself that it must not wait:
 * who made a pair can change its flags for both of us.
 *
 * Not libmicrohttpd, which serves elsewhere: of HTTP this takes one line, and
 * the process is one that opens every file. RFC 9112 section 3. */

#define MAX_HEAD ((size_t)8 << 10)
#define MAX_PAGE ((size_t)32 << 20)
#define PATIENCE_MS 5000
#define WORK_MS 90000 /* for what takes its time */
#define RETRY_MS 100

struct control_client {
    struct control *control;
    struct control_client *next;
    struct ov_loop_watch watch;
    struct ov_loop_timer timer;
    struct ov_buf head;
    struct ov_buf answer;
    size_t n_sent;
    uid_t uid;
    bool may_change; /* root, or who the daemon is */
    bool is_answered;
    bool is_waiting; /* for control_answer */
};

static const struct {
    const char *method;
    const char *path;
    const char *type;
} pages[] = {
    [CONTROL_STATUS] = {"GET", "/status", "application/json"},
    [CONTROL_METRICS] = {"GET", "/metrics",
                         "text/plain; version=0.0.4; charset=utf-8"},
    [CONTROL_TOP] = {"GET", "/top", "application/json"},
    [CONTROL_RELOAD] = {"POST", "/reload", "application/json"},
    [CONTROL_ITEMS] = {"GET", "/quarantine", "application/json"},
    [CONTROL_ITEM] = {"GET", "/quarantine/*", "application/json"},
    [CONTROL_RESTORE] = {"POST", "/quarantine/*/restore", "application/json"},
    [CONTROL_REPLACE] = {"POST", "/quarantine/*/replace", "application/json"},
    [CONTROL_COPY] = {"POST", "/quarantine/*/copy", "application/json"},
    [CONTROL_PURGE] = {"POST", "/quarantine/*/purge", "application/json"},
};

#define N_PAGES (sizeof(pages) / sizeof(pages[0]))

_Static_assert(PATH_PART_MAX < sizeof(((struct control_request *)0)->item),
               "an item's name fits");

/* The part of *s before a blank, which is taken away with it. */
static struct ov_span cut(struct ov_span *s)
{
    size_t len = 0;
    struct ov_span word;

    while (len < s->len && s->ptr[len] != ' ')
        len++;
    word = ov_span_clip(*s, 0, len);
    *s = ov_span_clip(*s, len + 1, s->len);
    return word;
}

/* One of them, once each. */
static bool read_parameter(struct control_request *r, struct ov_span name,
                           struct ov_span value)
{
    if (ov_span_equal(name, OV_SPAN_LIT("allow")))
        return r->allow[0] == '\0' &&
               query_read(value, r->allow, sizeof(r->allow));
    return ov_span_equal(name, OV_SPAN_LIT("until")) && r->until[0] == '\0' &&
           query_read(value, r->until, sizeof(r->until));
}

/* What is behind the path's "?", for a page that takes it. */
static bool read_query(struct ov_span rest, struct control_request *r)
{
    bool takes_any = r->page == CONTROL_RESTORE || r->page == CONTROL_REPLACE ||
                     r->page == CONTROL_COPY;
    struct ov_span name;
    struct ov_span value;

    while (rest.len > 0)
        if (!takes_any || !query_cut(&rest, &name, &value) ||
            !read_parameter(r, name, value))
            return false;
    return r->until[0] == '\0' || r->allow[0] != '\0';
}

unsigned control_route(struct ov_span line, struct control_request *ret)
{
    struct ov_span method = cut(&line);
    struct ov_span query = cut(&line);
    bool has_path = false;
    struct ov_span path;

    if (line.len < 7 ||
        !ov_span_equal(ov_span_clip(line, 0, 7), OV_SPAN_LIT("HTTP/1.")))
        return 400;
    (void)ov_span_cut(&query, '?', &path);
    for (unsigned i = 0; i < N_PAGES; i++) {
        struct ov_span item;

        if (!path_matches(pages[i].path, path, &item))
            continue;
        has_path = true;
        if (!ov_span_equal(method, ov_span_str(pages[i].method)))
            continue;
        ret->page = (enum control_page)i;
        memset(ret->item, 0, sizeof(ret->item));
        ret->allow[0] = ret->until[0] = '\0';
        if (item.len > 0)
            memcpy(ret->item, item.ptr, item.len);
        return read_query(query, ret) ? 200 : 400;
    }
    return has_path ? 405 : 404;
}

static void close_client(struct control_client *client)
{
    struct control *c = client->control;
    struct control_client **at = &c->clients;

    if (client->is_waiting)
        c->gone(c->data, client);
    while (*at != client)
        at = &(*at)->next;
    *at = client->next;
    c->n_clients--;
    ov_loop_remove(c->loop, &client->watch);
    ov_loop_timer_remove(c->loop, &client->timer);
    ov_fd_cleanup(&client->watch.fd);
    ov_buf_done(&client->head);
    ov_buf_done(&client->answer);
    ov_free(client);
    ov_loop_change(c->loop, &c->watch, OV_LOOP_READ);
}

static const char *words_of(unsigned code)
{
    switch (code) {
    case 200:
        return "OK";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    case 400:
    default:
        return "Bad Request";
    }
}

static void put_answer(struct control_client *client, unsigned code,
                       const char *type, struct ov_span body)
{
    ov_put_format(&client->answer,
                  "HTTP/1.0 %u %s\r\nContent-Type: %s\r\nContent-Length: "
                  "%zu\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
                  code, words_of(code), type, body.len);
    ov_put_span(&client->answer, body);
    client->is_answered = true;
}

void control_answer(struct control_client *client, unsigned code,
                    struct ov_span json)
{
    struct ov_loop *loop = client->control->loop;

    client->is_waiting = false;
    put_answer(client, code, "application/json", json);
    if (ov_buf_status(&client->answer) != OV_OK) {
        close_client(client);
        return;
    }
    ov_loop_timer_set(loop, &client->timer, PATIENCE_MS);
    ov_loop_change(loop, &client->watch, OV_LOOP_WRITE);
}

static bool is_change(enum control_page page)
{
    return page == CONTROL_RELOAD || page >= CONTROL_RESTORE;
}

/* 200: the answer is to come, by control_answer. */
static unsigned begin_work(struct control_client *client,
                           const struct control_request *request)
{
    struct control *c = client->control;

    client->is_waiting = true;
    if (c->start(c->data, request, client)) {
        ov_loop_timer_set(c->loop, &client->timer, WORK_MS);
        return 200;
    }
    client->is_waiting = false;
    return 503;
}

static void answer(struct control_client *client, struct ov_span line)
{
    OV_AUTO_DONE(buf) body = ov_buf_with_max(MAX_PAGE);
    struct control_request request = {.uid = client->uid,
                                      .may_change = client->may_change};
    unsigned code = control_route(line, &request);
    const char *type = "text/plain";

    if (code == 200 && is_change(request.page) && !client->may_change) {
        client->control->refused(client->control->data, client->uid);
        code = 403;
    }
    if (code == 200 && request.page >= CONTROL_ITEMS)
        code = begin_work(client, &request);
    if (client->is_waiting)
        return;
    if (code == 200) {
        client->control->put(client->control->data, request.page, &body);
        type = pages[request.page].type;
    } else {
        ov_put_format(&body, "%s\n", words_of(code));
    }
    put_answer(client, code, type, ov_buf_span(&body));
}

/* False: the connection is to be closed. */
static bool send_answer(struct control_client *client)
{
    while (client->n_sent < client->answer.len) {
        ssize_t n = send(client->watch.fd, client->answer.ptr + client->n_sent,
                         client->answer.len - client->n_sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        client->n_sent += (size_t)n;
    }
    return false;
}

/* The head's first line if the head is whole. */
static bool is_whole(const struct control_client *client, struct ov_span *ret)
{
    struct ov_span all = ov_buf_span(&client->head);

    for (size_t i = 0; i + 1 < all.len; i++) {
        bool is_end =
            all.ptr[i] == '\n' && (all.ptr[i + 1] == '\n' ||
                                   (all.ptr[i + 1] == '\r' && i + 2 < all.len &&
                                    all.ptr[i + 2] == '\n'));

        if (is_end) {
            size_t len = 0;

            while (all.ptr[len] != '\r' && all.ptr[len] != '\n')
                len++;
            *ret = ov_span_clip(all, 0, len);
            return true;
        }
    }
    return false;
}

/* False: the connection is to be closed. */
static bool read_head(struct control_client *client)
{
    uint8_t bytes[1024];
    struct ov_span line;
    ssize_t n = recv(client->watch.fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    ov_put_span(&client->head, ov_span_of(bytes, (size_t)n));
    if (ov_buf_status(&client->head) != OV_OK)
        return false;
    if (!is_whole(client, &line))
        return true;
    answer(client, line);
    ov_loop_change(client->control->loop, &client->watch,
                   client->is_waiting ? 0 : OV_LOOP_WRITE);
    return ov_buf_status(&client->answer) == OV_OK;
}

static void on_client(struct ov_loop_watch *w, unsigned events)
{
    struct control_client *client = w->data;
    bool goes_on = (events & OV_LOOP_HANGUP) == 0;

    if (goes_on)
        goes_on = client->is_answered ? send_answer(client) : read_head(client);
    if (!goes_on)
        close_client(client);
}

static void on_patience(struct ov_loop_timer *t)
{
    close_client(t->data);
}

static void serve(struct control *c, int fd, uid_t uid, bool may_change)
{
    struct control_client *client = ov_alloc(sizeof(*client));

    if (client == NULL) {
        ov_fd_cleanup(&fd);
        return;
    }
    *client = (struct control_client){
        .control = c,
        .next = c->clients,
        .watch = {.fd = fd,
                  .events = OV_LOOP_READ,
                  .data = client,
                  .ready = on_client},
        .timer = {.data = client, .due = on_patience},
        .head = ov_buf_with_max(MAX_HEAD),
        .answer = ov_buf_with_max(MAX_PAGE + MAX_HEAD),
        .uid = uid,
        .may_change = may_change,
    };
    c->clients = client;
    c->n_clients++;
    if (ov_loop_timer_add(c->loop, &client->timer) != OV_OK ||
        ov_loop_add(c->loop, &client->watch) != OV_OK)
        close_client(client);
    else
        ov_loop_timer_set(c->loop, &client->timer, PATIENCE_MS);
}

static void serve_connected(struct control *c, int fd)
{
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t len = sizeof(who);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
        who.uid = (uid_t)-1;
    serve(c, fd, who.uid, who.uid == 0 || who.uid == geteuid());
}

void control_serve(struct control *c, int fd, bool may_change)
{
    unsigned room = may_change ? CONTROL_MAX_SERVED : CONTROL_MAX_STRANGERS;

    if (c->n_clients < room)
        serve(c, fd, (uid_t)-1, may_change);
    else
        ov_fd_cleanup(&fd);
}

static void on_listen(struct ov_loop_watch *w, unsigned events)
{
    struct control *c = w->data;

    (void)events;
    while (c->n_clients < CONTROL_MAX_CLIENTS) {
        int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd >= 0) {
            serve_connected(c, fd);
            continue;
        }
        if (errno != EAGAIN) { /* no descriptors: after a moment */
            ov_loop_change(c->loop, &c->watch, 0);
            ov_loop_timer_set(c->loop, &c->retry, RETRY_MS);
        }
        return;
    }
    ov_loop_change(c->loop, &c->watch, 0); /* until one goes */
}

static void on_retry(struct ov_loop_timer *t)
{
    struct control *c = t->data;

    ov_loop_change(c->loop, &c->watch, OV_LOOP_READ);
}

enum ov_status control_init(struct control *c, int fd)
{
    c->watch = (struct ov_loop_watch){
        .fd = fd, .events = OV_LOOP_READ, .data = c, .ready = on_listen};
    c->retry = (struct ov_loop_timer){.data = c, .due = on_retry};
    OV_TRY(ov_loop_timer_add(c->loop, &c->retry));
    return ov_loop_add(c->loop, &c->watch);
}

void control_done(struct control *c)
{
    while (c->clients != NULL)
        close_client(c->clients);
    if (c->watch.fd > 0) {
        ov_loop_remove(c->loop, &c->watch);
        ov_loop_timer_remove(c->loop, &c->retry);
        ov_fd_cleanup(&c->watch.fd);
        c->watch.fd = -1;
    }
}
