/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/http_server.h"

#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/text.h"
#include "sys/fd.h"
#include "sys/http_deadline.h"
#include "sys/listen.h"

/* libmicrohttpd reads HTTP; this file gives it a socket, collects bodies up to
 * a limit, and puts whole requests into a row. A connection in the row is
 * suspended. After each turn of the loop the row is settled at once (one wait
 * for the disk, however many asked) and every connection in it goes on to its
 * answer. So there are no threads and no locks, and two requests can't come
 * between each other.
 *
 * How large a body may be is asked with the head, before any of it is read.
 * What has come of all bodies is counted, as memory: who comes when there is no
 * room is told so after the rest was read and thrown away, so that it gets to
 * read the answer. Nothing of a body is counted that was only announced: else
 * announcing would be enough to keep others out.
 *
 * Limits: no TLS (overt-tls may stand in front), no ranges; it packs nothing,
 * but sends what is packed. */

#define CONNECTION_MEMORY ((size_t)16 << 10)
#define NAME_MS 1000 /* for the line with which our own door begins */

struct exchange {
    struct exchange *next; /* in the row */
    struct MHD_Connection *connection;
    const char *method;
    const char *path;
    struct ov_buf body;
    size_t n_counted; /* of the server's n_bodies */
    size_t n_thrown;
    unsigned refused; /* a status, while the body is thrown away; or 0 */
    struct ov_http_answer answer;
    bool is_handled;
};

struct ov_http_server {
    const struct ov_http_options *options;
    struct MHD_Daemon *daemon;
    struct exchange *row; /* the newest first */
    struct ov_http_deadlines deadlines;
    size_t n_bodies; /* memory of all bodies */
    unsigned port;
};

static enum MHD_Result add_fixed(struct MHD_Response *r,
                                 const struct ov_http_answer *a)
{
    enum MHD_Result result = MHD_YES;

    for (const struct ov_http_fixed *h = a->fixed;
         h != NULL && h->name != NULL && result == MHD_YES; h++)
        result = MHD_add_response_header(r, h->name, h->value);
    if (a->is_gzip && result == MHD_YES)
        result = MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_ENCODING,
                                         "gzip");
    return result;
}

static enum MHD_Result send_answer(struct MHD_Connection *connection,
                                   const struct ov_http_answer *a)
{
    struct MHD_Response *response;
    char cache[32];
    enum MHD_Result result;

    (void)snprintf(cache, sizeof(cache), "max-age=%u", a->max_age);
    /* No body: any pointer will do. */
    response = MHD_create_response_from_buffer(
        a->body.len, a->body.len > 0 ? a->body.ptr : (uint8_t *)cache,
        MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    result = MHD_add_response_header(
        response, MHD_HTTP_HEADER_CONTENT_TYPE,
        a->type != NULL ? a->type : "text/plain; charset=utf-8");
    if (result == MHD_YES)
        result =
            MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                                    a->max_age > 0 ? cache : "no-store");
    for (size_t i = 0; i < sizeof(a->headers) / sizeof(a->headers[0]); i++) {
        if (result == MHD_YES && a->headers[i].name != NULL)
            result = MHD_add_response_header(response, a->headers[i].name,
                                             a->headers[i].value);
    }
    if (result == MHD_YES)
        result = add_fixed(response, a);
    if (result == MHD_YES)
        result = MHD_queue_response(connection, a->code, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned code)
{
    const struct ov_http_answer answer = {.code = code};

    return send_answer(connection, &answer);
}

static bool is_announced_too_large(struct MHD_Connection *connection,
                                   size_t max)
{
    const char *length = MHD_lookup_connection_value(
        connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    uint64_t n;

    return length != NULL && !ov_parse_uint(ov_span_str(length), max, &n);
}

/* RFC 6750 section 2.1. */
static struct ov_span bearer_token(struct MHD_Connection *connection)
{
    const struct ov_span scheme = OV_SPAN_LIT("Bearer ");
    const char *value = MHD_lookup_connection_value(
        connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    struct ov_span all = ov_span_str(value != NULL ? value : "");

    return ov_span_starts(all, scheme) ? ov_span_clip(all, scheme.len, all.len)
                                       : ov_span_of(NULL, 0);
}

/* RFC 9110 section 12.5.3, as far as browsers and curl use it: "gzip" is a word
 * of the list. With a weight of 0, which nobody sends, it is still one. */
static bool takes_gzip(struct MHD_Connection *connection)
{
    const char *value = MHD_lookup_connection_value(
        connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING);

    return value != NULL &&
           ov_span_find(ov_span_str(value), OV_SPAN_LIT("gzip"), 0) != SIZE_MAX;
}

static struct ov_http_request request_of(const struct exchange *e)
{
    const char *who = ov_http_deadline_name(e->connection);
    const char *accept = MHD_lookup_connection_value(
        e->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

    return (struct ov_http_request){
        .accept = accept != NULL ? ov_span_str(accept) : ov_span_of(NULL, 0),
        .method = ov_span_str(e->method),
        .path = ov_span_str(e->path),
        .body = ov_buf_span(&e->body),
        .token = bearer_token(e->connection),
        .who = ov_span_str(who != NULL ? who : ""),
        .takes_gzip = takes_gzip(e->connection)};
}

struct query {
    struct ov_http_pair pairs[OV_HTTP_QUERY_MAX];
    size_t n;
};

static enum MHD_Result add_pair(void *cls, enum MHD_ValueKind kind,
                                const char *name, const char *value)
{
    struct query *q = cls;

    (void)kind;
    if (q->n < OV_HTTP_QUERY_MAX)
        q->pairs[q->n] = (struct ov_http_pair){
            ov_span_str(name), ov_span_str(value != NULL ? value : "")};
    q->n++;
    return MHD_YES;
}

/* The head is there. */
static enum MHD_Result begin(struct ov_http_server *s,
                             const struct exchange *head, struct exchange **ret)
{
    const struct ov_http_request request = request_of(head);
    size_t max = s->options->max_body;
    struct exchange *e;
    unsigned code = 0;

    if (s->options->admit != NULL)
        code = s->options->admit(s->options->data, &request, &max);
    if (code != 0)
        return refuse(head->connection, code);
    if (is_announced_too_large(head->connection, max))
        return refuse(head->connection, MHD_HTTP_CONTENT_TOO_LARGE);
    if (!ov_http_deadline_start(&s->deadlines, head->connection, 0))
        return refuse(head->connection, MHD_HTTP_SERVICE_UNAVAILABLE);
    e = ov_alloc(sizeof(*e));
    if (e == NULL)
        return refuse(head->connection, MHD_HTTP_SERVICE_UNAVAILABLE);
    *e = *head;
    e->body = ov_buf_with_max(max);
    e->answer.body = ov_buf_with_max(s->options->max_answer);
    *ret = e;
    return MHD_YES;
}

/* ---- bodies ---- */

static void drop_body(struct ov_http_server *s, struct exchange *e)
{
    ov_buf_done(&e->body);
    s->n_bodies -= e->n_counted;
    e->n_counted = 0;
}

/* 0, or the status of a refusal. */
static unsigned add_body(struct ov_http_server *s, struct exchange *e,
                         struct ov_span part)
{
    if (part.len > e->body.max - e->body.len)
        return MHD_HTTP_CONTENT_TOO_LARGE;
    if (s->n_bodies - e->n_counted + e->body.len + part.len >
        s->options->max_bodies)
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    ov_put_span(&e->body, part);
    s->n_bodies += e->body.cap - e->n_counted;
    e->n_counted = e->body.cap;
    return ov_buf_status(&e->body) == OV_OK &&
                   s->n_bodies <= s->options->max_bodies
               ? 0
               : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static enum MHD_Result take_part(struct ov_http_server *s, struct exchange *e,
                                 struct ov_span part)
{
    ov_http_deadline_more(e->connection, part.len);
    if (e->refused == 0)
        e->refused = add_body(s, e, part);
    if (e->refused == 0)
        return MHD_YES;
    drop_body(s, e);
    e->n_thrown += part.len;
    return e->n_thrown <= s->options->max_body ? MHD_YES : MHD_NO;
}

/* ---- requests ---- */

static enum MHD_Result take_whole(struct ov_http_server *s, struct exchange *e)
{
    struct ov_http_request request = request_of(e);
    struct query query = {.n = 0};

    if (e->refused != 0)
        return refuse(e->connection, e->refused);
    (void)MHD_get_connection_values(e->connection, MHD_GET_ARGUMENT_KIND,
                                    add_pair, &query);
    request.query = query.pairs;
    request.n_query = query.n;
    s->options->handle(s->options->data, &request, &e->answer);
    e->is_handled = true;
    e->next = s->row;
    s->row = e;
    MHD_suspend_connection(e->connection);
    return MHD_YES;
}

/* Called when the head of a request is there, for each part of its body, at its
 * end, and once more when the connection goes on after its time in the row. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *part,
                                  size_t *part_len, void **con_cls)
{
    const struct exchange head = {
        .connection = connection, .method = method, .path = url};
    struct ov_http_server *s = cls;
    struct exchange *e = *con_cls;
    struct ov_span bytes = ov_span_of(part, *part_len);

    (void)version;
    if (e == NULL)
        return begin(s, &head, (struct exchange **)con_cls);
    *part_len = 0;
    if (bytes.len > 0)
        return take_part(s, e, bytes);
    if (!e->is_handled)
        return take_whole(s, e);
    drop_body(s, e);
    (void)ov_http_deadline_start(&s->deadlines, connection, e->answer.body.len);
    return send_answer(connection, &e->answer);
}

static void on_completed(void *cls, struct MHD_Connection *connection,
                         void **con_cls, enum MHD_RequestTerminationCode why)
{
    struct ov_http_server *s = cls;
    struct exchange *e = *con_cls;

    (void)why;
    (void)ov_http_deadline_start(&s->deadlines, connection, 0); /* the next */
    if (e == NULL)
        return;
    drop_body(s, e);
    ov_buf_done(&e->answer.body);
    ov_free(e);
    *con_cls = NULL;
}

/* The line that a door of ours says at once, byte by byte, so that nothing of
 * what comes behind it is taken. False: it is no such line. */
static bool read_name(int fd, char *name)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    for (size_t n = 0; n < OV_HTTP_NAME_SIZE; n++) {
        if (poll(&p, 1, NAME_MS) != 1 || recv(fd, name + n, 1, 0) != 1)
            return false;
        if (name[n] == '\n') {
            name[n] = '\0';
            return n > 0;
        }
        if ((unsigned char)name[n] < ' ')
            return false; /* no name: HTTP, for one */
    }
    return false;
}

static void on_named(void *cls, struct MHD_Connection *connection,
                     void **context, enum MHD_ConnectionNotificationCode code)
{
    const union MHD_ConnectionInfo *info;
    char *name;

    ov_http_deadlines_notify(cls, connection, context, code);
    if (code != MHD_CONNECTION_NOTIFY_STARTED)
        return;
    name = ov_http_deadline_name(connection);
    info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info == NULL || name == NULL)
        return; /* it is refused: nobody's */
    if (!read_name(info->connect_fd, name)) {
        name[0] = '\0';
        (void)!shutdown(info->connect_fd, SHUT_RDWR);
    }
}

static enum ov_status start_listening(struct ov_http_server *s, int *ret_fd,
                                      struct ov_diag *diag)
{
    const struct ov_http_options *o = s->options;

    return o->local != NULL
               ? ov_listen_local(o->local, 0600, NULL, ret_fd, diag)
               : ov_listen_tcp(o->listen, ret_fd, &s->port, diag);
}

enum ov_status ov_http_server_new(const struct ov_http_options *o,
                                  struct ov_http_server **ret,
                                  struct ov_diag *diag)
{
    OV_AUTO(http_server) s = ov_alloc(sizeof(*s));
    OV_AUTO_FD fd = -1;

    if (s == NULL)
        return ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
    s->options = o;
    s->deadlines.idle_ms = (uint64_t)o->idle_seconds * 1000;
    OV_TRY(start_listening(s, &fd, diag));
    s->daemon = MHD_start_daemon(
        MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, s,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        o->max_connections, MHD_OPTION_CONNECTION_TIMEOUT, o->idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
        MHD_OPTION_NOTIFY_CONNECTION,
        o->local != NULL ? on_named : ov_http_deadlines_notify, &s->deadlines,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (s->daemon == NULL)
        return ov_diag_set(diag, OV_IO, 0, "cannot start the HTTP server");
    (void)ov_fd_steal(&fd); /* MHD_stop_daemon closes it */
    *ret = OV_STEAL(s);
    return OV_OK;
}

static void answer_row(struct ov_http_server *s)
{
    struct exchange *e = s->row;

    s->row = NULL;
    while (e != NULL) {
        struct exchange *next = e->next;

        MHD_resume_connection(e->connection);
        e = next;
    }
}

void ov_http_server_free(struct ov_http_server *s)
{
    if (s == NULL)
        return;
    answer_row(s);
    if (s->daemon != NULL)
        MHD_stop_daemon(s->daemon);
    ov_free(s);
}

unsigned ov_http_server_port(const struct ov_http_server *s)
{
    return s->port;
}

enum ov_status ov_http_server_run(struct ov_http_server *s,
                                  unsigned milliseconds)
{
    if (MHD_run_wait(s->daemon, (int32_t)milliseconds) != MHD_YES)
        return OV_IO;
    ov_http_deadlines_sweep(&s->deadlines);
    /* Resumed connections go on in the next turn, and may bring the next
     * request with them. */
    while (s->row != NULL) {
        if (s->options->settle != NULL)
            s->options->settle(s->options->data);
        answer_row(s);
        if (MHD_run_wait(s->daemon, 0) != MHD_YES)
            return OV_IO;
    }
    return OV_OK;
}
