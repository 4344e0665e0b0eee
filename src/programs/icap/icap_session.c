/* SPDX-License-Identifier: Apache-2.0 */
#include "icap_session.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "icap_answer.h"
#include "sys/fd.h"
#include "sys/file.h"

/* A request goes through the states in their order. While the daemon looks, or
 * an answer is being written, nothing more is read: a client that does not take
 * its answers waits alone. */

#define READ_SIZE ((size_t)64 << 10)
#define MAX_IN (ICAP_MAX_HEAD + READ_SIZE)
#define MAX_OUT ((size_t)1 << 20)
#define ECHO_SIZE ((size_t)64 << 10)

enum state {
    STATE_HEAD, /* of ICAP */
    STATE_HTTP, /* headers inside */
    STATE_BODY,
    STATE_ASKED,  /* the daemon looks */
    STATE_ANSWER, /* what is in out, and then the body again if is_echo */
};

struct icap_session {
    struct icap_server *server;
    struct icap_session *next;
    struct icap_session *previous;
    struct ov_loop_watch watch;
    struct ov_loop_timer timer;
    struct icap_ask ask;
    enum state state;
    bool is_ending; /* no more requests once the answer is out */
    bool is_gone;
    struct ov_buf in;
    size_t n_taken; /* of in */
    struct icap_head head;
    struct ov_buf http;
    struct icap_chunks chunks;
    bool may_204;
    bool is_over; /* the body is longer than is kept */
    int body;     /* memory file, or -1 */
    uint64_t body_len;
    struct ov_buf out;
    size_t n_sent; /* of out */
    bool is_echo;
    uint64_t echo_at;
};

/* ---- beginning and end ---- */

static void drop_body(struct icap_session *s)
{
    if (s->body >= 0)
        (void)close(s->body); /* memory only */
    s->server->n_body -= s->body_len;
    s->body = -1;
    s->body_len = 0;
}

static void forget_request(struct icap_session *s)
{
    drop_body(s);
    ov_buf_clear(&s->http);
    s->chunks = (struct icap_chunks){0};
    s->head = (struct icap_head){0};
    s->is_over = false;
    s->is_echo = false;
    s->echo_at = 0;
    s->state = STATE_HEAD;
}

static void session_free(struct icap_session *s)
{
    struct icap_server *server = s->server;

    icap_ask_done(&s->ask);
    ov_loop_remove(server->loop, &s->watch);
    ov_loop_timer_remove(server->loop, &s->timer);
    drop_body(s);
    (void)close(s->watch.fd);
    ov_buf_done(&s->in);
    ov_buf_done(&s->http);
    ov_buf_done(&s->out);
    if (s->previous != NULL)
        s->previous->next = s->next;
    else
        server->first = s->next;
    if (s->next != NULL)
        s->next->previous = s->previous;
    server->n_sessions--;
    ov_free(s);
}

/* ---- answering ---- */

static void begin_answer(struct icap_session *s)
{
    s->state = STATE_ANSWER;
}

/* The client can not be understood: whatever follows cannot be either. */
static void refuse(struct icap_session *s, unsigned code, const char *words)
{
    s->is_ending = true;
    icap_put_plain(&s->out, s->server, code, words, true);
    begin_answer(s);
}

static void answer_unchanged(struct icap_session *s)
{
    if (s->may_204) {
        icap_put_plain(&s->out, s->server, 204, "No Content", s->head.closes);
    } else {
        icap_put_echo(&s->out, s->server, &s->head, ov_buf_span(&s->http));
        s->is_echo = s->head.has_body;
    }
    begin_answer(s);
}

static void answer_reply(struct icap_session *s,
                         const struct ov_clamd_reply *reply)
{
    bool can_pass = s->may_204 || !s->is_over;

    if (reply->verdict == OV_CLAMD_FOUND)
        s->server->n_found++;
    if (reply->verdict == OV_CLAMD_ERROR)
        s->server->n_inconclusive++;
    if (reply->verdict == OV_CLAMD_CLEAN ||
        (reply->verdict == OV_CLAMD_ERROR && s->server->options->passes &&
         can_pass)) {
        answer_unchanged(s);
        return;
    }
    icap_put_blocked(&s->out, s->server, reply, s->head.closes);
    begin_answer(s);
}

/* ---- requests ---- */

static struct ov_span unread(const struct icap_session *s)
{
    return ov_span_of(s->in.ptr + s->n_taken, s->in.len - s->n_taken);
}

static void take_whole_request(struct icap_session *s)
{
    s->server->n_requests++;
    if (s->is_over) {
        struct ov_clamd_reply reply = {OV_CLAMD_ERROR,
                                       OV_SPAN_LIT("limit: max-body")};

        answer_reply(s, &reply);
    } else if (s->body_len == 0) {
        answer_unchanged(s);
    } else {
        s->state = STATE_ASKED;
        icap_ask_start(&s->ask, s->body);
    }
}

static void take_method(struct icap_session *s)
{
    const struct icap_head *h = &s->head;

    s->is_ending = h->closes;
    s->may_204 = h->allows_204 || h->has_preview;
    if (h->method == ICAP_OPTIONS && !h->has_body) {
        icap_put_options(&s->out, s->server, h->closes);
        begin_answer(s);
    } else if (h->method == ICAP_REQMOD || h->method == ICAP_RESPMOD) {
        s->state = STATE_HTTP;
    } else {
        refuse(s, 405, "Method Not Allowed");
    }
}

/* Each returns whether it took something, or there is something new to do. */
static bool take_head(struct icap_session *s)
{
    struct ov_span in = unread(s);
    size_t len = icap_head_len(in);
    enum ov_status status;

    if (len == 0 || len > ICAP_MAX_HEAD) {
        if (in.len > ICAP_MAX_HEAD)
            refuse(s, 400, "Header Too Long");
        return s->state != STATE_HEAD;
    }
    status = icap_read_head(ov_span_clip(in, 0, len), &s->head);
    if (status == OV_OK)
        take_method(s);
    else if (status == OV_UNSUPPORTED)
        refuse(s, 505, "ICAP Version Not Supported");
    else
        refuse(s, 400,
               status == OV_LIMIT_SIZE ? "Encapsulated Header Too Long"
                                       : "Bad Request");
    s->n_taken += len;
    return true;
}

static bool take_http(struct icap_session *s)
{
    uint64_t all = s->head.request_len + s->head.response_len;
    struct ov_span piece = ov_span_clip(unread(s), 0, all - s->http.len);

    ov_put_span(&s->http, piece);
    s->n_taken += piece.len;
    if (ov_buf_status(&s->http) != OV_OK)
        refuse(s, 503, "Out Of Memory");
    else if (s->http.len < all)
        return false;
    else if (s->head.has_body)
        s->state = STATE_BODY;
    else
        take_whole_request(s);
    return true;
}

/* Beyond a limit the rest is read and forgotten. */
static void keep_body(struct icap_session *s, struct ov_span piece)
{
    struct icap_server *server = s->server;

    if (piece.len == 0 || s->is_over)
        return;
    if (s->body < 0 && ov_memory_file("icap", &s->body) != OV_OK)
        s->is_over = true;
    else if (piece.len > server->options->max_body - s->body_len ||
             piece.len > server->options->max_memory - server->n_body)
        s->is_over = true;
    else if (pwrite(s->body, piece.ptr, piece.len, (off_t)s->body_len) !=
             (ssize_t)piece.len)
        s->is_over = true;
    else
        server->n_body += piece.len, s->body_len += piece.len;
    if (s->is_over)
        drop_body(s);
}

static void end_body(struct icap_session *s)
{
    if (s->head.has_preview && !s->chunks.is_last) {
        icap_put_continue(&s->out);
        s->head.has_preview = false;
        s->may_204 = s->head.allows_204;
        s->chunks = (struct icap_chunks){0};
    } else {
        take_whole_request(s);
    }
}

static bool take_body(struct icap_session *s)
{
    struct ov_span in = unread(s);
    size_t before = in.len;
    struct ov_span piece;

    if (icap_chunks_take(&s->chunks, &in, &piece) != OV_OK) {
        refuse(s, 400, "Bad Chunk");
        return true;
    }
    s->n_taken += before - in.len;
    keep_body(s, piece);
    if (s->chunks.state == ICAP_CHUNK_END)
        end_body(s);
    else if (in.len == before)
        return false;
    return true;
}

/* ---- input and output ---- */

static void take_input(struct icap_session *s)
{
    bool goes_on = true;

    while (goes_on) {
        if (s->state == STATE_HEAD)
            goes_on = take_head(s);
        else if (s->state == STATE_HTTP)
            goes_on = take_http(s);
        else if (s->state == STATE_BODY)
            goes_on = take_body(s);
        else
            goes_on = false;
    }
    if (s->n_taken > 0) {
        memmove(s->in.ptr, s->in.ptr + s->n_taken, s->in.len - s->n_taken);
        s->in.len -= s->n_taken;
        s->n_taken = 0;
    }
}

static void receive(struct icap_session *s)
{
    uint8_t *room = ov_buf_room(&s->in, READ_SIZE);
    ssize_t n;

    if (room == NULL) {
        s->is_gone = true;
        return;
    }
    n = recv(s->watch.fd, room, READ_SIZE, 0);
    if (n > 0)
        ov_buf_added(&s->in, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        s->is_gone = true;
}

/* The next piece of the body, behind what is being sent. */
static void put_echo(struct icap_session *s)
{
    uint64_t left = s->body_len - s->echo_at;
    size_t len = left < ECHO_SIZE ? (size_t)left : ECHO_SIZE;
    uint8_t *room;

    ov_put_format(&s->out, "%zx\r\n", len);
    room = ov_buf_room(&s->out, len);
    if (len > 0 && (room == NULL || pread(s->body, room, len,
                                          (off_t)s->echo_at) != (ssize_t)len)) {
        s->is_gone = true;
        return;
    }
    ov_buf_added(&s->out, len);
    s->echo_at += len;
    s->is_echo = len > 0; /* the empty one is the last */
    ov_put_str(&s->out, "\r\n");
}

/* All that the socket takes now. */
static void send_out(struct icap_session *s)
{
    while (!s->is_gone) {
        struct ov_span rest =
            ov_span_of(s->out.ptr + s->n_sent, s->out.len - s->n_sent);
        ssize_t n;

        if (ov_buf_status(&s->out) != OV_OK)
            s->is_gone = true;
        if (rest.len == 0) {
            ov_buf_clear(&s->out);
            s->n_sent = 0;
            if (!s->is_echo || s->state != STATE_ANSWER)
                return;
            put_echo(s);
            continue;
        }
        n = send(s->watch.fd, rest.ptr, rest.len, MSG_NOSIGNAL);
        if (n > 0)
            s->n_sent += (size_t)n;
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR)
            s->is_gone = true;
    }
}

/* Goes on as far as it can without waiting; may free the session. */
static void go_on(struct icap_session *s)
{
    unsigned events = 0;

    while (!s->is_gone) {
        take_input(s);
        send_out(s);
        if (s->state != STATE_ANSWER || s->out.len > 0)
            break;
        if (s->is_ending)
            s->is_gone = true;
        else
            forget_request(s);
    }
    if (s->is_gone) {
        session_free(s);
        return;
    }
    if (s->out.len > 0)
        events = OV_LOOP_WRITE;
    else if (s->state != STATE_ASKED)
        events = OV_LOOP_READ;
    ov_loop_change(s->server->loop, &s->watch, events);
    if (s->state == STATE_ASKED)
        ov_loop_timer_stop(s->server->loop, &s->timer);
    else
        ov_loop_timer_set(s->server->loop, &s->timer,
                          s->server->options->idle_ms);
}

static void on_ready(struct ov_loop_watch *w, unsigned events)
{
    struct icap_session *s = w->data;

    if ((events & OV_LOOP_READ) != 0 && s->state < STATE_ASKED)
        receive(s);
    else if ((events & OV_LOOP_HANGUP) != 0)
        s->is_gone = true;
    go_on(s);
}

static void on_idle(struct ov_loop_timer *t)
{
    session_free(t->data);
}

static void on_reply(struct icap_ask *a, const struct ov_clamd_reply *reply)
{
    struct icap_session *s = a->data;

    answer_reply(s, reply);
    go_on(s);
}

static bool prepare(struct icap_session *s)
{
    struct ov_loop *loop = s->server->loop;

    if (icap_ask_init(&s->ask) != OV_OK)
        return false;
    if (ov_loop_timer_add(loop, &s->timer) != OV_OK) {
        icap_ask_done(&s->ask);
        return false;
    }
    if (ov_loop_add(loop, &s->watch) != OV_OK) {
        icap_ask_done(&s->ask);
        ov_loop_timer_remove(loop, &s->timer);
        return false;
    }
    ov_loop_timer_set(loop, &s->timer, s->server->options->idle_ms);
    return true;
}

void icap_session_start(struct icap_server *server, int fd)
{
    OV_AUTO_FD socket = fd;
    struct icap_session *s;

    if (server->n_sessions >= server->options->max_sessions)
        return;
    s = ov_alloc(sizeof(*s));
    if (s == NULL)
        return;
    *s = (struct icap_session){
        .server = server,
        .watch = {.fd = fd,
                  .events = OV_LOOP_READ,
                  .data = s,
                  .ready = on_ready},
        .timer = {.data = s, .due = on_idle},
        .ask = {.loop = server->loop,
                .socket_path = server->options->daemon,
                .data = s,
                .done = on_reply},
        .in = ov_buf_with_max(MAX_IN),
        .http = ov_buf_with_max(2 * ICAP_MAX_HTTP),
        .out = ov_buf_with_max(MAX_OUT),
        .body = -1,
        .next = server->first,
    };
    if (!prepare(s)) {
        ov_free(s);
        return;
    }
    if (s->next != NULL)
        s->next->previous = s;
    server->first = s;
    server->n_sessions++;
    (void)ov_fd_steal(&socket);
}

void icap_sessions_end(struct icap_server *server)
{
    while (server->first != NULL)
        session_free(server->first);
}
