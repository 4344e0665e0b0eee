/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/text.h"
#include "sys/fd.h"

/* libmicrohttpd reads HTTP; this file gives it a socket, collects bodies up to
 * a limit, and puts whole requests into a row. A connection in the row is
 * suspended. After each turn of the loop the row is settled at once (one wait
 * for the disk, however many asked) and every connection in it goes on to its
 * answer. So there are no threads and no locks, and two requests can't come
 * between each other.
 *
 * Limits: numeric addresses only, no TLS, no ranges, no compression. */

#define CONNECTION_MEMORY ((size_t)16 << 10)
#define BACKLOG 128

struct exchange {
    struct exchange *next; /* in the row */
    struct MHD_Connection *connection;
    const char *method;
    const char *path;
    struct ov_buf body;
    struct ov_http_answer answer;
    bool is_handled;
};

struct ov_http_server {
    const struct ov_http_options *options;
    struct MHD_Daemon *daemon;
    struct exchange *row; /* the newest first */
    unsigned port;
};

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

static enum MHD_Result begin(struct ov_http_server *s,
                             struct MHD_Connection *connection,
                             struct exchange **ret)
{
    struct exchange *e;

    if (is_announced_too_large(connection, s->options->max_body))
        return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE);
    e = ov_alloc(sizeof(*e));
    if (e == NULL)
        return MHD_NO;
    e->connection = connection;
    e->body = ov_buf_with_max(s->options->max_body);
    e->answer.body = ov_buf_with_max(s->options->max_answer);
    *ret = e;
    return MHD_YES;
}

static void handle(struct ov_http_server *s, struct exchange *e)
{
    const struct ov_http_request request = {.method = ov_span_str(e->method),
                                            .path = ov_span_str(e->path),
                                            .body = ov_buf_span(&e->body)};

    s->options->handle(s->options->data, &request, &e->answer);
    e->is_handled = true;
    e->next = s->row;
    s->row = e;
    MHD_suspend_connection(e->connection);
}

/* Called when the head of a request is there, for each part of its body, at its
 * end, and once more when the connection goes on after its time in the row. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *part,
                                  size_t *part_len, void **con_cls)
{
    struct ov_http_server *s = cls;
    struct exchange *e = *con_cls;

    (void)version;
    if (e == NULL)
        return begin(s, connection, (struct exchange **)con_cls);
    if (*part_len > 0) {
        ov_put_span(&e->body, ov_span_of(part, *part_len));
        *part_len = 0;
        /* More than was announced, or a body in chunks without end. */
        return ov_buf_status(&e->body) == OV_OK ? MHD_YES : MHD_NO;
    }
    if (e->is_handled)
        return send_answer(connection, &e->answer);
    e->method = method;
    e->path = url;
    handle(s, e);
    return MHD_YES;
}

static void on_completed(void *cls, struct MHD_Connection *connection,
                         void **con_cls, enum MHD_RequestTerminationCode why)
{
    struct exchange *e = *con_cls;

    (void)cls;
    (void)connection;
    (void)why;
    if (e == NULL)
        return;
    ov_buf_done(&e->body);
    ov_buf_done(&e->answer.body);
    ov_free(e);
    *con_cls = NULL;
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* "ADDRESS:PORT" */
static bool read_address(const char *text, union address *ret, socklen_t *len)
{
    const char *colon = strrchr(text, ':');
    char host[INET6_ADDRSTRLEN];
    bool is_v6 = text[0] == '[';
    size_t host_len;
    uint64_t port;

    if (colon == NULL ||
        !ov_parse_uint(ov_span_str(colon + 1), UINT16_MAX, &port) ||
        (is_v6 && (colon - text < 2 || colon[-1] != ']')))
        return false;
    host_len = (size_t)(colon - text) - (is_v6 ? 2 : 0);
    if (host_len >= sizeof(host))
        return false;
    memcpy(host, text + (is_v6 ? 1 : 0), host_len);
    host[host_len] = '\0';
    memset(ret, 0, sizeof(*ret));
    if (is_v6) {
        ret->v6.sin6_family = AF_INET6;
        ret->v6.sin6_port = htons((uint16_t)port);
        *len = sizeof(ret->v6);
        return inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1;
    }
    ret->v4.sin_family = AF_INET;
    ret->v4.sin_port = htons((uint16_t)port);
    *len = sizeof(ret->v4);
    return inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1;
}

static enum ov_status open_socket(const char *text, int *ret_fd,
                                  unsigned *ret_port, struct ov_diag *diag)
{
    int flags = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    union address a;
    socklen_t len;
    int yes = 1;

    if (!read_address(text, &a, &len))
        return ov_diag_set(diag, OV_USAGE, 0,
                           "not ADDRESS:PORT with a numeric address: %s", text);
    OV_AUTO_FD fd = socket(a.any.sa_family, flags, 0);
    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
        bind(fd, &a.any, len) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, &a.any, &len) != 0)
        return ov_diag_set(diag, OV_IO, 0, "cannot listen on %s: %s", text,
                           strerror(errno));
    *ret_port =
        ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
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
    OV_TRY(open_socket(o->listen, &fd, &s->port, diag));
    s->daemon = MHD_start_daemon(
        MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, s,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        o->max_connections, MHD_OPTION_CONNECTION_TIMEOUT, o->idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
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
