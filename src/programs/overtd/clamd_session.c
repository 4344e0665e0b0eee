/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clamd_front.h"
#include "sys/fd.h"

/* One connection. What comes is taken as far as it is whole, and the rest kept;
 * while a client has many answers to come, or does not fetch those that are
 * there, no more is read from it: so it holds little memory, whatever it does.
 *
 * A connection ends politely: what the client still sends is read and thrown
 * away for a while, so that it finds the answer and not a reset. So a client
 * that goes on writing a stream that is too large gets to read why.
 *
 * Limits: MAX_JOBS commands of one session at a time; a command of
 * CLAMD_MAX_COMMAND bytes; what is thrown away ends after LINGER_MS without a
 * byte, or LINGER_MAX bytes. */

#define MAX_JOBS 64
#define MAX_OUT ((size_t)16 << 20)
#define ENOUGH_OUT ((size_t)256 << 10)
#define READS_A_TURN 8
#define MAYBE_MS 100
#define LINGER_MS 2000
#define LINGER_MAX ((uint64_t)8 << 30)

static bool has_out(const struct clamd_session *s)
{
    return s->out.len > s->n_sent;
}

static bool is_busy(const struct clamd_session *s)
{
    return s->n_jobs >= MAX_JOBS || s->out.len - s->n_sent > ENOUGH_OUT ||
           (s->n_jobs > 0 && !s->is_session);
}

/* The daemon ends, and this client is in the middle of nothing. */
static bool is_let_go(const struct clamd_session *s)
{
    return s->front->is_ending && s->state == CLAMD_AT_COMMAND;
}

static bool can_take(const struct clamd_session *s)
{
    return s->state < CLAMD_AT_END && !is_busy(s) && !is_let_go(s);
}

/* ---- its end ---- */

void clamd_front_join(struct clamd_front *f)
{
    f->n_sessions++;
}

void clamd_front_part(struct clamd_front *f)
{
    f->n_sessions--;
    if (f->has_room != NULL)
        f->has_room(f->options.data);
}

static void session_close(struct clamd_session *s)
{
    struct clamd_front *f = s->front;

    while (s->jobs != NULL)
        clamd_job_cancel(s->jobs);
    ov_loop_remove(f->loop, &s->watch);
    ov_loop_timer_remove(f->loop, &s->timer);
    ov_fd_cleanup(&s->watch.fd);
    while (s->n_fds > 0)
        ov_fd_cleanup(&s->fds[--s->n_fds]);
    stream_body_done(&s->body);
    ov_buf_done(&s->in);
    ov_buf_done(&s->out);
    if (s->peer != NULL)
        clamd_peer_give(&f->peers, s->peer);
    if (s->previous != NULL)
        s->previous->next = s->next;
    else
        f->sessions = s->next;
    if (s->next != NULL)
        s->next->previous = s->previous;
    ov_free(s);
    clamd_front_part(f);
}

void clamd_session_end(struct clamd_session *s)
{
    if (s->state < CLAMD_AT_END)
        s->state = CLAMD_AT_END;
    stream_body_done(&s->body);
}

/* ---- output ---- */

void clamd_reply_begin(struct clamd_session *s, struct clamd_tag tag)
{
    if (tag.id != 0)
        ov_put_format(&s->out, "%u: ", tag.id);
}

void clamd_reply_end(struct clamd_session *s, struct clamd_tag tag)
{
    ov_put_u8(&s->out, tag.end);
}

void clamd_reply(struct clamd_session *s, struct clamd_tag tag,
                 const char *text)
{
    clamd_reply_begin(s, tag);
    ov_put_str(&s->out, text);
    clamd_reply_end(s, tag);
}

/* False: the client is gone. */
static bool flush(struct clamd_session *s)
{
    if (ov_buf_status(&s->out) != OV_OK)
        return false;
    while (has_out(s)) {
        ssize_t n = send(s->watch.fd, s->out.ptr + s->n_sent,
                         s->out.len - s->n_sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        s->n_sent += (size_t)n;
    }
    s->n_sent = 0;
    ov_buf_clear(&s->out);
    return true;
}

/* ---- input ---- */

static size_t take_command(struct clamd_session *s, struct ov_span bytes)
{
    struct clamd_line line;

    switch (clamd_parse(bytes, &line)) {
    case CLAMD_MORE:
        return 0;
    case CLAMD_MAYBE:
        if (!s->is_maybe && !s->is_at_eof &&
            (line.command == CLAMD_UNKNOWN ||
             clamd_has_argument(line.command))) {
            ov_loop_timer_set(s->front->loop, &s->timer, MAYBE_MS);
            s->is_maybe = true;
            return 0;
        }
        break;
    case CLAMD_LONG:
        line.command = CLAMD_UNKNOWN;
        break;
    case CLAMD_WHOLE:
    default:
        break;
    }
    s->is_maybe = false;
    s->end = line.end;
    clamd_execute(s, &line);
    return line.len;
}

static void refuse_stream(struct clamd_session *s, const char *why)
{
    const struct clamd_tag tag = {s->is_session ? s->n_commands : 0, s->end};

    clamd_reply(s, tag, why);
    clamd_session_end(s);
}

static size_t take_stream(struct clamd_session *s, struct ov_span bytes)
{
    const struct clamd_options *o = &s->front->options;
    uint32_t len;

    if (s->chunk_left > 0) {
        bytes = ov_span_clip(bytes, 0, s->chunk_left);
        s->chunk_left -= (uint32_t)bytes.len;
        if (stream_body_add(&s->body, bytes, o->spool) != OV_OK)
            refuse_stream(s, "INSTREAM: no room for it. ERROR");
        return bytes.len;
    }
    if (!ov_span_u32be(bytes, 0, &len))
        return 0;
    if (len == 0) {
        s->state = CLAMD_AT_COMMAND;
        clamd_execute_stream(s);
    } else if (len > o->stream_max || s->body.len > o->stream_max - len) {
        refuse_stream(s, "INSTREAM size limit exceeded. ERROR");
    }
    s->chunk_left = len;
    return sizeof(len);
}

static int take_fd(struct clamd_session *s)
{
    int fd = s->fds[0];

    s->n_fds--;
    memmove(s->fds, s->fds + 1, s->n_fds * sizeof(s->fds[0]));
    return fd;
}

/* The descriptor may have come with the command itself; then the byte is not
 * waited for, and skipped if it comes. */
static size_t take_fildes(struct clamd_session *s, struct ov_span bytes)
{
    if (s->n_fds == 0 && bytes.len == 0)
        return 0;
    s->state = CLAMD_AT_COMMAND;
    s->has_early = bytes.len == 0;
    clamd_execute_fildes(s, s->n_fds > 0 ? take_fd(s) : -1);
    return bytes.len > 0;
}

static size_t take_one(struct clamd_session *s, struct ov_span bytes)
{
    int first = ov_span_byte(bytes, 0);

    if (s->has_early && first >= 0) {
        s->has_early = false;
        if (first != 'z' && first != 'n')
            return 1;
    }
    if (s->state == CLAMD_AT_STREAM)
        return bytes.len > 0 ? take_stream(s, bytes) : 0;
    if (s->state == CLAMD_AT_FILDES)
        return take_fildes(s, bytes);
    return bytes.len > 0 ? take_command(s, bytes) : 0;
}

/* As much as is whole and as can be taken now. */
static size_t take(struct clamd_session *s, struct ov_span bytes)
{
    size_t at = 0;

    while (can_take(s)) {
        enum clamd_session_state before = s->state;
        size_t n = take_one(s, ov_span_clip(bytes, at, bytes.len));

        at += n;
        if (n == 0 && s->state == before)
            break;
    }
    return at;
}

static void keep_rest(struct clamd_session *s, struct ov_span rest)
{
    if (s->state >= CLAMD_AT_END)
        rest.len = 0;
    if (rest.len > 0 && s->in.len > 0 && rest.ptr >= s->in.ptr &&
        rest.ptr < s->in.ptr + s->in.len) {
        memmove(s->in.ptr, rest.ptr, rest.len);
        s->in.len = rest.len;
        return;
    }
    ov_buf_clear(&s->in);
    ov_put_span(&s->in, rest);
}

/* What came, behind what was kept. */
static void take_bytes(struct clamd_session *s, struct ov_span bytes)
{
    size_t n;

    if (s->in.len > 0) {
        ov_put_span(&s->in, bytes);
        bytes = ov_buf_span(&s->in);
    }
    n = take(s, bytes);
    keep_rest(s, ov_span_clip(bytes, n, bytes.len));
    if (ov_buf_status(&s->in) != OV_OK)
        clamd_session_end(s);
}

static void keep_fds(struct clamd_session *s, struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
         c = CMSG_NXTHDR(m, c)) {
        size_t n = c->cmsg_len - CMSG_LEN(0);

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = 0; at + sizeof(int) <= n; at += sizeof(int)) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
            if (s->n_fds < CLAMD_MAX_FDS && s->state < CLAMD_AT_END)
                s->fds[s->n_fds++] = fd;
            else
                (void)!close(fd); /* nobody asked for so many */
        }
    }
}

/* What recvmsg(2) says; 0 at the end. */
static ssize_t receive(struct clamd_session *s)
{
    union {
        struct cmsghdr head;
        uint8_t room[CMSG_SPACE(CLAMD_MAX_FDS * sizeof(int))];
    } control;
    struct iovec part = {s->front->scratch, CLAMD_SCRATCH};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t n;

    if (s->is_local) {
        m.msg_control = control.room;
        m.msg_controllen = sizeof(control.room);
    }
    n = recvmsg(s->watch.fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n >= 0 && s->is_local)
        keep_fds(s, &m);
    return n;
}

/* False: the connection is broken. */
static bool read_some(struct clamd_session *s)
{
    for (int i = 0; i < READS_A_TURN; i++) {
        ssize_t n;

        if (!can_take(s) && s->state != CLAMD_AT_LINGER)
            return true;
        n = receive(s);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        if (n == 0) {
            s->is_at_eof = true;
            take_bytes(s, ov_span_of(NULL, 0));
            return true;
        }
        if (s->state == CLAMD_AT_LINGER)
            s->n_thrown += (uint64_t)n;
        else
            take_bytes(s, ov_span_of(s->front->scratch, (size_t)n));
        if ((size_t)n < CLAMD_SCRATCH)
            return true;
    }
    return true;
}

/* ---- what it waits for ---- */

static bool has_more_to_read(const struct clamd_session *s)
{
    int n = 0;

    return ioctl(s->watch.fd, FIONREAD, &n) == 0 && n > 0;
}

/* All is answered: closes, at once if the client says nothing more. */
static bool is_over(struct clamd_session *s)
{
    bool is_idle = s->is_at_eof || is_let_go(s);

    if (is_idle && s->n_jobs == 0 && s->state < CLAMD_AT_END)
        clamd_session_end(s);
    if (s->state == CLAMD_AT_END && s->n_jobs == 0 && !has_out(s)) {
        if (s->is_at_eof || (s->chunk_left == 0 && !has_more_to_read(s)))
            return true;
        s->state = CLAMD_AT_LINGER;
        ov_buf_done(&s->in);
        (void)!shutdown(s->watch.fd, SHUT_WR); /* or it is gone already */
    }
    return s->state == CLAMD_AT_LINGER &&
           (s->is_at_eof || s->n_thrown > LINGER_MAX);
}

static void set_timer(struct clamd_session *s)
{
    uint64_t after = s->front->options.idle_ms;

    if (s->is_maybe || s->is_lingering)
        return;
    if (s->state == CLAMD_AT_LINGER) {
        s->is_lingering = s->is_refused; /* no byte puts its end off */
        after = LINGER_MS;
    }
    if (s->n_jobs > 0 && !has_out(s))
        ov_loop_timer_stop(s->front->loop, &s->timer);
    else
        ov_loop_timer_set(s->front->loop, &s->timer, after);
}

void clamd_session_go_on(struct clamd_session *s)
{
    unsigned events = 0;

    bool is_good;

    /* What was kept while answers filled the room is taken once they are out;
     * if it makes none, the rest is the beginning of a command. */
    do {
        bool had_out;

        if (can_take(s) && (s->in.len > 0 || s->n_fds > 0 || s->is_at_eof))
            take_bytes(s, ov_span_of(NULL, 0));
        had_out = has_out(s);
        is_good = flush(s);
        if (!had_out || has_out(s))
            break;
    } while (is_good && can_take(s) && s->in.len > 0);
    if (!is_good || is_over(s)) {
        session_close(s);
        return;
    }
    if ((can_take(s) || s->state == CLAMD_AT_LINGER) && !s->is_at_eof)
        events |= OV_LOOP_READ;
    if (has_out(s))
        events |= OV_LOOP_WRITE;
    ov_loop_change(s->front->loop, &s->watch, events);
    set_timer(s);
}

static void on_ready(struct ov_loop_watch *w, unsigned events)
{
    struct clamd_session *s = w->data;
    bool is_gone =
        (events & OV_LOOP_HANGUP) != 0 && (events & OV_LOOP_READ) == 0;

    if (is_gone || ((events & OV_LOOP_READ) != 0 && !read_some(s)))
        session_close(s);
    else
        clamd_session_go_on(s);
}

static void on_due(struct ov_loop_timer *t)
{
    struct clamd_session *s = t->data;
    const struct clamd_tag tag = {0, s->end};

    if (s->is_maybe) { /* nothing followed: it is whole */
        take_bytes(s, ov_span_of(NULL, 0));
    } else if (s->state == CLAMD_AT_LINGER || has_out(s)) {
        session_close(s);
        return;
    } else {
        clamd_reply(s, tag, "COMMAND READ TIMED OUT");
        clamd_session_end(s);
        s->chunk_left = 0;
    }
    clamd_session_go_on(s);
}

/* ---- the front ---- */

static void ask_who(struct clamd_session *s)
{
    socklen_t len = sizeof(s->who);

    if (!s->is_local ||
        getsockopt(s->watch.fd, SOL_SOCKET, SO_PEERCRED, &s->who, &len) != 0)
        s->who = (struct ucred){0, (uid_t)-1, (gid_t)-1};
}

static bool find_peer(struct clamd_session *s)
{
    uint8_t key[CLAMD_PEER_KEY];

    ask_who(s);
    clamd_peer_key(s->watch.fd, s->is_local, s->who.uid, key);
    s->peer = clamd_peer_take(&s->front->peers, key);
    return s->peer != NULL;
}

static void refuse_session(struct clamd_session *s)
{
    const struct clamd_tag tag = {0, '\n'};

    s->is_refused = true;
    clamd_reply(s, tag, "TOO MANY CONNECTIONS ERROR");
    clamd_session_end(s);
    clamd_session_go_on(s);
}

void clamd_front_end(struct clamd_front *f)
{
    struct clamd_session *s = f->sessions;

    f->is_ending = true;
    while (s != NULL) {
        struct clamd_session *next = s->next;

        clamd_session_go_on(s); /* may close it, and no other */
        s = next;
    }
}

void clamd_front_accept(struct clamd_front *f, int fd, enum clamd_origin origin)
{
    struct clamd_session *s = ov_alloc(sizeof(*s));

    if (s == NULL) {
        ov_fd_cleanup(&fd);
        return;
    }
    *s = (struct clamd_session){
        .front = f,
        .next = f->sessions,
        .watch = {.fd = fd,
                  .events = OV_LOOP_READ,
                  .data = s,
                  .ready = on_ready},
        .timer = {.data = s, .due = on_due},
        .in = ov_buf_with_max(CLAMD_SCRATCH + CLAMD_MAX_COMMAND * 2),
        .out = ov_buf_with_max(MAX_OUT),
        .is_local = origin == CLAMD_LOCAL,
        .end = '\n',
        .body = stream_body_empty(),
    };
    if (s->next != NULL)
        s->next->previous = s;
    f->sessions = s;
    clamd_front_join(f);
    if (!find_peer(s) || ov_loop_timer_add(f->loop, &s->timer) != OV_OK ||
        ov_loop_add(f->loop, &s->watch) != OV_OK) {
        session_close(s);
        return;
    }
    if (f->options.max_per_peer > 0 &&
        s->peer->n_sessions > f->options.max_per_peer)
        refuse_session(s);
    else
        set_timer(s);
}

enum ov_status clamd_front_init(struct clamd_front *f, struct ov_loop *loop,
                                struct desk *desk,
                                const struct clamd_options *o)
{
    *f = (struct clamd_front){.loop = loop, .desk = desk, .options = *o};
    f->scratch = ov_alloc(CLAMD_SCRATCH);
    return f->scratch != NULL ? OV_OK : OV_NO_MEMORY;
}

void clamd_front_done(struct clamd_front *f)
{
    f->has_room = NULL;
    while (f->sessions != NULL)
        session_close(f->sessions);
    ov_free(f->scratch);
    f->scratch = NULL;
}
