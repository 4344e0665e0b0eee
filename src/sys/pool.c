/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/pool.h"

#include <poll.h>
#include <sched.h>
#include <time.h>

#include "base/assert.h"
#include "sys/channel.h"
#include "sys/pool_state.h"

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
 * Every worker has a helping thread for each other worker (sys/threads.h), so
 * that the last large file, or the only one, keeps all cores busy.
 *
 * Memory is for a fixed number of tasks, taken once. A worker is believed
 * nothing but verdicts about its own task: any message out of order ends it.
 */

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
#define OPEN_WAIT_MS 100

static const char *const reason_words[] = {
#define OV_REASON(id, word) [id] = word,
#include <overt/reason.def>
#undef OV_REASON
};

static void worker_start(struct ov_pool *p, struct ov_pool_worker *w)
{
    struct ov_diag diag = {0};
    unsigned n_helpers = p->options.n_workers - 1;
    unsigned flags =
        p->options.spawn_flags | OV_SPAWN_NONBLOCKING |
        OV_SPAWN_HELPERS(n_helpers < OV_HELPERS_MAX ? n_helpers
                                                    : OV_HELPERS_MAX);
    enum ov_status status = ov_spawn("worker", flags, &w->child, &diag);

    if (status != OV_OK) {
        ov_pool_fail(p, status, diag.text);
        return;
    }
    w->state = OV_PEER_STARTING;
    w->since_ms = ov_pool_now_ms();
}

/* The worker is gone or has to go: its head is lost, the rest waits again. */
static void worker_end(struct ov_pool *p, struct ov_pool_worker *w)
{
    const char *why = w->why != NULL ? w->why : reason_words[OV_REASON_CRASHED];
    struct ov_pool_task *head = w->n > 0 ? w->queue[w->first].task : NULL;

    (void)ov_child_end(&w->child, true); /* how it died changes nothing */
    if (w->state != OV_PEER_OPEN && ++p->failed_starts > MAX_FAILED_STARTS)
        ov_pool_fail(p, OV_PEER_GONE, "workers die before they can work");
    else if (w->state == OV_PEER_OPEN && w->why == NULL)
        p->state.n_crashes++;
    for (unsigned i = w->n; i-- > 1;) {
        struct ov_pool_task *t = w->queue[(w->first + i) % OV_POOL_DEPTH].task;

        if (t != NULL)
            ov_pool_line_push_front(&p->waiting, t);
    }
    *w = (struct ov_pool_worker){.child = {0, -1}};
    if (head != NULL)
        ov_pool_finish_lost(p, head, why);
}

/* ---- handing out ---- */

static bool fits(const struct ov_pool_worker *w, const struct ov_pool_task *t)
{
    return w->child.pid != 0 && w->state == OV_PEER_OPEN && !w->is_drained &&
           w->n < OV_POOL_DEPTH &&
           (w->n == 0 || w->queued_bytes + t->len <= QUEUED_BYTES);
}

/* The open worker with the least to do, or NULL. */
static struct ov_pool_worker *find_worker(struct ov_pool *p,
                                          const struct ov_pool_task *t)
{
    struct ov_pool_worker *best = NULL;

    for (unsigned i = 0; i < p->options.n_workers; i++) {
        struct ov_pool_worker *w = &p->workers[i];

        if (fits(w, t) && (best == NULL || w->n < best->n))
            best = w;
    }
    return best;
}

static enum ov_status hand_out(struct ov_pool *p, struct ov_pool_worker *w,
                               struct ov_pool_task *t)
{
    const struct ov_wire_task what = {t->len, t->n_shards, t->shard,
                                      (int64_t)time(NULL)};
    unsigned at = (w->first + w->n) % OV_POOL_DEPTH;

    ov_msg_begin(&p->out, OV_MSG_TASK, ++p->serial);
    ov_wire_put_task(&p->out, &what);
    OV_TRY(ov_msg_end(&p->out));
    OV_TRY(ov_channel_send(w->child.socket, &p->out, t->fd));
    if (w->n == 0) {
        w->queued_bytes = 0;
        w->since_ms = ov_pool_now_ms();
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
        struct ov_pool_worker *w = find_worker(p, p->waiting.first);
        enum ov_status status;

        if (w == NULL)
            return;
        status = hand_out(p, w, p->waiting.first);
        if (status == OV_OK) {
            (void)ov_pool_line_pop(&p->waiting);
        } else {
            w->is_to_end = status != OV_LIMIT_COUNT;
            return;
        }
    }
}

/* Whether one more worker would have enough to do to be worth its start. */
static bool is_backlog(const struct ov_pool *p)
{
    uint64_t now = ov_pool_now_ms();
    uint64_t bytes = 0;
    size_t n = p->waiting.n;

    for (unsigned i = 0; i < p->options.n_workers; i++) {
        const struct ov_pool_worker *w = &p->workers[i];

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
    struct ov_pool_worker *unused = NULL;

    for (unsigned i = 0; i < p->options.n_workers; i++) {
        struct ov_pool_worker *w = &p->workers[i];

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

static struct ov_pool_worker *find_idle(struct ov_pool *p)
{
    for (unsigned i = 0; i < p->options.n_workers; i++) {
        struct ov_pool_worker *w = &p->workers[i];

        if (w->child.pid != 0 && w->state == OV_PEER_OPEN && !w->is_drained &&
            w->n == 0)
            return w;
    }
    return NULL;
}

/* The last task behind a head that takes long, or NULL. */
static struct ov_pool_task *find_stuck(struct ov_pool *p, uint64_t now)
{
    for (unsigned i = 0; i < p->options.n_workers; i++) {
        struct ov_pool_worker *w = &p->workers[i];

        if (w->n < 2 || now - w->since_ms < STEAL_AFTER_MS)
            continue;
        for (unsigned at = w->n; at-- > 1;) {
            unsigned place = (w->first + at) % OV_POOL_DEPTH;
            struct ov_pool_task *t = w->queue[place].task;

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
    uint64_t now = ov_pool_now_ms();
    struct ov_pool_worker *idle = p->waiting.n == 0 ? find_idle(p) : NULL;
    struct ov_pool_task *t = idle != NULL ? find_stuck(p, now) : NULL;

    if (t != NULL) {
        ov_pool_line_push_front(&p->waiting, t);
        dispatch(p);
    }
}

static void look_at_clock(struct ov_pool *p)
{
    uint64_t now = ov_pool_now_ms();

    for (unsigned i = 0; i < p->options.n_workers; i++) {
        struct ov_pool_worker *w = &p->workers[i];
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
            ov_pool_take_messages(p, &p->workers[i]);
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
    ov_pool_go_on_switching(pool);
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

/* Tasks for shards of files that are under way. */
static size_t reserve(const struct ov_pool *p)
{
    return (size_t)p->options.n_workers * OV_POOL_MAX_SHARDS;
}

bool ov_pool_has_room(const struct ov_pool *pool)
{
    return pool->n_unused > reserve(pool) && pool->waiting.n < OV_POOL_DEPTH;
}

size_t ov_pool_n_open(const struct ov_pool *pool)
{
    return pool->n_open;
}

void ov_pool_submit(struct ov_pool *pool, int fd, uint64_t len, void *ticket)
{
    struct ov_pool_task *t = ov_pool_take_task(pool);
    unsigned n = pool->options.n_workers;

    OV_ASSERT(t != NULL);
    *t = (struct ov_pool_task){
        .ticket = ticket,
        .fd = fd,
        .len = len,
        .n_shards = n < OV_POOL_MAX_SHARDS ? n : OV_POOL_MAX_SHARDS,
    };
    ov_pool_line_append(&pool->waiting, t);
    pool->n_open++;
    dispatch(pool);
}

struct ov_pool_state ov_pool_state(const struct ov_pool *pool)
{
    return pool->state;
}

void ov_pool_abandon(struct ov_pool *pool)
{
    for (unsigned i = 0; i < pool->options.n_workers; i++) {
        struct ov_pool_worker *w = &pool->workers[i];

        (void)ov_child_end(&w->child, true); /* its tasks are given back */
        for (; w->n > 0; ov_pool_queue_pop(w)) {
            if (w->queue[w->first].task != NULL)
                ov_pool_finish_abandoned(pool, w->queue[w->first].task);
        }
    }
    while (pool->waiting.n > 0)
        ov_pool_finish_abandoned(pool, ov_pool_line_pop(&pool->waiting));
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
    p->n_tasks =
        (size_t)(p->options.n_workers + 1) * OV_POOL_DEPTH + reserve(p);
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
        p->n_unused++;
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
