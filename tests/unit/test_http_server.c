/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/http_server.h"
#include "test.h"

/* Clients and the server take turns in one thread: what a client says is heard
 * when the test runs the server. */

#define KIB ((size_t)1 << 10)
#define BODY (40 * KIB)
#define TURNS 400

struct place {
    struct ov_http_options options;
    struct ov_http_server *server;
    unsigned n_handled;
    size_t n_bytes; /* of the last body */
};

static unsigned admit(void *data, const struct ov_http_request *head,
                      size_t *ret_max)
{
    (void)data;
    *ret_max = ov_span_equal(head->path, OV_SPAN_LIT("/put")) ? 48 * KIB : 0;
    return ov_span_equal(head->token, OV_SPAN_LIT("nobody's")) ? 401 : 0;
}

static void handle(void *data, const struct ov_http_request *request,
                   struct ov_http_answer *answer)
{
    struct place *p = data;

    p->n_handled++;
    p->n_bytes = request->body.len;
    answer->code = 200;
    ov_put_str(&answer->body, "yes\n");
}

static void set_up(struct place *p)
{
    struct ov_diag diag = {.text = ""};

    *p = (struct place){.options = {.listen = "127.0.0.1:0",
                                    .max_body = 48 * KIB,
                                    .max_bodies = 64 * KIB,
                                    .max_answer = 4 * KIB,
                                    .max_connections = 8,
                                    .idle_seconds = 1,
                                    .data = p,
                                    .admit = admit,
                                    .handle = handle}};
    if (ov_http_server_new(&p->options, &p->server, &diag) != OV_OK)
        fail_msg("%s", diag.text);
}

static int call(const struct place *p)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)ov_http_server_port(p->server)),
        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

/* Takes as many turns as the bytes need. */
static void tell(struct place *p, int fd, const char *bytes, size_t len)
{
    for (unsigned i = 0; len > 0 && i < TURNS; i++) {
        ssize_t n = send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
        assert_int_equal(ov_http_server_run(p->server, 10), OV_OK);
    }
    assert_true(len == 0);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(ov_http_server_run(p->server, 0), OV_OK);
}

/* The status of the answer; 0: the connection was closed. */
static unsigned hear(struct place *p, int fd)
{
    char answer[1000] = {0};

    for (unsigned i = 0; i < TURNS; i++) {
        ssize_t n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
        uint64_t code = 0;

        if (n == 0 || (n < 0 && errno == ECONNRESET))
            return 0;
        if (n >= 12) {
            assert_memory_equal(answer, "HTTP/1.1 ", 9);
            assert_true(ov_parse_uint(ov_span_of(answer + 9, 3), 999, &code));
            return (unsigned)code;
        }
        assert_int_equal(ov_http_server_run(p->server, 10), OV_OK);
    }
    fail_msg("neither an answer nor an end");
    return 0;
}

static void put_head(struct place *p, int fd, const char *path, size_t len)
{
    char head[200];
    int n = snprintf(head, sizeof(head),
                     "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n"
                     "\r\n",
                     path, len);

    tell(p, fd, head, (size_t)n);
}

static const char bytes[BODY];

static void bodies_under_way_have_one_limit(void **state)
{
    struct place p;
    int first;
    int second;

    (void)state;
    set_up(&p);
    first = call(&p);
    second = call(&p);
    put_head(&p, first, "/put", BODY);
    put_head(&p, second, "/put", BODY); /* nothing is kept for it */
    tell(&p, first, bytes, BODY - 1);
    tell(&p, second, bytes, BODY);
    assert_int_equal(hear(&p, second), 503);
    tell(&p, first, bytes, 1);
    assert_int_equal(hear(&p, first), 200);
    assert_true(p.n_handled == 1 && p.n_bytes == BODY);
    /* There is room again, on both connections. */
    for (unsigned i = 0; i < 3; i++) {
        put_head(&p, first, "/put", BODY);
        tell(&p, first, bytes, BODY);
        assert_int_equal(hear(&p, first), 200);
        put_head(&p, second, "/put", BODY);
        tell(&p, second, bytes, BODY);
        assert_int_equal(hear(&p, second), 200);
    }
    /* Who leaves gives back, too. */
    put_head(&p, first, "/put", BODY);
    tell(&p, first, bytes, BODY - 1);
    (void)close(first);
    put_head(&p, second, "/put", BODY);
    tell(&p, second, bytes, BODY);
    assert_int_equal(hear(&p, second), 200);
    (void)close(second);
    ov_http_server_free(p.server);
}

static void a_body_is_refused_before_it_is_read(void **state)
{
    static const char nobody[] = "POST /put HTTP/1.1\r\nHost: x\r\n"
                                 "Authorization: Bearer nobody's\r\n"
                                 "Content-Length: 10\r\n\r\n";
    static const char chunked[] = "POST /other HTTP/1.1\r\nHost: x\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n"
                                  "5\r\nabcde\r\n0\r\n\r\n";
    struct place p;
    int fd;

    (void)state;
    set_up(&p);
    fd = call(&p);
    put_head(&p, fd, "/other", 1);
    assert_int_equal(hear(&p, fd), 413);
    (void)close(fd);
    fd = call(&p);
    put_head(&p, fd, "/put", 48 * KIB + 1);
    assert_int_equal(hear(&p, fd), 413);
    (void)close(fd);
    fd = call(&p);
    tell(&p, fd, nobody, sizeof(nobody) - 1);
    assert_int_equal(hear(&p, fd), 401);
    (void)close(fd);
    fd = call(&p);
    tell(&p, fd, chunked, sizeof(chunked) - 1);
    assert_int_equal(hear(&p, fd), 413);
    (void)close(fd);
    assert_true(p.n_handled == 0);
    ov_http_server_free(p.server);
}

/* Whoever drips is never silent. */
static bool is_left(struct place *p, int fd)
{
    char answer;

    for (unsigned i = 0; i < TURNS; i++) {
        ssize_t n = recv(fd, &answer, 1, MSG_DONTWAIT);

        if (n == 0 || (n < 0 && errno == ECONNRESET))
            return true;
        (void)!send(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        assert_int_equal(ov_http_server_run(p->server, 0), OV_OK);
        assert_int_equal(ov_http_server_run(p->server, 20), OV_OK);
    }
    return false;
}

static void a_client_that_drips_is_left(void **state)
{
    static const char head[] = "GET / HTTP/1.1\r\nHost: x\r\nX: ";
    struct place p;
    int fd;

    (void)state;
    set_up(&p);
    fd = call(&p);
    tell(&p, fd, head, sizeof(head) - 1);
    assert_true(is_left(&p, fd));
    (void)close(fd);
    fd = call(&p);
    put_head(&p, fd, "/put", BODY);
    assert_true(is_left(&p, fd));
    (void)close(fd);
    /* Another is served. */
    fd = call(&p);
    put_head(&p, fd, "/put", 0);
    assert_int_equal(hear(&p, fd), 200);
    (void)close(fd);
    ov_http_server_free(p.server);
}

OV_TEST_MAIN(OV_TEST(bodies_under_way_have_one_limit),
             OV_TEST(a_body_is_refused_before_it_is_read),
             OV_TEST(a_client_that_drips_is_left))
