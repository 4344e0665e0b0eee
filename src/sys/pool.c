/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/pool.h"

#include <limits.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "sys/channel.h"
#include "sys/fd.h"
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
#define START_AGAIN_MS 500
#define EVENTS_A_TURN 16

static const char *const reason_words[] = {
#define OV_REASON(id, word) [id] = word,
#include <overt/reason.def>
#undef OV_REASON
};

/* The jail sets its own limit, and the lower of the two holds. */
static void set_memory_max(const struct ov_pool *p, pid_t pid)
{
    const struct rlimit limit = {p->options.memory_max, p->options.memory_max};

    if (limit.rlim_max > 0) /* fails only if it has ended already */
        (void)!prlimit(pid, RLIMIT_DATA, &limit, NULL);
}

static void worker_start(struct ov_pool *p, struct ov_pool_worker *w)
{
    struct ov_diag diag = {0};
    unsigned n_helpers = p->options.n_workers - 1;
    unsigned flags =
        p->options.spawn_flags | OV_SPAWN_NONBLOCKING |
        OV_SPAWN_HELPERS(n_helpers < OV_HELPERS_MAX ? n_helpers
                                                    : OV_HELPERS_MAX);
    enum ov_status status = ov_spawn("worker", flags, &w->child, &diag);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = w};

    if (status != OV_OK && p->state.is_open) {
        /* It could be done before, and may be again: descriptors, memory. */
        p->no_start_before_ms = ov_pool_now_ms() + START_AGAIN_MS;
        return;
    }
    if (status != OV_OK) {
        ov_pool_fail(p, status, diag.text);
        return;
    }
    set_memory_max(p, w->child.pid);
    w->state = OV_PEER_STARTING;
    w->since_ms = ov_pool_now_ms();
    if (epoll_ctl(p->poll_fd, EPOLL_CTL_ADD, w->child.socket, &event) != 0)
        w->is_to_end = true;
}

/* Before the socket is closed: a process that was forked meanwhile may hold it,
 * too, and then the kernel would go on telling of it. */
static void end_child(struct ov_pool *p, struct ov_pool_worker *w)
{
    if (w->child.pid != 0) /* or it was never added */
        (void)!epoll_ctl(p->poll_fd, EPOLL_CTL_DEL, w->child.socket, NULL);
    (void)ov_child_end(&w->child, true); /* how it died changes nothing */
}

/* The worker is gone or has to go: its head is lost, the rest waits again. */
static void worker_end(struct ov_pool *p, struct ov_pool_worker *w)
{
    const char *why = w->why != NULL ? w->why : reason_words[OV_REASON_CRASHED];
    struct ov_pool_task *head = w->n > 0 ? w->queue[w->first].task : NULL;

    end_child(p, w);
    if (w->state != OV_PEER_OPEN && ++p->failed_starts > MAX_FAILED_STARTS)
        ov_pool_fail(p, OV_PEER_GONE, "workers die before they can work");
    else if (w->state == OV_PEER_OPEN && w->why == NULL && !w->is_retiring)
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

static bool is_at_work(const struct ov_pool_worker *w)
{
    return w->child.pid != 0 && w->state == OV_PEER_OPEN && !w->is_drained &&
           !w->is_retiring;
}

static bool fits(const struct ov_pool_worker *w, const struct ov_pool_task *t)
{
    return is_at_work(w) && w->n < OV_POOL_DEPTH &&
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
    struct ov_wire_task what = {.len = t->len,
                                .n_shards = t->n_shards,
                                .shard = t->shard,
                                .now = (int64_t)time(NULL),
                                .n_regions = t->n_regions,
                                .flags = t->flags};
    unsigned at = (w->first + w->n) % OV_POOL_DEPTH;

    if (p->options.name != NULL)
        p->options.name(t->ticket, &what.path, &what.owner);
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
        else if (!w->is_retiring && (w->state != OV_PEER_OPEN || w->n == 0))
            return;
    }
    if (unused == NULL || p->n_open == 0 || !is_backlog(p) ||
        ov_pool_now_ms() < p->no_start_before_ms)
        return;
    if ((unsigned)(unused - p->workers) >= p->state.n_workers)
        p->state.n_workers++;
    worker_start(p, unused);
}

static struct ov_pool_worker *find_idle(struct ov_pool *p)
{
    for (unsigned i = 0; i < p->options.n_workers; i++) {
        struct ov_pool_worker *w = &p->workers[i];

        if (is_at_work(w) && w->n == 0)
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

/* Memory that a worker lost hold of, or a state that a file left it in, does
 * not stay for ever. One at a time, and it does what is in its queue. */
static void retire_old_workers(struct ov_pool *p)
{
    struct ov_pool_worker *oldest = NULL;

    for (unsigned i = 0; i < p->options.n_workers; i++) {
        struct ov_pool_worker *w = &p->workers[i];

        if (w->is_retiring) {
            w->is_to_end |= w->n == 0;
            return;
        }
        if (is_at_work(w) && w->n_done >= p->options.recycle_after &&
            (oldest == NULL || w->n_done > oldest->n_done))
            oldest = w;
    }
    if (oldest != NULL && p->options.recycle_after > 0 &&
        !p->state.is_switching)
        oldest->is_retiring = true;
}

/* Who has nothing to do gives all its memory back: the next task starts a
 * worker in some milliseconds. */
static void end_idle_workers(struct ov_pool *p)
{
    uint64_t limit = p->options.idle_after_ms;

    if (limit == 0 || p->state.is_switching || p->waiting.n > 0)
        return;
    for (unsigned i = 0; i < p->options.n_workers; i++) {
        struct ov_pool_worker *w = &p->workers[i];

        if (is_at_work(w) && w->n == 0 &&
            ov_pool_now_ms() - w->since_ms >= limit)
            w->is_to_end = w->is_retiring = true;
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
    struct epoll_event events[EVENTS_A_TURN];
    int n = epoll_wait(p->poll_fd, events, EVENTS_A_TURN, timeout_ms);

    for (int i = 0; i < n; i++)
        ov_pool_take_messages(p, events[i].data.ptr);
}

enum ov_status ov_pool_wait(struct ov_pool *pool, int timeout_ms,
                            struct ov_diag *diag)
{
    int limit = pool->n_open > 1 ? STEAL_AFTER_MS : 1000;

    start_if_needed(pool);
    dispatch(pool);
    poll_workers(pool, timeout_ms < limit ? timeout_ms : limit);
    look_at_clock(pool);
    retire_old_workers(pool);
    end_idle_workers(pool);
    end_bad_workers(pool);
    ov_pool_go_on_switching(pool);
    start_if_needed(pool);
    dispatch(pool);
    steal(pool);
    if (pool->fatal != OV_OK && diag != NULL)
        *diag = pool->diag;
    return pool->fatal;
}

void ov_pool_start_one(struct ov_pool *p)
{
    if (p->workers[0].child.pid == 0 &&
        ov_pool_now_ms() >= p->no_start_before_ms)
        worker_start(p, &p->workers[0]);
}

void ov_pool_start(struct ov_pool *pool)
{
    if (pool->state.n_workers > 0)
        return;
    pool->state.n_workers = 1;
    worker_start(pool, &pool->workers[0]);
}

enum ov_status ov_pool_open(struct ov_pool *pool, struct ov_diag *diag)
{
    if (pool->state.is_open)
        return OV_OK;
    ov_pool_start(pool);
    return ov_pool_wait(pool, OPEN_WAIT_MS, diag);
}

int ov_pool_fd(const struct ov_pool *pool)
{
    return pool->poll_fd;
}

/* Until a worker has had its time; INT_MAX: nothing will happen to it. */
static int time_left(const struct ov_pool *p, const struct ov_pool_worker *w)
{
    bool is_idle = w->state == OV_PEER_OPEN && w->n == 0;
    uint64_t limit =
        w->state == OV_PEER_OPEN ? p->options.timeout_ms : START_TIMEOUT_MS;
    uint64_t gone = ov_pool_now_ms() - w->since_ms;

    if (is_idle)
        limit = p->options.idle_after_ms;
    if (w->child.pid == 0 || (is_idle && limit == 0))
        return INT_MAX;
    if (w->is_to_end || gone >= limit)
        return 0;
    return limit - gone < INT_MAX ? (int)(limit - gone) : INT_MAX;
}

int ov_pool_time_left(const struct ov_pool *pool)
{
    int least = INT_MAX;

    if (pool->n_open > 1 || pool->waiting.n > 0 || pool->state.is_switching)
        least = STEAL_AFTER_MS;
    for (unsigned i = 0; i < pool->options.n_workers; i++) {
        int left = time_left(pool, &pool->workers[i]);

        least = left < least ? left : least;
    }
    return least == INT_MAX ? -1 : least;
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

static void submit(struct ov_pool *pool, const struct ov_pool_task *task)
{
    struct ov_pool_task *t = ov_pool_take_task(pool);

    OV_ASSERT(t != NULL);
    *t = *task;
    ov_pool_line_append(&pool->waiting, t);
    pool->n_open++;
    dispatch(pool);
}

void ov_pool_submit_with(struct ov_pool *pool, int fd, uint64_t len,
                         uint32_t flags, void *ticket)
{
    unsigned n = pool->options.n_workers;
    const struct ov_pool_task task = {
        .ticket = ticket,
        .fd = fd,
        .len = len,
        .flags = flags,
        .n_shards = n < OV_POOL_MAX_SHARDS ? n : OV_POOL_MAX_SHARDS,
    };

    submit(pool, &task);
}

void ov_pool_submit(struct ov_pool *pool, int fd, uint64_t len, void *ticket)
{
    ov_pool_submit_with(pool, fd, len, 0, ticket);
}

void ov_pool_submit_process(struct ov_pool *pool, int fd, uint64_t len,
                            uint32_t n_regions, void *ticket)
{
    const struct ov_pool_task task = {
        .ticket = ticket, .fd = fd, .len = len, .n_regions = n_regions};

    submit(pool, &task);
}

struct ov_pool_state ov_pool_state(const struct ov_pool *pool)
{
    return pool->state;
}

void ov_pool_abandon(struct ov_pool *pool)
{
    for (unsigned i = 0; i < pool->options.n_workers; i++) {
        struct ov_pool_worker *w = &pool->workers[i];

        end_child(pool, w);
        for (; w->n > 0; ov_pool_queue_pop(w)) {
            if (w->queue[w->first].task != NULL)
                ov_pool_finish_abandoned(pool, w->queue[w->first].task);
        }
    }
    while (pool->waiting.n > 0)
        ov_pool_finish_abandoned(pool, ov_pool_line_pop(&pool->waiting));
}

unsigned ov_pool_processors(void)
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
    p->tasks = ov_alloc_array(p->n_tasks, sizeof(*p->tasks));
    p->packet = ov_alloc(OV_MSG_MAX);
    p->out = ov_buf_with_max(OV_MSG_MAX);
    if (p->workers == NULL || p->tasks == NULL || p->packet == NULL)
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
    p->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (p->poll_fd < 0)
        return OV_IO;
    p->options = *options;
    if (p->options.n_workers == 0)
        p->options.n_workers = ov_pool_processors();
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
        end_child(pool, &pool->workers[i]);
    ov_fd_cleanup(&pool->poll_fd);
    ov_free(pool->workers);
    ov_free(pool->tasks);
    ov_free(pool->packet);
    ov_buf_done(&pool->out);
    ov_free(pool);
}
