/* SPDX-License-Identifier: Apache-2.0 */

/* From the kernel's question to its answer.
 *
 * Whoever opens a guarded file waits in the kernel until an answer is written
 * for the descriptor that came with the question. We keep that descriptor and
 * hand a copy to the daemon. What needs no look is answered at once: the
 * daemon's own openings, what is excluded, what is no file or an empty one.
 *
 * Nobody waits longer than the deadline. If the daemon says nothing at all for
 * as long as that, though it is asked and is to give a sign of life all the
 * while, then nobody waits any more until it is heard again. If this process
 * ends, the kernel lets everybody go.
 *
 * Never may descriptors run out: the kernel would deny what it cannot hand to
 * us. So no more is read than there are free slots.
 *
 * Source: fanotify(7). */
#include "guard_events.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/sandbox.h"

#define EVENTS_AT_ONCE 64u
#define READS_AT_ONCE 16u

struct event {
    uint64_t mask;
    int fd;
    pid_t pid;
    int pidfd;
};

static void answer(int group, int fd, bool denies)
{
    const struct fanotify_response response = {
        .fd = fd, .response = denies ? FAN_DENY : FAN_ALLOW};

    /* Fails only if the one who waited was killed. */
    (void)!write(group, &response, sizeof(response));
}

/* The path of what is open there, and whether it leads there for us, too. */
static struct ov_span path_of(int fd, char *room, size_t size, bool *ret_here)
{
    char link[32];
    struct stat a;
    struct stat b;
    ssize_t got;

    *ret_here = false;
    (void)!snprintf(link, sizeof(link), "/proc/self/fd/%d", fd); /* fits */
    got = readlinkat(AT_FDCWD, link, room, size - 1);
    if (got <= 0)
        return OV_SPAN_LIT("?");
    room[got] = '\0';
    *ret_here = fstat(fd, &a) == 0 && lstat(room, &b) == 0 &&
                a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    return ov_span_of(room, (size_t)got);
}

static enum ov_status tell_file(struct guard *g, enum ov_msg type,
                                uint32_t name, const struct waiting *w)
{
    char room[PATH_MAX + 1];
    struct ov_wire_guard_file file = {
        .when = w->when, .pid = w->pid, .uid = w->uid, .len = w->before.len};

    file.path = path_of(w->fd, room, sizeof(room), &file.is_here);
    ov_msg_begin(&g->out, type, name);
    ov_wire_put_guard_file(&g->out, &file);
    OV_TRY(ov_msg_end(&g->out));
    return ov_channel_send(OV_PARENT_FD, &g->out,
                           type == OV_MSG_GUARD_ASK ? w->fd : -1);
}

enum ov_status events_ask(struct guard *g)
{
    while (g->queue.unasked != QUEUE_NONE) {
        uint32_t at = g->queue.unasked;
        enum ov_status status =
            tell_file(g, OV_MSG_GUARD_ASK, queue_name(&g->queue, at),
                      &g->queue.slots[at]);

        if (status == OV_LIMIT_COUNT)
            return OV_OK; /* later */
        OV_TRY(status);
        if (g->queue.oldest == at)
            g->heard = now_ms(); /* only now it has something to say */
        queue_asked(&g->queue);
        if (g->queue.slots[at].when == OV_GUARD_WRITTEN)
            queue_remove(&g->queue, at); /* nobody waits */
    }
    return OV_OK;
}

/* Somebody waits for it. */
static void answer_question(struct guard *g, const struct waiting *w,
                            bool denies)
{
    if (denies)
        g->counts.n_denied++;
    else
        g->counts.n_allowed++;
    answer(w->group, w->fd, denies);
}

void events_answer(struct guard *g, uint32_t name,
                   const struct ov_wire_guard_answer *a)
{
    uint32_t at = queue_find(&g->queue, name);
    const struct waiting *w;

    if (at == QUEUE_NONE)
        return;
    w = &g->queue.slots[at];
    if (!a->denies && a->may_remember)
        memory_add(w->group, w->fd, &w->before);
    answer_question(g, w, a->denies);
    queue_remove(&g->queue, at);
}

static void let_go(struct guard *g, uint32_t at)
{
    const struct waiting *w = &g->queue.slots[at];

    /* First the one who waits, then the news of it. */
    if (w->when != OV_GUARD_WRITTEN)
        answer_question(g, w, g->rules.settings.denies_late);
    if (g->is_silent ||
        tell_file(g, OV_MSG_GUARD_LATE, queue_name(&g->queue, at), w) != OV_OK)
        g->n_unseen++;
    queue_remove(&g->queue, at);
}

void events_expire(struct guard *g)
{
    int64_t now = now_ms();
    int64_t patience = g->rules.settings.deadline;

    if (!g->is_silent && g->queue.oldest != QUEUE_NONE &&
        now - g->heard >= patience)
        g->is_silent = now >= g->queue.slots[g->queue.oldest].deadline;
    while (g->queue.oldest != QUEUE_NONE &&
           (g->is_silent || g->queue.slots[g->queue.oldest].deadline <= now))
        let_go(g, g->queue.oldest);
}

void events_heard(struct guard *g)
{
    char words[96];

    g->heard = now_ms();
    g->is_silent = false;
    if (g->n_unseen == 0)
        return;
    (void)!snprintf(words, sizeof(words), "%llu files %s without a check",
                    (unsigned long long)g->n_unseen,
                    g->rules.settings.denies_late ? "were denied" : "went on");
    g->n_unseen = 0;
    g->mounts.tell(g, OV_TIMED_OUT, OV_SPAN_LIT(""), words);
}

int64_t events_deadline(const struct guard *g)
{
    return g->queue.oldest == QUEUE_NONE
               ? -1
               : g->queue.slots[g->queue.oldest].deadline;
}

/* ---- openings ---- */

/* Whether this has to be looked at; then *w is complete but for its fd. */
static bool is_question(struct guard *g, pid_t pid, int fd, struct waiting *w)
{
    char room[PATH_MAX + 1];
    struct ov_span path;
    bool is_here;
    mode_t mode;

    if (!file_state_take(fd, &w->before, &mode) || !S_ISREG(mode) ||
        w->before.len == 0)
        return false;
    spaces_meet(&g->spaces, pid);
    if (is_skipped_process(&g->rules, pid, &w->uid))
        return false;
    path = path_of(fd, room, sizeof(room), &is_here);
    return !is_skipped_path(&g->rules, path, is_here);
}

/* One of our own, though we open nothing that is guarded: it is what an overlay
 * has opened below while the pump was reading of it. */
static void on_asked_below(struct guard *g)
{
    if (g->mounts.asks_below)
        return;
    mounts_ask_below(&g->mounts);
    mounts_follow(&g->mounts, g->own_list, "");
    spaces_follow(&g->spaces);
}

static void take_opening(struct guard *g, enum guard_level level,
                         const struct event *e)
{
    OV_AUTO_FD fd = e->fd;
    struct waiting w = {
        .when =
            (e->mask & FAN_OPEN_EXEC_PERM) != 0 ? OV_GUARD_EXEC : OV_GUARD_OPEN,
        .group = g->mounts.groups[level].openings,
        .pid = e->pid > 0 ? (uint32_t)e->pid : 0,
        .deadline = now_ms() + g->rules.settings.deadline,
    };

    if (fd < 0)
        return;
    if ((e->mask & (FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM)) == 0) {
        memory_remove(w.group, fd); /* see guard_memory.c */
        return;
    }
    if (is_own_process(&g->rules, e->pid) || !is_question(g, e->pid, fd, &w)) {
        g->counts.n_ignored++;
        answer(w.group, fd, false);
        if (e->pid == g->rules.self)
            on_asked_below(g);
        return;
    }
    w.fd = ov_fd_steal(&fd);
    if (g->is_silent) {
        g->n_unseen++;
        answer_question(g, &w, g->rules.settings.denies_late);
        ov_fd_cleanup(&w.fd);
        return;
    }
    (void)queue_add(&g->queue, &w);
}

/* ---- written ---- */

/* Nobody waits, so the process may be gone and its number another's by now:
 * the daemon's own are only believed to be that while they live. */
static bool is_alive(int pidfd)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    const struct timespec at_once = {0};

    return pidfd >= 0 && ppoll(&p, 1, &at_once, NULL) == 0;
}

static void take_written(struct guard *g, enum guard_level level,
                         const struct event *e)
{
    OV_AUTO_FD fd = e->fd;
    OV_AUTO_FD pidfd = e->pidfd;
    struct waiting w = {.when = OV_GUARD_WRITTEN,
                        .pid = e->pid > 0 ? (uint32_t)e->pid : 0,
                        .deadline = now_ms() + g->rules.settings.deadline};

    (void)level; /* no answer is due */
    if (fd < 0 || (is_own_process(&g->rules, e->pid) && is_alive(pidfd)))
        return;
    if (!is_question(g, e->pid, fd, &w))
        return;
    g->counts.n_written++;
    if (g->is_silent) {
        g->n_unseen++;
        return;
    }
    w.fd = ov_fd_steal(&fd);
    (void)queue_add(&g->queue, &w);
}

/* ---- reading ---- */

typedef void take_function(struct guard *, enum guard_level,
                           const struct event *);

/* One event and what came with it; false if these are not the bytes of one. */
static bool read_event(struct ov_span bytes, struct event *ret, uint32_t *len)
{
    struct fanotify_event_metadata head;
    struct fanotify_event_info_pidfd info;

    if (bytes.len < sizeof(head))
        return false;
    memcpy(&head, bytes.ptr, sizeof(head));
    if (head.vers != FANOTIFY_METADATA_VERSION ||
        head.event_len < sizeof(head) || head.event_len > bytes.len)
        return false;
    *ret = (struct event){head.mask, head.fd, head.pid, -1};
    *len = head.event_len;
    if (head.event_len < sizeof(head) + sizeof(info))
        return true;
    memcpy(&info, bytes.ptr + sizeof(head), sizeof(info));
    if (info.hdr.info_type == FAN_EVENT_INFO_TYPE_PIDFD)
        ret->pidfd = info.pidfd;
    return true;
}

static void take_all(struct guard *g, enum guard_level level,
                     struct ov_span bytes, take_function *take)
{
    struct event e;
    uint32_t len;

    for (; read_event(bytes, &e, &len);
         bytes = ov_span_clip(bytes, len, SIZE_MAX))
        take(g, level, &e);
}

static bool read_events(struct guard *g, int group, take_function *take)
{
    uint8_t room[EVENTS_AT_ONCE * FAN_EVENT_METADATA_LEN];
    ssize_t got = read(group, room, sizeof(room));

    if (got <= 0)
        return false;
    take_all(g, LEVEL_PLAIN, ov_span_of(room, (size_t)got), take);
    return true;
}

void events_read_openings(struct guard *g)
{
    for (size_t i = 0; i < READS_AT_ONCE; i++)
        if (g->queue.n_free < EVENTS_AT_ONCE ||
            !read_events(g, g->mounts.groups[LEVEL_PLAIN].openings,
                         take_opening))
            return;
}

/* Half of the slots are for those who wait. */
void events_read_written(struct guard *g)
{
    for (size_t i = 0; i < READS_AT_ONCE; i++)
        if (g->queue.n_free < QUEUE_SLOTS / 2 + EVENTS_AT_ONCE ||
            !read_events(g, g->mounts.groups[LEVEL_PLAIN].written,
                         take_written))
            return;
}

void events_read_pump(struct guard *g)
{
    struct pump_packet packet;
    size_t len;

    for (size_t i = 0; i < READS_AT_ONCE; i++) {
        if (g->queue.n_free < PUMP_EVENTS ||
            !pump_take(&g->pump, &packet, &len))
            return;
        take_all(g, LEVEL_STACKED, ov_span_of(packet.events, len),
                 packet.kind == PUMP_OPENINGS ? take_opening : take_written);
    }
}
