/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/pool.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <time.h>

#include "base/assert.h"
#include "base/text.h"
#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/spawn.h"

/* Every worker has a queue of tasks in its socket, so that neither side waits
 * for the other between small files; by bytes the queue is short, so that
 * nothing waits behind a large one. Outcomes come in the order of tasks: when
 * a worker dies, the head of its queue is to blame and is inconclusive, and
 * the others go to the front of the line again.
 *
 * If a worker stays long at one task while another has nothing to do, the
 * idle one is given tasks from the end of the first one's queue. What the
 * first one later says of them is not listened to.
 *
 * Memory is for a fixed number of tasks, taken once. A worker is believed
 * nothing but verdicts about its own task: any message out of order ends it.
 */

#define DEPTH 32
#define QUEUED_BYTES ((uint64_t)4 << 20)
#define MAX_WORKERS 256
#define DEFAULT_TIMEOUT_MS 120000
#define START_TIMEOUT_MS 60000
#define STEAL_AFTER_MS 20
/* A worker takes some milliseconds to start: so much must be waiting for it. */
#define BACKLOG_TASKS 8
#define BACKLOG_BYTES ((uint64_t)256 << 10)
/* Processes may be killed by accident while they start, but not for ever. */
#define MAX_FAILED_STARTS 5
#define MESSAGES_A_TURN 64
#define OPEN_WAIT_MS 100

struct task {
    struct task *next;
    void *ticket;
    int fd;
    uint64_t len;
    enum ov_verdict worst; /* of what was found so far */
};

struct line {
    struct task *first;
    struct task *last;
    size_t n;
};

struct worker {
    struct ov_child child; /* pid 0: not started */
    enum ov_peer_state state;

    struct {
        uint32_t serial;
        struct task *task; /* NULL: somebody else does it now */
    } queue[DEPTH];

    unsigned first;
    unsigned n;
    uint64_t queued_bytes;
    uint64_t since_ms; /* when the head's work, or the start, began */
    bool is_to_end;
    const char *why; /* the reason word for the head if it is to end */
};

struct ov_pool {
    struct ov_pool_options options;
    struct worker *workers;
    struct pollfd *polled;
    struct task *tasks;
    struct line waiting;
    struct task *unused;
    size_t n_tasks;
    size_t n_open;
    uint32_t serial;
    unsigned failed_starts;
    struct ov_pool_state state;
    struct ov_buf out;
    uint8_t *packet;
    struct ov_wire_detection detection; /* too large for a frame */
    struct ov_wire_inconclusive inconclusive;
    enum ov_status fatal;
    struct ov_diag diag;
};

static const char *const reason_words[] = {
#define OV_REASON(id, word) [id] = word,
#include <overt/reason.def>
#undef OV_REASON
};

static uint64_t now_ms(void)
{
    struct timespec t;

    (void)!clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void line_append(struct line *l, struct task *t)
{
    t->next = NULL;
    if (l->last != NULL)
        l->last->next = t;
    else
        l->first = t;
    l->last = t;
    l->n++;
}

static void line_push_front(struct line *l, struct task *t)
{
    t->next = l->first;
    l->first = t;
    if (l->last == NULL)
        l->last = t;
    l->n++;
}

static struct task *line_pop(struct line *l)
{
    struct task *t = l->first;

    l->first = t->next;
    if (l->first == NULL)
        l->last = NULL;
    l->n--;
    return t;
}

static void fail(struct ov_pool *p, enum ov_status status, const char *text)
{
    if (p->fatal != OV_OK)
        return;
    p->fatal = status;
    if (text != NULL)
        (void)ov_diag_set(&p->diag, status, 0, "%s", text);
    p->diag.status = status;
}

static void worker_start(struct ov_pool *p, struct worker *w)
{
    struct ov_diag diag = {0};
    enum ov_status status =
        ov_spawn("worker", p->options.spawn_flags | OV_SPAWN_NONBLOCKING,
                 &w->child, &diag);

    if (status != OV_OK) {
        fail(p, status, diag.text);
        return;
    }
    w->state = OV_PEER_STARTING;
    w->since_ms = now_ms();
}

/* ---- a task's end ---- */

static void finish(struct ov_pool *p, struct task *t,
                   const struct ov_pool_result *result)
{
    p->options.done(t->ticket, result);
    ov_fd_cleanup(&t->fd);
    t->next = p->unused;
    p->unused = t;
    p->n_open--;
}

static void finish_lost(struct ov_pool *p, struct task *t, const char *why)
{
    const struct ov_wire_inconclusive i = {.reason = ov_span_str(why)};
    struct ov_pool_result r = {.fd = t->fd, .type = OV_SPAN_LIT("data")};

    p->options.inconclusive(t->ticket, &i);
    r.verdict = t->worst > OV_INCONCLUSIVE ? t->worst : OV_INCONCLUSIVE;
    finish(p, t, &r);
}

static void queue_pop(struct worker *w)
{
    w->first = (w->first + 1) % DEPTH;
    w->n--;
    w->since_ms = now_ms();
}

/* The worker is gone or has to go: its head is lost, the rest waits again. */
static void worker_end(struct ov_pool *p, struct worker *w)
{
    const char *why = w->why != NULL ? w->why : reason_words[OV_REASON_CRASHED];
    struct task *head = w->n > 0 ? w->queue[w->first].task : NULL;

    (void)ov_child_end(&w->child, true); /* how it died changes nothing */
    if (w->state != OV_PEER_OPEN && ++p->failed_starts > MAX_FAILED_STARTS)
        fail(p, OV_PEER_GONE, "workers die before they can work");
    else if (w->state == OV_PEER_OPEN && w->why == NULL)
        p->state.n_crashes++;
    for (unsigned i = w->n; i-- > 1;) {
        struct task *t = w->queue[(w->first + i) % DEPTH].task;

        if (t != NULL)
            line_push_front(&p->waiting, t);
    }
    *w = (struct worker){.child = {0, -1}};
    if (head != NULL)
        finish_lost(p, head, why);
}

/* ---- messages ---- */

static enum ov_status on_ready(struct ov_pool *p, struct worker *w,
                               struct ov_span body)
{
    struct ov_jail jail;

    OV_TRY(ov_wire_read_jail(body, &jail));
    if (jail.fingerprint != ov_profile_fingerprint(OV_PROFILE_WORKER)) {
        fail(p, OV_DENIED,
             "overt-worker is of another build than overt: install both again");
        return OV_DENIED;
    }
    p->state.jail = jail;
    w->state = OV_PEER_READY;
    ov_msg_begin(&p->out, OV_MSG_OPEN, 0);
    ov_wire_put_open(&p->out, &p->options.open);
    OV_TRY(ov_msg_end(&p->out));
    return ov_channel_send(w->child.socket, &p->out, p->options.image_fd);
}

static enum ov_status on_opened(struct ov_pool *p, struct worker *w,
                                struct ov_span body)
{
    OV_TRY(ov_wire_read_digest(body, p->state.digest));
    p->state.is_open = true;
    p->failed_starts = 0;
    w->state = OV_PEER_OPEN;
    return OV_OK;
}

static enum ov_status on_failed(struct ov_pool *p, struct ov_span body)
{
    struct ov_wire_failure f;
    OV_AUTO_DONE(buf) words = ov_buf_with_max(sizeof(p->diag.text));

    OV_TRY(ov_wire_read_failure(body, &f));
    ov_put_escaped(&words, ov_span_clip(f.text, 0, sizeof(p->diag.text) / 4));
    ov_put_u8(&words, 0);
    fail(p, f.status < OV_N_STATUS ? (enum ov_status)f.status : OV_IO,
         ov_buf_status(&words) == OV_OK ? (char *)words.ptr : "failed");
    return OV_PEER_GONE;
}

static void worsen(struct task *t, enum ov_verdict to)
{
    if (t->worst < to)
        t->worst = to;
}

static enum ov_status on_detection(struct ov_pool *p, struct task *t,
                                   struct ov_span body)
{
    OV_TRY(ov_wire_read_detection(body, &p->detection));
    if (t == NULL)
        return OV_OK;
    worsen(t, (p->detection.flags & OV_RULE_UNWANTED) != 0 ? OV_UNWANTED
                                                           : OV_DETECTED);
    p->options.detection(t->ticket, &p->detection);
    return OV_OK;
}

static enum ov_status on_inconclusive(struct ov_pool *p, struct task *t,
                                      struct ov_span body)
{
    OV_TRY(ov_wire_read_inconclusive(body, &p->inconclusive));
    if (t == NULL)
        return OV_OK;
    worsen(t, OV_INCONCLUSIVE);
    p->options.inconclusive(t->ticket, &p->inconclusive);
    return OV_OK;
}

static enum ov_status on_outcome(struct ov_pool *p, struct worker *w,
                                 struct task *t, struct ov_span body)
{
    struct ov_wire_outcome o;
    struct ov_pool_result r;

    OV_TRY(ov_wire_read_outcome(body, &o));
    if (o.verdict >= OV_N_VERDICTS)
        return OV_MALFORMED;
    queue_pop(w);
    if (t == NULL)
        return OV_OK;
    w->queued_bytes -= t->len;
    r = (struct ov_pool_result){
        .verdict = (enum ov_verdict)o.verdict,
        .type = o.type,
        .n_objects = o.n_objects,
        .n_bytes = o.n_bytes,
        .fd = t->fd,
    };
    if (r.verdict < t->worst && r.verdict != OV_TRUSTED)
        r.verdict = t->worst;
    finish(p, t, &r);
    return OV_OK;
}

static enum ov_status on_finding(struct ov_pool *p, struct worker *w,
                                 const struct ov_message *m)
{
    struct task *t = w->queue[w->first].task;

    if (w->n == 0 || m->task != w->queue[w->first].serial)
        return OV_MALFORMED;
    if (m->type == OV_MSG_DETECTION)
        return on_detection(p, t, m->body);
    if (m->type == OV_MSG_INCONCLUSIVE)
        return on_inconclusive(p, t, m->body);
    return on_outcome(p, w, t, m->body);
}

static enum ov_status take_message(struct ov_pool *p, struct worker *w)
{
    OV_AUTO_FD fd = -1;
    struct ov_span packet;
    struct ov_message m;

    OV_TRY(ov_channel_receive(w->child.socket, p->packet, &packet, &fd));
    OV_TRY(ov_msg_decode(packet, fd >= 0, OV_FROM_WORKER, w->state, &m));
    if (m.type == OV_MSG_READY)
        return on_ready(p, w, m.body);
    if (m.type == OV_MSG_OPENED)
        return on_opened(p, w, m.body);
    if (m.type == OV_MSG_FAILED)
        return on_failed(p, m.body);
    return on_finding(p, w, &m);
}

static void take_messages(struct ov_pool *p, struct worker *w)
{
    for (unsigned i = 0; i < MESSAGES_A_TURN; i++) {
        enum ov_status status = take_message(p, w);

        if (status == OV_NOT_FOUND)
            return;
        if (status != OV_OK) {
            w->is_to_end = true;
            return;
        }
    }
}

/* ---- handing out ---- */

static bool fits(const struct worker *w, const struct task *t)
{
    return w->child.pid != 0 && w->state == OV_PEER_OPEN && w->n < DEPTH &&
           (w->n == 0 || w->queued_bytes + t->len <= QUEUED_BYTES);
}

/* The open worker with the least to do, or NULL. */
static struct worker *find_worker(struct ov_pool *p, const struct task *t)
{
    struct worker *best = NULL;

    for (unsigned i = 0; i < p->options.n_workers; i++) {
        struct worker *w = &p->workers[i];

        if (fits(w, t) && (best == NULL || w->n < best->n))
            best = w;
    }
    return best;
}

static enum ov_status hand_out(struct ov_pool *p, struct worker *w,
                               struct task *t)
{
    unsigned at = (w->first + w->n) % DEPTH;

    ov_msg_begin(&p->out, OV_MSG_TASK, ++p->serial);
    ov_put_u64(&p->out, t->len);
    OV_TRY(ov_msg_end(&p->out));
    OV_TRY(ov_channel_send(w->child.socket, &p->out, t->fd));
    if (w->n == 0) {
        w->queued_bytes = 0;
        w->since_ms = now_ms();
    }
    w->queue[at].serial = p->serial;
    w->queue[at].task = t;
    w->queued_bytes += t->len;
    w->n++;
    return OV_OK;
}

static void dispatch(struct ov_pool *p)
{
    while (p->waiting.n > 0) {
        struct worker *w = find_worker(p, p->waiting.first);
        enum ov_status status;

        if (w == NULL)
            return;
        status = hand_out(p, w, p->waiting.first);
        if (status == OV_OK) {
            (void)line_pop(&p->waiting);
        } else {
            w->is_to_end = status != OV_LIMIT_COUNT;
            return;
        }
    }
}

/* Whether one more worker would have enough to do to be worth its start. */
static bool is_backlog(const struct ov_pool *p)
{
    uint64_t now = now_ms();
    uint64_t bytes = 0;
    size_t n = p->waiting.n;

    for (unsigned i = 0; i < p->options.n_workers; i++) {
        const struct worker *w = &p->workers[i];

        if (w->n > 1 && now - w->since_ms >= STEAL_AFTER_MS)
            return true;
        n += w->n > 1 ? w->n - 1 : 0;
        bytes += w->n > 1 ? w->queued_bytes : 0;
    }
    return p->waiting.n > 0 || n >= BACKLOG_TASKS || bytes >= BACKLOG_BYTES;
}

/* One more worker if tasks wait and none is on its way. */
static void start_if_needed(struct ov_pool *p)
{
    struct worker *unused = NULL;

    for (unsigned i = 0; i < p->options.n_workers; i++) {
        struct worker *w = &p->workers[i];

        if (w->child.pid == 0)
            unused = unused != NULL ? unused : w;
        else if (w->state != OV_PEER_OPEN || w->n == 0)
            return;
    }
    if (unused == NULL || p->n_open == 0 || !is_backlog(p))
        return;
    if ((unsigned)(unused - p->workers) >= p->state.n_workers)
        p->state.n_workers++;
    worker_start(p, unused);
}

static struct worker *find_idle(struct ov_pool *p)
{
    for (unsigned i = 0; i < p->options.n_workers; i++) {
        struct worker *w = &p->workers[i];

        if (w->child.pid != 0 && w->state == OV_PEER_OPEN && w->n == 0)
            return w;
    }
    return NULL;
}

/* The last task behind a head that takes long, or NULL. */
static struct task *find_stuck(struct ov_pool *p, uint64_t now)
{
    for (unsigned i = 0; i < p->options.n_workers; i++) {
        struct worker *w = &p->workers[i];

        if (w->n < 2 || now - w->since_ms < STEAL_AFTER_MS)
            continue;
        for (unsigned at = w->n; at-- > 1;) {
            unsigned place = (w->first + at) % DEPTH;
            struct task *t = w->queue[place].task;

            if (t != NULL) {
                w->queue[place].task = NULL;
                w->queued_bytes -= t->len;
                return t;
            }
        }
    }
    return NULL;
}

static void steal(struct ov_pool *p)
{
    uint64_t now = now_ms();
    struct worker *idle = p->waiting.n == 0 ? find_idle(p) : NULL;
    struct task *t = idle != NULL ? find_stuck(p, now) : NULL;

    if (t != NULL) {
        line_push_front(&p->waiting, t);
        dispatch(p);
    }
}

static void look_at_clock(struct ov_pool *p)
{
    uint64_t now = now_ms();

    for (unsigned i = 0; i < p->options.n_workers; i++) {
        struct worker *w = &p->workers[i];
        uint64_t limit =
            w->state == OV_PEER_OPEN ? p->options.timeout_ms : START_TIMEOUT_MS;

        if (w->child.pid == 0 || now - w->since_ms < limit ||
            (w->state == OV_PEER_OPEN && w->n == 0))
            continue;
        w->is_to_end = true;
        w->why = reason_words[OV_REASON_TIMED_OUT];
        p->state.n_timeouts++;
    }
}

static void end_bad_workers(struct ov_pool *p)
{
    for (unsigned i = 0; i < p->options.n_workers; i++) {
        if (p->workers[i].is_to_end)
            worker_end(p, &p->workers[i]);
    }
}

static void poll_workers(struct ov_pool *p, int timeout_ms)
{
    nfds_t n = p->options.n_workers;

    for (unsigned i = 0; i < n; i++) {
        p->polled[i].fd =
            p->workers[i].child.pid != 0 ? p->workers[i].child.socket : -1;
        p->polled[i].events = POLLIN;
        p->polled[i].revents = 0;
    }
    if (poll(p->polled, n, timeout_ms) <= 0)
        return;
    for (unsigned i = 0; i < n; i++) {
        if (p->polled[i].revents != 0)
            take_messages(p, &p->workers[i]);
    }
}

enum ov_status ov_pool_wait(struct ov_pool *pool, int timeout_ms,
                            struct ov_diag *diag)
{
    int limit = pool->n_open > 1 ? STEAL_AFTER_MS : 1000;

    start_if_needed(pool);
    dispatch(pool);
    poll_workers(pool, timeout_ms < limit ? timeout_ms : limit);
    look_at_clock(pool);
    end_bad_workers(pool);
    start_if_needed(pool);
    dispatch(pool);
    steal(pool);
    if (pool->fatal != OV_OK && diag != NULL)
        *diag = pool->diag;
    return pool->fatal;
}

enum ov_status ov_pool_open(struct ov_pool *pool, struct ov_diag *diag)
{
    if (pool->state.is_open)
        return OV_OK;
    if (pool->state.n_workers == 0) {
        pool->state.n_workers = 1;
        worker_start(pool, &pool->workers[0]);
    }
    return ov_pool_wait(pool, OPEN_WAIT_MS, diag);
}

bool ov_pool_has_room(const struct ov_pool *pool)
{
    return pool->unused != NULL && pool->waiting.n < DEPTH;
}

size_t ov_pool_n_open(const struct ov_pool *pool)
{
    return pool->n_open;
}

void ov_pool_submit(struct ov_pool *pool, int fd, uint64_t len, void *ticket)
{
    struct task *t = pool->unused;

    OV_ASSERT(t != NULL);
    pool->unused = t->next;
    *t = (struct task){.ticket = ticket, .fd = fd, .len = len};
    line_append(&pool->waiting, t);
    pool->n_open++;
    dispatch(pool);
}

struct ov_pool_state ov_pool_state(const struct ov_pool *pool)
{
    return pool->state;
}

static void abandon(struct ov_pool *p, struct task *t)
{
    const struct ov_pool_result r = {.fd = t->fd, .is_abandoned = true};

    finish(p, t, &r);
}

void ov_pool_abandon(struct ov_pool *pool)
{
    for (unsigned i = 0; i < pool->options.n_workers; i++) {
        struct worker *w = &pool->workers[i];

        (void)ov_child_end(&w->child, true); /* its tasks are given back */
        for (; w->n > 0; queue_pop(w)) {
            if (w->queue[w->first].task != NULL)
                abandon(pool, w->queue[w->first].task);
        }
    }
    while (pool->waiting.n > 0)
        abandon(pool, line_pop(&pool->waiting));
}

static unsigned count_processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    return (unsigned)CPU_COUNT(&set);
}

static bool take_memory(struct ov_pool *p)
{
    p->n_tasks = (size_t)p->options.n_workers * DEPTH + DEPTH;
    p->workers = ov_alloc_array(p->options.n_workers, sizeof(*p->workers));
    p->polled = ov_alloc_array(p->options.n_workers, sizeof(*p->polled));
    p->tasks = ov_alloc_array(p->n_tasks, sizeof(*p->tasks));
    p->packet = ov_alloc(OV_MSG_MAX);
    p->out = ov_buf_with_max(OV_MSG_MAX);
    if (p->workers == NULL || p->polled == NULL || p->tasks == NULL ||
        p->packet == NULL)
        return false;
    for (size_t i = 0; i < p->n_tasks; i++) {
        p->tasks[i].next = p->unused;
        p->unused = &p->tasks[i];
    }
    for (unsigned i = 0; i < p->options.n_workers; i++)
        p->workers[i].child = (struct ov_child){0, -1};
    return true;
}

enum ov_status ov_pool_new(const struct ov_pool_options *options,
                           struct ov_pool **ret)
{
    OV_AUTO(pool) p = ov_alloc(sizeof(*p));

    if (p == NULL)
        return OV_NO_MEMORY;
    p->options = *options;
    if (p->options.n_workers == 0)
        p->options.n_workers = count_processors();
    if (p->options.n_workers > MAX_WORKERS)
        p->options.n_workers = MAX_WORKERS;
    if (p->options.timeout_ms == 0)
        p->options.timeout_ms = DEFAULT_TIMEOUT_MS;
    if (!take_memory(p))
        return OV_NO_MEMORY;
    *ret = OV_STEAL(p);
    return OV_OK;
}

void ov_pool_free(struct ov_pool *pool)
{
    if (pool == NULL)
        return;
    for (unsigned i = 0; pool->workers != NULL && i < pool->options.n_workers;
         i++)
        (void)ov_child_end(&pool->workers[i].child, true); /* we go too */
    ov_free(pool->workers);
    ov_free(pool->polled);
    ov_free(pool->tasks);
    ov_free(pool->packet);
    ov_buf_done(&pool->out);
    ov_free(pool);
}
