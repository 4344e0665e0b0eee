/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "clean_cache.h"
#include "desk_ring.h"
#include "first_text.h"
#include "host/scan_name.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/file_writers.h"

/* Peers with something in line form a ring; the first of them gives one request
 * and goes to the end. A request that is with the workers has a ticket, which
 * stays when the request is cancelled: what a worker does can't be called back.
 * There are few tickets, so that whoever comes next waits for few files of
 * others, and enough that no worker waits for the next.
 *
 * The pool is only called from turn(), which the loop calls when the pool has
 * something, when its time is up, or after a submit; so everything that is told
 * is told from there.
 *
 * Workers that can't be started end a pool. Its requests are inconclusive, and
 * another one is tried after a moment: what was missing (descriptors, memory)
 * may be there again.
 *
 * What was found clean is not scanned again while it has not changed and the
 * rules have not (clean_cache.h). While workers change to other rules nobody
 * can say which of them a file met: nothing is remembered or known then. The
 * guard's questions are always scanned: the kernel remembers for it, and it
 * asks again when there is reason to.
 *
 * A program in which rules find nothing may be known to the cloud: its ticket
 * waits for that, and not the loop.
 *
 * Limits: a ticket keeps the first FIRST_MAX bytes of the first rule's name. */

#define TICKETS_A_WORKER 8
#define RETRY_MS 1000
#define FED_A_TURN 256

struct desk_ticket {
    struct desk *desk;
    struct desk_request *request; /* NULL: nobody waits for it any more */
    struct desk_ticket *next;
    struct stat before;
    struct clean_place place;
    bool is_still; /* before; the place is known then */
    uint64_t started_ms;
    int64_t began;      /* seconds since 1970 */
    uint64_t n_changes; /* of rules, before */
    struct first rule;
    struct first reason;
    struct first detail;
    struct first type;
    struct ov_pool_result result; /* while the cloud is asked; owns its fd */
    struct cloud_look look;
    bool is_official;
    bool is_changed;
    unsigned n_detections;
    unsigned n_allowed;
    struct finding finding; /* the first of them */
};

struct desk {
    struct desk_options options;
    struct ov_pool *pool;
    struct ov_pool_images images; /* owned; n 0: none yet */
    struct ov_pool_images next;   /* being switched to, or waiting for it */
    bool is_switching;
    bool tries_all; /* rules of each file */
    bool is_open;   /* told that rules are there */
    struct ov_loop_watch watch;
    struct ov_loop_timer timer;
    struct desk_peer *ring; /* the last of them; its next is the first */
    struct desk_ticket *tickets;
    size_t n_tickets;
    struct desk_ticket *unused;
    struct desk_hook *hooks;
    struct desk_state state;
    struct clean_cache *clean; /* NULL: none */
    struct scan_names names;
    uint64_t n_changes; /* beginnings and ends of changes of rules */
};

static void schedule(struct desk *d, uint64_t after_ms)
{
    ov_loop_timer_set(d->options.loop, &d->timer, after_ms);
}

static void close_images(struct ov_pool_images *images)
{
    while (images->n > 0)
        ov_fd_cleanup(&images->fds[--images->n]);
}

/* ---- findings ---- */

static bool is_allowed(const struct desk_ticket *t,
                       const struct ov_wire_detection *w)
{
    for (const struct desk_hook *h = t->desk->hooks; h != NULL; h = h->next)
        if (h->allows != NULL && h->allows(h->data, t->request, w))
            return true;
    return false;
}

/* Whether who asked hears of more than the first. */
static bool wants_all(const struct desk_ticket *t)
{
    return t->request->all_matches || !t->desk->tries_all ||
           (t->desk->options.open.flags & OV_SCAN_ALL_MATCHES) != 0;
}

static void on_detection(void *ticket, const struct ov_wire_detection *w)
{
    struct desk_ticket *t = ticket;

    if (t->request == NULL)
        return;
    if (is_allowed(t, w)) {
        t->n_allowed++;
        return;
    }
    if (t->n_detections++ == 0) {
        first_keep(&t->rule, w->rule);
        t->is_official = (w->flags & OV_RULE_OFFICIAL) != 0;
        (void)!finding_set(&t->finding, w); /* the rule's name is kept */
    } else if (!wants_all(t)) {
        return;
    }
    if (t->request->detection != NULL)
        t->request->detection(t->request, w);
}

static void on_cost(void *ticket, const struct ov_rule_cost *c)
{
    const struct desk_ticket *t = ticket;

    for (const struct desk_hook *h = t->desk->hooks; h != NULL; h = h->next)
        if (h->cost != NULL)
            h->cost(h->data, c);
}

static void on_name(void *ticket, struct ov_span *ret_path,
                    struct ov_span *ret_owner)
{
    const struct desk_ticket *t = ticket;

    if (t->request != NULL && t->request->path != NULL)
        scan_names_tell(&t->desk->names, t->request->path, t->before.st_uid,
                        ret_path, ret_owner);
}

static void on_inconclusive(void *ticket, const struct ov_wire_inconclusive *w)
{
    struct desk_ticket *t = ticket;

    if (t->request == NULL)
        return;
    if (t->reason.len == 0) {
        first_keep(&t->reason, w->reason);
        first_keep(&t->detail, w->detail);
    }
    if (t->request->inconclusive != NULL)
        t->request->inconclusive(t->request, w);
}

static void say_inconclusive(struct desk_ticket *t, const char *reason,
                             const char *detail)
{
    const struct ov_wire_inconclusive w = {.reason = ov_span_str(reason),
                                           .detail = ov_span_str(detail)};

    on_inconclusive(t, &w);
}

/* ---- ends ---- */

static void give_back(struct desk *d, struct desk_ticket *t)
{
    finding_done(&t->finding);
    t->next = d->unused;
    d->unused = t;
    d->state.n_running--;
}

static unsigned since(const struct desk *d, uint64_t ms)
{
    uint64_t now = ov_loop_now(d->options.loop);

    return now < ms ? 0 : now - ms < UINT_MAX ? (unsigned)(now - ms) : UINT_MAX;
}

/* What counts for the file as a whole. */
static enum ov_verdict verdict_of(const struct desk_ticket *t,
                                  const struct ov_pool_result *r)
{
    if (r->is_abandoned)
        return OV_INCONCLUSIVE;
    /* All that was found is allowed. */
    if ((r->verdict == OV_DETECTED || r->verdict == OV_UNWANTED) &&
        t->n_detections == 0)
        return t->reason.len > 0 ? OV_INCONCLUSIVE : OV_CLEAN;
    if (t->is_changed && r->verdict < OV_INCONCLUSIVE)
        return OV_INCONCLUSIVE;
    return r->verdict;
}

static void tell_done(struct desk *d, struct desk_request *r,
                      const struct desk_result *result)
{
    r->ticket = NULL;
    d->state.n_done++;
    d->state.by_verdict[result->verdict]++;
    d->state.n_bytes += r->len;
    for (const struct desk_hook *h = d->hooks; h != NULL; h = h->next)
        if (h->done != NULL)
            h->done(h->data, r, result);
    r->done(r, result);
}

/* Other rules are about to be used, or are from now on. */
static void forget_clean(struct desk *d)
{
    d->n_changes++;
    if (d->clean != NULL)
        clean_cache_clear(d->clean);
}

static void remember_clean(struct desk *d, const struct desk_ticket *t,
                           const struct desk_result *result)
{
    uint64_t mount;

    if (t->is_still && result->verdict == OV_CLEAN && result->n_allowed == 0 &&
        !d->is_switching && t->n_changes == d->n_changes &&
        clean_cache_is_still(result->fd, &mount) && mount == t->place.mount)
        clean_cache_add(d->clean, &t->before, &t->place, t->began);
}

static void finish(struct desk_ticket *t, const struct ov_pool_result *r)
{
    struct desk *d = t->desk;
    struct desk_request *request = t->request;
    struct desk_result result = {.type = r->type,
                                 .n_objects = r->n_objects,
                                 .n_bytes = r->n_bytes,
                                 .fd = r->fd};
    struct stat after;

    if (request == NULL) {
        give_back(d, t);
        return;
    }
    if (r->is_abandoned) {
        say_inconclusive(t, "crashed", "no worker can be started");
    } else if (fstat(r->fd, &after) != 0 ||
               !ov_file_is_same(&t->before, &after)) {
        t->is_changed = true;
        say_inconclusive(t, "changed", "during the scan");
    }
    result.verdict = verdict_of(t, r);
    result.rule = first_span(&t->rule);
    result.is_official = t->is_official;
    result.reason = first_span(&t->reason);
    result.detail = first_span(&t->detail);
    result.n_detections = t->n_detections;
    result.n_allowed = t->n_allowed;
    result.is_changed = t->is_changed;
    result.finding = t->finding.is_set ? &t->finding : NULL;
    result.took_ms = since(d, request->since_ms);
    result.waited_ms = result.took_ms - since(d, t->started_ms);
    remember_clean(d, t, &result);
    tell_done(d, request, &result);
    give_back(d, t);
}

/* ---- the cloud ---- */

static void take_word(struct desk_ticket *t, const struct cloud_word *w)
{
    const struct ov_wire_detection found = {.rule = ov_span_str(w->rule),
                                            .kind = OV_SPAN_LIT("reputation"),
                                            .type = t->result.type,
                                            .object_len = t->request->len};

    if (w->word == SCAN_CLOUD_UNKNOWN) {
        say_inconclusive(t, "unconfirmed", "cloud");
        t->result.verdict = OV_INCONCLUSIVE;
    } else if (w->word == SCAN_CLOUD_BAD) {
        on_detection(t, &found);
        t->result.verdict = w->is_unwanted ? OV_UNWANTED : OV_DETECTED;
    }
}

static void on_word(void *ticket, const struct cloud_word *w)
{
    struct desk_ticket *t = ticket;
    struct desk *d = t->desk;
    int fd = t->result.fd;

    if (t->request != NULL)
        take_word(t, w);
    finish(t, &t->result);
    ov_fd_cleanup(&fd);
    schedule(d, 0); /* there is a ticket again */
}

/* Programs that no rule knows. True: it goes on in on_word. */
static bool ask_cloud(struct desk_ticket *t, const struct ov_pool_result *r)
{
    struct desk *d = t->desk;
    const struct cloud_word unknown = {.word = SCAN_CLOUD_UNKNOWN};

    if (d->options.cloud == NULL || t->request == NULL || r->is_abandoned ||
        r->verdict != OV_CLEAN || t->n_allowed > 0 ||
        !scan_cloud_is_program(r->fd))
        return false;
    first_keep(&t->type, r->type);
    t->result = *r;
    t->result.type = first_span(&t->type);
    t->result.fd = fcntl(r->fd, F_DUPFD_CLOEXEC, 0);
    t->look = (struct cloud_look){.data = t, .done = on_word};
    if (t->result.fd >= 0)
        t->request->scan_fd = t->result.fd;
    if (t->result.fd < 0 ||
        !cloud_link_look_up(d->options.cloud, &t->look, t->result.fd)) {
        ov_fd_cleanup(&t->result.fd);
        t->request->scan_fd = r->fd;
        t->result.fd = r->fd;
        take_word(t, &unknown);
        finish(t, &t->result);
    }
    return true;
}

static void on_done(void *ticket, const struct ov_pool_result *r)
{
    struct desk_ticket *t = ticket;

    if (!ask_cloud(t, r))
        finish(t, r);
}

/* ---- the pool ---- */

static void start_pool(struct desk *d)
{
    struct ov_pool_options options = {
        .images = d->images,
        .open = d->options.open,
        .n_workers = d->options.n_workers,
        .timeout_ms = d->options.timeout_ms,
        .spawn_flags = d->options.spawn_flags,
        .recycle_after = d->options.recycle_after,
        .idle_after_ms = d->options.idle_after_ms,
        .memory_max = d->options.memory_max,
        .detection = on_detection,
        .inconclusive = on_inconclusive,
        .cost = on_cost,
        .name = on_name,
        .done = on_done,
    };

    if (ov_pool_new(&options, &d->pool) != OV_OK) {
        schedule(d, RETRY_MS);
        return;
    }
    d->watch.fd = ov_pool_fd(d->pool);
    if (ov_loop_add(d->options.loop, &d->watch) != OV_OK) {
        ov_pool_free(OV_STEAL(d->pool));
        schedule(d, RETRY_MS);
        return;
    }
    ov_pool_start(d->pool);
    schedule(d, 0);
}

/* No worker can work. */
static void drop_pool(struct desk *d, const struct ov_diag *diag)
{
    ov_loop_remove(d->options.loop, &d->watch);
    ov_pool_abandon(d->pool);
    ov_pool_free(OV_STEAL(d->pool));
    d->options.tell(d->options.data, diag->text[0] != '\0'
                                         ? diag->text
                                         : ov_status_name(diag->status));
    if (d->is_switching || !d->is_open) {
        d->is_switching = false;
        forget_clean(d);
        close_images(&d->next);
        d->options.rules_changed(d->options.data, diag->status);
    }
    schedule(d, RETRY_MS);
}

static void begin_switch(struct desk *d)
{
    if (d->pool == NULL || d->is_switching || d->next.n == 0)
        return;
    if (ov_pool_switch(d->pool, &d->next) != OV_OK)
        return; /* tried again at the next turn */
    d->is_switching = true;
    forget_clean(d);
}

static void end_switch(struct desk *d)
{
    struct ov_pool_state s = ov_pool_state(d->pool);

    d->state.pool = s;
    if (!d->is_open && s.is_open) {
        d->is_open = true;
        d->options.rules_changed(d->options.data, OV_OK);
    }
    if (!d->is_switching || s.is_switching)
        return;
    d->is_switching = false;
    forget_clean(d);
    if (s.switch_status == OV_OK) {
        close_images(&d->images);
        d->images = d->next;
        d->next.n = 0;
    } else {
        close_images(&d->next);
    }
    d->options.rules_changed(d->options.data, s.switch_status);
}

/* Answers a request that need not be scanned; r->fd is open. */
static bool answer_known(struct desk *d, struct desk_request *r,
                         const struct stat *st, const struct clean_place *place)
{
    struct desk_result result = {
        .verdict = OV_CLEAN, .is_cached = true, .fd = r->fd};
    OV_AUTO_FD fd = -1;

    if (d->is_switching || !clean_cache_has(d->clean, st, place))
        return false;
    fd = r->fd;
    r->scan_fd = fd;
    r->fd = -1;
    result.took_ms = result.waited_ms = since(d, r->since_ms);
    tell_done(d, r, &result);
    return true;
}

static bool hand_out(struct desk *d)
{
    struct desk_ticket *t = d->unused;
    struct stat before = {.st_ino = 0};
    struct desk_request *r;
    struct clean_place place = {0};
    bool is_still;
    int fd;

    if (t == NULL || !ov_pool_has_room(d->pool))
        return false;
    r = desk_ring_next(&d->ring);
    if (r == NULL)
        return false;
    d->state.n_waiting--;
    /* Before its times: a writer that comes later changes them. */
    desk_look_at_cloud(d);
    is_still = d->clean != NULL && r->peer->source != DESK_GUARD &&
               clean_cache_is_still(r->fd, &place.mount);
    if (is_still && r->path != NULL)
        place.name = scan_names_digest(&d->names, r->path);
    /* Cannot fail on an open descriptor; zeros would be "changed". It may have
     * grown in line. */
    if (fstat(r->fd, &before) == 0)
        r->len = (uint64_t)before.st_size;
    if (is_still && answer_known(d, r, &before, &place))
        return true;
    d->unused = t->next;
    *t = (struct desk_ticket){.desk = d,
                              .request = r,
                              .before = before,
                              .place = place,
                              .is_still = is_still,
                              .started_ms = ov_loop_now(d->options.loop),
                              .began = (int64_t)time(NULL),
                              .n_changes = d->n_changes};
    r->ticket = t;
    d->state.n_running++;
    fd = r->fd;
    r->fd = -1;
    r->scan_fd = fd;
    r->tries_all_rules = r->all_matches || d->tries_all ||
                         (d->options.open.flags & OV_SCAN_ALL_MATCHES) != 0;
    ov_pool_submit_with(d->pool, fd, r->len,
                        r->tries_all_rules ? OV_SCAN_ALL_MATCHES : 0, t);
    return true;
}

static bool feed(struct desk *d)
{
    unsigned n = 0;

    /* Known ones take no ticket: others have their turn, too. */
    while (d->is_open && n < FED_A_TURN && hand_out(d))
        n++;
    return n > 0;
}

static void turn(struct desk *d)
{
    struct ov_diag diag = {0};
    int left;

    if (d->pool == NULL) {
        if (d->images.n > 0)
            start_pool(d);
        return;
    }
    (void)feed(d);
    diag.status = ov_pool_wait(d->pool, 0, &diag);
    if (diag.status != OV_OK) {
        drop_pool(d, &diag);
        return;
    }
    end_switch(d);
    begin_switch(d);
    left = feed(d) ? 0 : ov_pool_time_left(d->pool);
    if (left >= 0)
        schedule(d, (uint64_t)left);
    else
        ov_loop_timer_stop(d->options.loop, &d->timer);
}

static void on_ready(struct ov_loop_watch *w, unsigned events)
{
    (void)events;
    turn(w->data);
}

static void on_due(struct ov_loop_timer *t)
{
    turn(t->data);
}

/* ---- what fronts and the daemon call ---- */

void desk_submit(struct desk *desk, struct desk_request *r)
{
    r->ticket = NULL;
    r->since_ms = ov_loop_now(desk->options.loop);
    desk_ring_put(&desk->ring, r);
    desk->state.n_waiting++;
    schedule(desk, 0);
}

void desk_cancel(struct desk *desk, struct desk_request *r)
{
    if (r->ticket != NULL) {
        r->ticket->request = NULL;
        r->ticket = NULL;
    } else if (r->fd >= 0) {
        desk_ring_remove(&desk->ring, r);
        desk->state.n_waiting--;
        ov_fd_cleanup(&r->fd);
        r->fd = -1;
    }
}

void desk_set_rules(struct desk *desk, struct ov_pool_images *images)
{
    scan_names_start(&desk->names, images);
    if (desk->images.n == 0 || !desk->is_open) {
        /* A pool that could not open the old ones tries these. */
        if (desk->pool != NULL && desk->images.n > 0) {
            ov_loop_remove(desk->options.loop, &desk->watch);
            ov_pool_free(OV_STEAL(desk->pool));
        }
        close_images(&desk->images);
        desk->images = *images;
    } else if (desk->is_switching) {
        /* Rules come seldom; these are told as refused and asked for again. */
        close_images(images);
        desk->options.rules_changed(desk->options.data, OV_USAGE);
    } else {
        close_images(&desk->next);
        desk->next = *images;
    }
    images->n = 0;
    schedule(desk, 0);
}

void desk_look_at_cloud(struct desk *desk)
{
    if (desk->options.cloud == NULL ||
        !cloud_link_is_changed(desk->options.cloud))
        return;
    forget_clean(desk);
    desk->options.cloud_changed(desk->options.data);
}

bool desk_has_rules(const struct desk *desk)
{
    return desk->is_open;
}

bool desk_is_changing(const struct desk *desk)
{
    return desk->is_switching || desk->next.n > 0 ||
           (!desk->is_open && desk->images.n > 0);
}

const uint8_t *desk_rules_digest(const struct desk *desk)
{
    return desk->state.pool.digest;
}

struct desk_state desk_state(const struct desk *desk)
{
    return desk->state;
}

void desk_try_all_rules(struct desk *desk, bool tries_all)
{
    desk->tries_all = tries_all;
}

void desk_add_hook(struct desk *desk, struct desk_hook *hook)
{
    struct desk_hook **at = &desk->hooks;

    while (*at != NULL)
        at = &(*at)->next;
    hook->next = NULL;
    *at = hook;
}

enum ov_status desk_new(const struct desk_options *options, struct desk **ret)
{
    struct desk *d = ov_alloc(sizeof(*d));
    size_t n;

    if (d == NULL)
        return OV_NO_MEMORY;
    d->options = *options;
    if (d->options.n_workers == 0)
        d->options.n_workers = ov_pool_processors();
    d->state.n_workers = d->options.n_workers;
    ov_file_writers_prepare();
    d->clean = clean_cache_new(options->remember); /* it works without */
    n = (size_t)d->options.n_workers * TICKETS_A_WORKER;
    d->watch = (struct ov_loop_watch){
        .fd = -1, .events = OV_LOOP_READ, .data = d, .ready = on_ready};
    d->timer = (struct ov_loop_timer){.data = d, .due = on_due};
    d->tickets = ov_alloc_array(n, sizeof(*d->tickets));
    if (d->tickets == NULL ||
        ov_loop_timer_add(options->loop, &d->timer) != OV_OK) {
        desk_free(d);
        return OV_NO_MEMORY;
    }
    d->n_tickets = n;
    for (size_t i = 0; i < n; i++) {
        d->tickets[i].next = d->unused;
        d->unused = &d->tickets[i];
    }
    *ret = d;
    return OV_OK;
}

void desk_free(struct desk *desk)
{
    if (desk == NULL)
        return;
    if (desk->pool != NULL) {
        ov_loop_remove(desk->options.loop, &desk->watch);
        ov_pool_abandon(desk->pool);
        ov_pool_free(desk->pool);
    }
    for (size_t i = 0; i < desk->n_tickets; i++) {
        struct desk_ticket *t = &desk->tickets[i];

        if (t->look.id != 0) {
            cloud_link_forget(desk->options.cloud, &t->look);
            ov_fd_cleanup(&t->result.fd);
        }
    }
    ov_loop_timer_remove(desk->options.loop, &desk->timer);
    close_images(&desk->images);
    close_images(&desk->next);
    clean_cache_free(desk->clean);
    scan_names_done(&desk->names);
    ov_free(desk->tickets);
    ov_free(desk);
}
