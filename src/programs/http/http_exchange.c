/* SPDX-License-Identifier: Apache-2.0 */
#include "http_exchange.h"

#include <errno.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "http_answer.h"
#include "http_ask.h"
#include "http_route.h"
#include "sys/fd.h"
#include "sys/file.h"

/* libmicrohttpd reads HTTP (RFC 9112) in our loop, by a descriptor that tells
 * when it has something to do. A body goes to a memory file as it comes. When a
 * request is whole its connection is suspended and the daemon asked; its answer
 * wakes the connection.
 *
 * A client is given a time for each step: a head has to be whole within
 * idle-timeout, however many bytes come; a body, and the reading of an answer,
 * get another second for each SLOWEST bytes.
 *
 * Limits: a request's head of CONNECTION_MEMORY bytes; no ranges, no
 * compression. A body that is too large is read on (and thrown away) up to
 * THROWN_MAX, so that its client gets to read why. */

#define CONNECTION_MEMORY ((size_t)16 << 10)
#define SLOWEST 4096u /* bytes a second */
#define SWEEP_MS 500
#define THROWN_MAX ((uint64_t)64 << 20)

struct http_link {
    struct http_server *server;
    struct http_link *next;
    struct http_link *previous;
    int fd;            /* the library's */
    uint64_t until_ms; /* 0: it is the daemon's turn */
};

struct exchange {
    struct http_server *server;
    struct MHD_Connection *connection;
    struct http_link *link;
    struct http_route route;
    struct http_ask ask;
    struct http_answer answer;
    int body; /* -1: none yet */
    uint64_t body_len;
    uint64_t n_thrown;
    unsigned refused; /* a status, while its body is thrown away; or 0 */
    bool is_whole;    /* the answer is there, or on its way */
};

/* ---- times ---- */

static void give_time(const struct http_server *s, struct http_link *l,
                      uint64_t bytes)
{
    l->until_ms =
        ov_loop_now(s->loop) + s->settings.idle_ms + bytes * 1000 / SLOWEST;
}

static void on_sweep(struct ov_loop_timer *t)
{
    struct http_server *s = t->data;
    uint64_t now = ov_loop_now(s->loop);

    for (struct http_link *l = s->links; l != NULL; l = l->next)
        if (l->until_ms != 0 && l->until_ms < now) {
            (void)!shutdown(l->fd, SHUT_RDWR); /* the library hears of it */
            l->until_ms = 0;
        }
    ov_loop_timer_set(s->loop, t, SWEEP_MS);
}

static void link_free(struct http_link *l)
{
    if (l->previous != NULL)
        l->previous->next = l->next;
    else
        l->server->links = l->next;
    if (l->next != NULL)
        l->next->previous = l->previous;
    ov_free(l);
}

static int fd_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info != NULL ? info->connect_fd : -1;
}

static void on_connection(void *cls, struct MHD_Connection *connection,
                          void **context, enum MHD_ConnectionNotificationCode c)
{
    struct http_server *s = cls;
    struct http_link *l = *context;

    if (c == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (l != NULL)
            link_free(l);
        *context = NULL;
        return;
    }
    l = ov_alloc(sizeof(*l));
    if (l == NULL)
        return; /* its first request is refused */
    *l = (struct http_link){
        .server = s, .next = s->links, .fd = fd_of(connection)};
    if (l->next != NULL)
        l->next->previous = l;
    s->links = l;
    give_time(s, l, 0);
    *context = l;
}

/* ---- answers ---- */

static enum MHD_Result send_answer(struct MHD_Connection *connection,
                                   struct http_answer *a, const char *allow)
{
    static char nothing[] = "";
    struct MHD_Response *response;
    enum MHD_Result result;

    if (ov_buf_status(&a->body) != OV_OK)
        return MHD_NO;
    response = MHD_create_response_from_buffer(
        a->body.len, a->body.len > 0 ? (void *)a->body.ptr : nothing,
        MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                     a->type);
    if (result == MHD_YES)
        result = MHD_add_response_header(
            response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (result == MHD_YES && allow != NULL)
        result =
            MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
    if (result == MHD_YES && a->code == MHD_HTTP_SERVICE_UNAVAILABLE)
        result =
            MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (result == MHD_YES)
        result = MHD_queue_response(connection, a->code, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned code,
                              const char *allow)
{
    struct http_answer a = {.body = ov_buf_with_max(1024)};
    enum MHD_Result result;

    http_answer_error(&a, code, ov_span_of(NULL, 0));
    result = send_answer(connection, &a, allow);
    ov_buf_done(&a.body);
    return result;
}

static void drop_body(struct exchange *e)
{
    ov_fd_cleanup(&e->body);
    e->body = -1;
    e->server->n_body -= e->body_len;
    e->body_len = 0;
}

/* The answer is there: the connection goes on with the library's next turn. */
static void wake(struct exchange *e)
{
    drop_body(e);
    give_time(e->server, e->link, e->answer.body.len);
    MHD_resume_connection(e->connection);
    ov_loop_timer_set(e->server->loop, &e->server->turn, 0);
}

static void on_answer(struct http_ask *ask, enum ov_status status,
                      struct ov_span answer)
{
    struct exchange *e = ask->data;

    if (status == OV_PEER_GONE)
        http_answer_error(&e->answer, 503, ov_span_of(NULL, 0));
    else if (status != OV_OK)
        http_answer_error(&e->answer, 500, ov_span_str(ov_status_name(status)));
    else if (e->route.action == HTTP_SCAN)
        http_answer_scan(&e->answer, answer);
    else
        http_answer_page(&e->answer, answer);
    wake(e);
}

/* ---- requests ---- */

static bool is_announced_too_large(struct MHD_Connection *connection,
                                   uint64_t max)
{
    const char *length = MHD_lookup_connection_value(
        connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    uint64_t n;

    return length != NULL && !ov_parse_uint(ov_span_str(length), max, &n);
}

static struct http_link *link_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info != NULL ? info->socket_context : NULL;
}

static enum MHD_Result on_parameter(void *cls, enum MHD_ValueKind kind,
                                    const char *name, size_t name_len,
                                    const char *value, size_t value_len)
{
    (void)kind;
    http_route_add(cls, ov_span_of(name, name_len),
                   ov_span_of(value, value_len));
    return MHD_YES;
}

/* The head is there. */
static enum MHD_Result begin(struct http_server *s,
                             struct MHD_Connection *connection,
                             struct ov_span method, struct ov_span path,
                             struct exchange **ret)
{
    struct http_route route;
    unsigned code = http_route(method, path, &route);
    struct http_link *l = link_of(connection);
    struct exchange *e;

    if (code != 200)
        return refuse(connection, code, http_route_allows(path));
    (void)MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND,
                                      on_parameter, &route);
    if (is_announced_too_large(connection, route.action == HTTP_SCAN
                                               ? s->settings.max_body
                                               : CONNECTION_MEMORY))
        return refuse(connection, 413, NULL);
    e = l != NULL ? ov_alloc(sizeof(*e)) : NULL;
    if (e == NULL)
        return refuse(connection, 503, NULL);
    *e = (struct exchange){
        .server = s,
        .connection = connection,
        .link = l,
        .route = route,
        .ask = {.loop = s->loop, .data = e, .done = on_answer},
        .answer = {.body = ov_buf_with_max(HTTP_ANSWER_MAX)},
        .body = -1,
        .refused = route.is_wrong ? 400 : 0,
    };
    if (http_ask_init(&e->ask) != OV_OK) {
        ov_free(e);
        return refuse(connection, 503, NULL);
    }
    give_time(s, l, 0);
    s->n_asked++;
    *ret = e;
    return MHD_YES;
}

static bool write_body(struct exchange *e, struct ov_span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = pwrite(e->body, bytes.ptr, bytes.len, (off_t)e->body_len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        e->body_len += (uint64_t)n;
        e->server->n_body += (uint64_t)n;
        bytes = ov_span_clip(bytes, (uint64_t)n, bytes.len);
    }
    return true;
}

/* 0, or the status of a refusal. */
static unsigned add_body(struct exchange *e, struct ov_span bytes)
{
    struct http_server *s = e->server;
    uint64_t max =
        e->route.action == HTTP_SCAN ? s->settings.max_body : CONNECTION_MEMORY;

    if (bytes.len > max || e->body_len > max - bytes.len)
        return 413;
    if (s->n_body + bytes.len > s->settings.max_memory)
        return 503;
    if (e->body < 0 && ov_memory_file("overt-http", &e->body) != OV_OK)
        return 503;
    return write_body(e, bytes) ? 0 : 503;
}

static enum MHD_Result take_part(struct exchange *e, struct ov_span bytes)
{
    if (e->refused == 0)
        e->refused = add_body(e, bytes);
    if (e->refused == 0) {
        e->link->until_ms += bytes.len * 1000 / SLOWEST;
        return MHD_YES;
    }
    drop_body(e);
    e->n_thrown += bytes.len;
    return e->n_thrown <= THROWN_MAX ? MHD_YES : MHD_NO;
}

static enum ov_status ask(struct exchange *e)
{
    if (e->route.action == HTTP_PAGE)
        return http_ask_page(&e->ask, e->route.question);
    if (e->body < 0)
        OV_TRY(ov_memory_file("overt-http", &e->body));
    OV_TRY(ov_memory_seal(e->body));
    return http_ask_scan(&e->ask, e->body, e->route.has_all);
}

static enum MHD_Result take_whole(struct exchange *e)
{
    if (e->refused != 0)
        return refuse(e->connection, e->refused, NULL);
    e->is_whole = true;
    if (ask(e) != OV_OK)
        return refuse(e->connection, 503, NULL);
    e->link->until_ms = 0;
    MHD_suspend_connection(e->connection);
    return MHD_YES;
}

/* Called when the head of a request is there, for each part of its body, at its
 * end, and once more when its answer is there. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *part,
                                  size_t *part_len, void **context)
{
    struct exchange *e = *context;
    struct ov_span bytes = ov_span_of(part, *part_len);

    (void)version;
    if (e == NULL)
        return begin(cls, connection, ov_span_str(method), ov_span_str(url),
                     (struct exchange **)context);
    *part_len = 0;
    if (bytes.len > 0)
        return take_part(e, bytes);
    if (e->is_whole)
        return send_answer(connection, &e->answer, NULL);
    return take_whole(e);
}

static void on_completed(void *cls, struct MHD_Connection *connection,
                         void **context, enum MHD_RequestTerminationCode why)
{
    struct http_server *s = cls;
    struct exchange *e = *context;
    struct http_link *l = link_of(connection);

    (void)why;
    if (l != NULL)
        give_time(s, l, 0); /* for the next */
    if (e == NULL)
        return;
    s->n_asked--;
    http_ask_done(&e->ask);
    drop_body(e);
    ov_buf_done(&e->answer.body);
    ov_free(e);
    *context = NULL;
}

/* ---- the library's turns ---- */

static void turn(struct http_server *s)
{
    MHD_UNSIGNED_LONG_LONG after = 0;

    (void)MHD_run(s->daemon);
    if (MHD_get_timeout(s->daemon, &after) == MHD_YES)
        ov_loop_timer_set(s->loop, &s->turn, after);
    else
        ov_loop_timer_stop(s->loop, &s->turn);
}

static void on_ready(struct ov_loop_watch *w, unsigned events)
{
    (void)events;
    turn(w->data);
}

static void on_due(struct ov_loop_timer *t)
{
    turn(t->data);
}

enum ov_status http_server_begin(struct http_server *s, int fd)
{
    const union MHD_DaemonInfo *info;

    s->turn = (struct ov_loop_timer){.data = s, .due = on_due};
    s->sweep = (struct ov_loop_timer){.data = s, .due = on_sweep};
    OV_TRY(ov_loop_timer_add(s->loop, &s->turn));
    OV_TRY(ov_loop_timer_add(s->loop, &s->sweep));
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, s,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)s->settings.max_connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (s->daemon == NULL)
        return OV_NO_MEMORY;
    info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    s->watch = (struct ov_loop_watch){.fd = info->epoll_fd,
                                      .events = OV_LOOP_READ,
                                      .data = s,
                                      .ready = on_ready};
    OV_TRY(ov_loop_add(s->loop, &s->watch));
    ov_loop_timer_set(s->loop, &s->sweep, SWEEP_MS);
    ov_loop_timer_set(s->loop, &s->turn, 0);
    return OV_OK;
}

void http_server_leave(struct http_server *s)
{
    int fd = MHD_quiesce_daemon(s->daemon);

    ov_fd_cleanup(&fd);
}
