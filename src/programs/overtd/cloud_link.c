/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_link.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cloud_helper.h"
#include "sys/fd.h"
#include "sys/locate.h"

/* Look-ups are in the order of their deadlines, which all have the same length.
 * A helper that dies leaves its look-ups unknown, and is started anew by the
 * next one, at most once a second. A late answer finds nobody, and is dropped.
 *
 * The two are apart so that a cloud that does not answer holds up only what it
 * is asked about: of nearly all programs the first look is enough. */

#define START_AGAIN_MS 1000

enum {
    FIRST_LOOK,
    ASK,
    N_STAGES
};

struct child {
    struct cloud_link *link;
    struct ov_loop_watch watch; /* of the socket */
    pid_t pid;                  /* 0: none */
    unsigned stage;
    uint64_t not_before_ms;
};

struct cloud_link {
    struct cloud_link_options options;
    struct ov_buf state; /* the folder, NUL-terminated */
    struct cloud_helper how;
    struct child children[N_STAGES];
    struct cloud_look *first;
    struct cloud_look *last;
    struct ov_loop_timer timer;
    uint64_t last_id;
    struct stat current;
    struct cloud_link_counts counts;
};

/* ---- look-ups ---- */

static void set_timer(struct cloud_link *l)
{
    uint64_t now = ov_loop_now(l->options.loop);

    if (l->first == NULL)
        ov_loop_timer_stop(l->options.loop, &l->timer);
    else
        ov_loop_timer_set(l->options.loop, &l->timer,
                          l->first->until_ms > now ? l->first->until_ms - now
                                                   : 0);
}

static void append(struct cloud_link *l, struct cloud_look *look)
{
    look->next = NULL;
    look->previous = l->last;
    if (l->last != NULL)
        l->last->next = look;
    else
        l->first = look;
    l->last = look;
}

void cloud_link_forget(struct cloud_link *l, struct cloud_look *look)
{
    if (look->id == 0)
        return;
    look->id = 0;
    if (look->previous != NULL)
        look->previous->next = look->next;
    else
        l->first = look->next;
    if (look->next != NULL)
        look->next->previous = look->previous;
    else
        l->last = look->previous;
    set_timer(l);
}

static void end_look(struct cloud_link *l, struct cloud_look *look,
                     const struct cloud_word *w)
{
    cloud_link_forget(l, look);
    l->counts.n[w->word]++;
    look->done(look->data, w);
}

static void end_unknown(struct cloud_link *l, struct cloud_look *look)
{
    const struct cloud_word w = {.word = SCAN_CLOUD_UNKNOWN};

    end_look(l, look, &w);
}

static void on_due(struct ov_loop_timer *t)
{
    struct cloud_link *l = t->data;

    while (l->first != NULL &&
           l->first->until_ms <= ov_loop_now(l->options.loop)) {
        l->counts.n_late++;
        end_unknown(l, l->first);
    }
    set_timer(l);
}

/* ---- children ---- */

static void stop(struct child *c)
{
    if (c->pid == 0)
        return;
    ov_loop_remove(c->link->options.loop, &c->watch);
    ov_fd_cleanup(&c->watch.fd);
    (void)!kill(c->pid, SIGKILL); /* it may have ended already */
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    c->pid = 0;
    c->not_before_ms = ov_loop_now(c->link->options.loop) + START_AGAIN_MS;
}

static void fall(struct child *c)
{
    struct cloud_link *l = c->link;
    struct cloud_look *next;

    stop(c);
    for (struct cloud_look *at = l->first; at != NULL; at = next) {
        next = at->next;
        if (at->stage == c->stage)
            end_unknown(l, at);
    }
}

static bool send_question(const struct child *c, const struct cloud_question *q,
                          int fd)
{
    union {
        struct cmsghdr head;
        uint8_t room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {(void *)(uintptr_t)q, sizeof(*q)};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

    if (fd >= 0) {
        m.msg_control = control.room;
        m.msg_controllen = sizeof(control.room);
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
    }
    return sendmsg(c->watch.fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) ==
           (ssize_t)sizeof(*q);
}

static void on_answer(struct ov_loop_watch *w, unsigned events);

static bool start(struct child *c)
{
    struct cloud_link *l = c->link;
    int pair[2];
    pid_t pid;

    if (c->pid != 0)
        return true;
    if (ov_loop_now(l->options.loop) < c->not_before_ms ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    OV_AUTO_FD ours = pair[0];
    OV_AUTO_FD theirs = pair[1];
    pid = fork();
    if (pid < 0)
        return false;
    if (pid == 0)
        cloud_helper_run(theirs, &l->how);
    c->pid = pid;
    c->watch = (struct ov_loop_watch){.fd = ov_fd_steal(&ours),
                                      .events = OV_LOOP_READ,
                                      .data = c,
                                      .ready = on_answer};
    if (ov_loop_add(l->options.loop, &c->watch) == OV_OK)
        return true;
    stop(c);
    return false;
}

static bool ask(struct cloud_link *l, struct cloud_look *look, unsigned stage,
                const struct cloud_question *q, int fd)
{
    struct child *c = &l->children[stage];

    look->stage = stage;
    return start(c) && send_question(c, q, fd);
}

/* The first look was not enough. */
static void go_on(struct cloud_link *l, struct cloud_look *look,
                  const struct cloud_answer *a)
{
    struct cloud_question q = {.id = look->id};

    memcpy(q.digest, a->digest, sizeof(q.digest));
    if (!a->has_digest || !ask(l, look, ASK, &q, -1))
        end_unknown(l, look);
}

static void take(struct child *c, const struct cloud_answer *a)
{
    struct cloud_link *l = c->link;
    struct cloud_look *look = l->first;

    while (look != NULL && (look->id != a->id || look->stage != c->stage))
        look = look->next;
    if (look == NULL)
        return; /* too late */
    if (c->stage == FIRST_LOOK && a->word.word == SCAN_CLOUD_UNKNOWN)
        go_on(l, look, a);
    else
        end_look(l, look, &a->word);
}

static void on_answer(struct ov_loop_watch *w, unsigned events)
{
    struct child *c = w->data;
    struct cloud_answer a;
    ssize_t got = recv(w->fd, &a, sizeof(a), MSG_DONTWAIT);

    (void)events;
    if (got == (ssize_t)sizeof(a) && a.word.word <= SCAN_CLOUD_UNKNOWN)
        take(c, &a);
    else if (got >= 0 || (errno != EAGAIN && errno != EINTR))
        fall(c);
}

/* ---- what the desk calls ---- */

bool cloud_link_look_up(struct cloud_link *l, struct cloud_look *look, int fd)
{
    const struct cloud_question q = {.id = l->last_id + 1};

    if (!ask(l, look, FIRST_LOOK, &q, fd)) {
        l->counts.n[SCAN_CLOUD_UNKNOWN]++;
        return false;
    }
    look->id = ++l->last_id;
    look->until_ms = ov_loop_now(l->options.loop) + l->options.wait_ms;
    append(l, look);
    set_timer(l);
    return true;
}

bool cloud_link_is_changed(struct cloud_link *l)
{
    struct stat st;
    bool is_same;

    (void)cloud_current(l->how.state, &st); /* zeros: none is there */
    is_same = st.st_ino == l->current.st_ino &&
              st.st_mtim.tv_sec == l->current.st_mtim.tv_sec &&
              st.st_mtim.tv_nsec == l->current.st_mtim.tv_nsec;
    l->current = st;
    return !is_same;
}

struct cloud_link_counts cloud_link_counts(const struct cloud_link *l)
{
    return l->counts;
}

static bool find_state(struct cloud_link *l)
{
    l->state = ov_buf_with_max(PATH_MAX);
    if (l->options.state != NULL) {
        ov_put_str(&l->state, l->options.state);
        ov_put_u8(&l->state, 0);
    } else if (ov_locate_state(&l->state) != OV_OK) {
        return false;
    }
    return ov_buf_status(&l->state) == OV_OK;
}

struct cloud_link *cloud_link_new(const struct cloud_link_options *options)
{
    struct cloud_link *l = ov_alloc(sizeof(*l));

    if (l == NULL)
        return NULL;
    l->options = *options;
    l->timer = (struct ov_loop_timer){.data = l, .due = on_due};
    if (!find_state(l) ||
        ov_loop_timer_add(options->loop, &l->timer) != OV_OK) {
        ov_buf_done(&l->state);
        ov_free(l);
        return NULL;
    }
    l->how = (struct cloud_helper){options->config, (const char *)l->state.ptr,
                                   options->spawn_flags};
    for (unsigned i = 0; i < N_STAGES; i++) {
        l->children[i].link = l;
        l->children[i].stage = i;
    }
    (void)cloud_link_is_changed(l);
    return l;
}

void cloud_link_free(struct cloud_link *l)
{
    if (l == NULL)
        return;
    for (unsigned i = 0; i < N_STAGES; i++)
        stop(&l->children[i]);
    ov_loop_timer_remove(l->options.loop, &l->timer);
    ov_buf_done(&l->state);
    ov_free(l);
}
