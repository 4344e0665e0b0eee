/* SPDX-License-Identifier: Apache-2.0 */

/* overt-guard: holds back who opens or executes a file until the daemon has
 * looked at it. The one process that may do so (CAP_SYS_ADMIN), and it looks
 * into no file: descriptors come from the kernel and go to the daemon, which
 * hands them to jailed workers; answers come back.
 *
 * Whatever happens, nobody waits for ever. If the daemon dies, this process
 * does, and the kernel lets everybody go; if the daemon hangs, the deadlines
 * do (guard_events.c); if this process is held up by a file system, a timer of
 * the kernel ends it.
 *
 * Taken over (by the text of a list of mounts, or by the daemon), it could let
 * files pass or deny them, and read what it can open; it can write nowhere,
 * start nothing and reach nobody but the daemon. */

#include <fcntl.h>
#include <poll.h>
#include <sys/fanotify.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "guard_events.h"
#include "guard_probe.h"
#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/file_writers.h"
#include "sys/sandbox.h"
#include "sys/wire.h"

#define MAX_LIST ((size_t)4 << 20) /* of mounts */
#define MAX_POINT 8192
#define SEARCH_MS 2000 /* for new mount namespaces */
#define HELD_UP_SECONDS 30
#define OTHER_FDS 64u
#define MAX_OPEN (QUEUE_SLOTS + 2 * SPACES_MAX + 2 * 64u + PUMP_FDS + OTHER_FDS)

/* What an opening's descriptor is opened with: a look must not change the
 * file's times, nor wait for what holds a lease on it. */
#define EVENT_FLAGS                                                            \
    (O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NOATIME | O_NONBLOCK)
#define GROUP_FLAGS (FAN_CLOEXEC | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS)

static enum ov_status post(struct guard *g)
{
    OV_TRY(ov_msg_end(&g->out));
    return ov_channel_send(OV_PARENT_FD, &g->out, -1);
}

static enum ov_status say(struct guard *g, enum ov_msg type,
                          const struct ov_wire_guard_told *told)
{
    ov_msg_begin(&g->out, type, 0);
    ov_wire_put_guard_told(&g->out, told);
    return post(g);
}

static void tell(void *data, enum ov_status status, struct ov_span path,
                 const char *words)
{
    const struct ov_wire_guard_told told = {(uint32_t)status, path,
                                            ov_span_str(words)};

    (void)!say(data, OV_MSG_GUARD_TOLD, &told); /* news, no more */
}

static bool open_level(struct guard_groups *groups, unsigned flags)
{
    const unsigned notices = flags | FAN_CLASS_NOTIF;

    groups->openings = fanotify_init(flags | FAN_CLASS_CONTENT, EVENT_FLAGS);
    groups->written = fanotify_init(notices | FAN_REPORT_PIDFD, EVENT_FLAGS);
    if (groups->written < 0) /* a kernel before 5.15 */
        groups->written = fanotify_init(notices, EVENT_FLAGS);
    return groups->openings >= 0 && groups->written >= 0;
}

/* What needs to be opened before the filter closes, and the thread. */
static bool open_groups(void *data)
{
    struct guard *g = data;
    struct guard_groups *groups = g->mounts.groups;

    if (!open_level(&groups[LEVEL_PLAIN], GROUP_FLAGS | FAN_NONBLOCK) ||
        !open_level(&groups[LEVEL_STACKED], GROUP_FLAGS)) {
        g->words = "the kernel gives no permission events";
        return false;
    }
    g->mounts.asks_below = probe_asks_below();
    g->own_list = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    /* From now on we die with the daemon. Has it died before? */
    return g->own_list >= 0 && getppid() == g->rules.daemon &&
           spaces_make(&g->spaces, &g->mounts) == OV_OK &&
           pump_start(&g->pump, groups[LEVEL_STACKED].openings,
                      groups[LEVEL_STACKED].written);
}

static enum ov_status refuse(struct guard *g, enum ov_status status,
                             const char *words)
{
    const struct ov_wire_guard_told told = {.status = (uint32_t)status,
                                            .text = ov_span_str(words)};

    OV_TRY(say(g, OV_MSG_GUARD_FAILED, &told));
    return status;
}

static enum ov_status go_to_jail(struct guard *g)
{
    const struct ov_confine how = {.profile = OV_PROFILE_GUARD,
                                   .start_threads = open_groups,
                                   .data = g,
                                   .max_open = MAX_OPEN};
    struct ov_diag diag = {0};
    struct ov_jail jail;

    if (fcntl(OV_PARENT_FD, F_SETFL, O_NONBLOCK) != 0)
        return OV_IO;
    g->rules.self = getpid();
    g->rules.daemon = getppid();
    g->rules.session = getsid(0);
    if (g->rules.session != g->rules.daemon)
        return refuse(g, OV_USAGE, "the daemon does not lead its session");
    if (ov_confine(&how, &jail, &diag) != OV_OK)
        return refuse(g, OV_DENIED, g->words != NULL ? g->words : diag.text);
    ov_msg_begin(&g->out, OV_MSG_GUARD_READY, 0);
    ov_wire_put_jail(&g->out, &jail);
    g->state = OV_PEER_READY;
    return post(g);
}

/* ---- messages ---- */

static enum ov_status on_settings(struct guard *g, struct ov_span body)
{
    struct ov_wire_guard_settings *s = &g->rules.settings;

    OV_TRY(ov_wire_read_guard_settings(body, s));
    return s->when != 0 && (s->when & ~(uint32_t)OV_GUARD_ALL_WHEN) == 0 &&
                   s->deadline >= OV_GUARD_DEADLINE_MIN &&
                   s->deadline <= OV_GUARD_DEADLINE_MAX
               ? OV_OK
               : OV_MALFORMED;
}

static enum ov_status on_place(struct guard *g, struct ov_span body)
{
    struct ov_wire_guard_place place;

    OV_TRY(ov_wire_read_guard_place(body, &place));
    return guard_rules_add(&g->rules, &place);
}

static enum ov_status on_start(struct guard *g)
{
    if (g->rules.settings.when == 0)
        return OV_MALFORMED;
    mounts_follow(&g->mounts, g->own_list, "");
    spaces_search(&g->spaces);
    g->state = OV_PEER_OPEN;
    g->heard = now_ms();
    ov_msg_begin(&g->out, OV_MSG_GUARD_STARTED, 0);
    ov_put_u64(&g->out, g->mounts.n_guarded);
    return post(g);
}

static enum ov_status on_answer(struct guard *g, const struct ov_message *m)
{
    struct ov_wire_guard_answer a;

    OV_TRY(ov_wire_read_guard_answer(m->body, &a));
    events_answer(g, m->task, &a);
    return OV_OK;
}

/* With each sign of the daemon's life, if they are others. */
static enum ov_status tell_counts(struct guard *g)
{
    const struct ov_wire_guard_counts *c = &g->counts;
    uint64_t n = c->n_ignored + c->n_allowed + c->n_denied + c->n_written;
    enum ov_status status;

    if (g->state != OV_PEER_OPEN || n == g->n_told)
        return OV_OK;
    ov_msg_begin(&g->out, OV_MSG_GUARD_COUNTS, 0);
    ov_wire_put_guard_counts(&g->out, c);
    status = post(g);
    if (status == OV_OK)
        g->n_told = n;
    return status == OV_LIMIT_COUNT ? OV_OK : status; /* else with the next */
}

static enum ov_status handle(struct guard *g, const struct ov_message *m)
{
    switch ((unsigned)m->type) {
    case OV_MSG_GUARD_SETTINGS:
        return on_settings(g, m->body);
    case OV_MSG_GUARD_PLACE:
        return on_place(g, m->body);
    case OV_MSG_GUARD_START:
        return on_start(g);
    case OV_MSG_GUARD_ANSWER:
        return on_answer(g, m);
    case OV_MSG_GUARD_FORGET:
        for (unsigned i = 0; i < N_LEVELS; i++)
            memory_clear(g->mounts.groups[i].openings);
        return OV_OK;
    case OV_MSG_GUARD_ALIVE:
        return tell_counts(g);
    default:
        return OV_MALFORMED;
    }
}

/* All messages that are there. The socket does not block. */
static enum ov_status hear(struct guard *g)
{
    for (;;) {
        OV_AUTO_FD fd = -1;
        struct ov_span packet;
        struct ov_message m;
        enum ov_status status =
            ov_channel_receive(OV_PARENT_FD, g->packet, &packet, &fd);

        if (status == OV_NOT_FOUND)
            return OV_OK;
        OV_TRY(status);
        OV_TRY(ov_msg_decode(packet, fd >= 0, OV_TO_GUARD, g->state, &m));
        OV_TRY(handle(g, &m));
        events_heard(g);
    }
}

/* ---- the loop ---- */

enum {
    POLL_PARENT,
    POLL_OPENINGS,
    POLL_WRITTEN,
    POLL_PUMP,
    POLL_MOUNTS,
    POLL_SPACES,
    N_POLL
};

/* Should a file system hold this thread up for so long, the kernel ends the
 * process; should it be the pump's, we do. Then everybody goes on. */
static enum ov_status wind_up(const struct guard *g)
{
    const struct itimerval t = {.it_value.tv_sec = HELD_UP_SECONDS};
    int64_t since = atomic_load(&g->pump.busy_since);

    (void)!setitimer(ITIMER_REAL, &t, NULL); /* cannot fail */
    return since != 0 && now_ms() - since > HELD_UP_SECONDS * 1000
               ? OV_TIMED_OUT
               : OV_OK;
}

static void wait_for(const struct guard *g, struct pollfd *p, int64_t search)
{
    const struct guard_groups *plain = &g->mounts.groups[LEVEL_PLAIN];
    int64_t until = events_deadline(g);
    int64_t wait;
    struct timespec t;

    p[POLL_PARENT] = (struct pollfd){.fd = OV_PARENT_FD, .events = POLLIN};
    if (g->queue.unasked != QUEUE_NONE)
        p[POLL_PARENT].events |= POLLOUT;
    p[POLL_OPENINGS] = (struct pollfd){.fd = plain->openings, .events = POLLIN};
    p[POLL_WRITTEN] = (struct pollfd){.fd = plain->written, .events = POLLIN};
    p[POLL_PUMP] = (struct pollfd){.fd = g->pump.out, .events = POLLIN};
    p[POLL_MOUNTS] = (struct pollfd){.fd = g->own_list, .events = POLLPRI};
    p[POLL_SPACES] = (struct pollfd){.fd = g->spaces.epoll, .events = POLLIN};
    if (until < 0 || until > search)
        until = search;
    wait = until - now_ms();
    wait = wait < 0 ? 0 : wait;
    t = (struct timespec){wait / 1000, wait % 1000 * 1000000};
    (void)!ppoll(p, N_POLL, &t, NULL); /* revents stay 0 if it fails */
}

static enum ov_status serve(struct guard *g)
{
    struct pollfd p[N_POLL] = {{0}};
    int64_t search = now_ms() + SEARCH_MS;

    for (;;) {
        OV_TRY(wind_up(g));
        wait_for(g, p, search);
        OV_TRY(hear(g));
        if (g->state != OV_PEER_OPEN)
            continue;
        if (p[POLL_MOUNTS].revents != 0)
            mounts_follow(&g->mounts, g->own_list, "");
        if (p[POLL_SPACES].revents != 0)
            spaces_turn(&g->spaces);
        events_read_openings(g);
        events_read_written(g);
        events_read_pump(g);
        OV_TRY(events_ask(g));
        events_expire(g);
        if (now_ms() >= search) {
            spaces_search(&g->spaces);
            search = now_ms() + SEARCH_MS;
        }
    }
}

static struct guard *make_guard(void)
{
    struct guard *g = ov_alloc(sizeof(*g));

    if (g == NULL || queue_make(&g->queue) != OV_OK)
        return NULL;
    g->packet = ov_alloc(OV_MSG_MAX);
    g->out = ov_buf_with_max(OV_MSG_MAX);
    g->own_list = -1;
    g->state = OV_PEER_STARTING;
    g->mounts = (struct guard_mounts){.rules = &g->rules,
                                      .tell = tell,
                                      .data = g,
                                      .list = ov_buf_with_max(MAX_LIST),
                                      .path = ov_buf_with_max(MAX_POINT)};
    return g->packet != NULL ? g : NULL;
}

int main(void)
{
    struct guard *g = make_guard();
    enum ov_status status;

    if (g == NULL)
        return 1;
    ov_file_writers_prepare();
    status = go_to_jail(g);
    if (status == OV_OK)
        status = serve(g);
    return status == OV_PEER_GONE ? 0 : 1;
}
