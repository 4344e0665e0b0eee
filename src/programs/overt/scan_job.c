/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_job.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "host/scan_name.h"
#include "path_list.h"
#include "scan_aids.h"
#include "scan_count.h"
#include "scan_found.h"
#include "scan_stdin.h"
#include "signals.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/file_writers.h"
#include "sys/locate.h"
#include "sys/power.h"
#include "sys/process_memory.h"
#include "sys/verdict_cache.h"

/* The parent only opens and compares: it looks into no file. What fstat says
 * before the descriptor is handed out must still hold when the outcome is
 * there; else the bytes that were scanned are not those that are there now,
 * and the file is inconclusive: changed.
 *
 * Tickets (one per file under way) are kept for reuse, with the memory of
 * their paths: a file costs no allocation. */

#define WAIT_MS 100
#define IMAGE_HEADER 4096
#define READ_AHEAD_FROM ((off_t)128 << 10)
#define POWER_EVERY_NS                                                         \
    2000000000U /* how often is looked where power is from                     \
                 */

struct ticket {
    struct ticket *next;
    struct scan *scan;
    struct ov_buf path;
    struct stat before;
    bool is_spooled; /* a copy of standard input */
    bool is_written; /* by somebody who may go on without a trace */
    struct scan_found found;
    int fd; /* until it is done */
    enum ov_verdict worst;
};

struct scan {
    const struct scan_job *job;
    struct report *report;
    struct scan_totals totals;
    struct ov_pool *pool;
    struct ov_walk *walk;
    struct ov_verdict_cache *cache;
    struct path_list list;
    struct scan_count *count;
    int aids[OV_N_AID]; /* descriptors; 0 and -1: none */
    struct ticket *unused;
    uint64_t started_ns;
    size_t at;     /* in job->paths */
    size_t at_pid; /* in job->pids */
    struct scan_names names;
    uint64_t power_ns; /* since the start: when power is looked at next */
    bool is_waiting;   /* for the mains */
    bool is_walking;
    bool is_at_end; /* no more paths */
};

static uint64_t now_ns(void)
{
    struct timespec t;

    (void)!clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* ---- tickets ---- */

static struct ticket *take_ticket(struct scan *s, const char *path)
{
    struct ticket *t = s->unused;

    if (t != NULL) {
        s->unused = t->next;
    } else {
        t = ov_alloc(sizeof(*t));
        if (t == NULL)
            return NULL;
        t->path = ov_buf_with_max(SIZE_MAX);
        t->scan = s;
    }
    t->is_spooled = false;
    t->worst = OV_TRUSTED;
    scan_found_clear(&t->found);
    ov_buf_clear(&t->path);
    ov_put_str(&t->path, path);
    ov_put_u8(&t->path, 0);
    if (ov_buf_status(&t->path) == OV_OK)
        return t;
    ov_buf_done(&t->path);
    ov_free(t);
    return NULL;
}

static void give_ticket(struct scan *s, struct ticket *t)
{
    t->next = s->unused;
    s->unused = t;
}

static const char *path_of(const struct ticket *t)
{
    return (const char *)t->path.ptr;
}

/* ---- what the pool tells ---- */

static void on_detection(void *ticket, const struct ov_wire_detection *d)
{
    struct ticket *t = ticket;

    if (scan_found_counts(&t->found, t->scan->job, t->fd, d))
        t->scan->report->detection(t->scan->report, path_of(t), d);
}

static void on_match(void *ticket, const struct ov_string_match *m)
{
    struct ticket *t = ticket;

    if (t->scan->report->match != NULL)
        t->scan->report->match(t->scan->report, path_of(t), m);
}

static void on_cost(void *ticket, const struct ov_rule_cost *c)
{
    struct ticket *t = ticket;

    if (t->scan->report->cost != NULL)
        t->scan->report->cost(t->scan->report, c);
}

static void on_console(void *ticket, struct ov_span lines)
{
    struct ticket *t = ticket;

    if (t->scan->report->console != NULL)
        t->scan->report->console(t->scan->report, path_of(t), lines);
}

static void on_sample(void *ticket, struct ov_span piece)
{
    struct ticket *t = ticket;

    if (t->scan->report->sample != NULL)
        t->scan->report->sample(t->scan->report, path_of(t), piece);
}

static void on_sample_facts(void *ticket, const struct ov_wire_sample_facts *f)
{
    struct ticket *t = ticket;

    if (t->scan->report->sample_facts != NULL)
        t->scan->report->sample_facts(t->scan->report, f);
}

static void on_inconclusive(void *ticket, const struct ov_wire_inconclusive *i)
{
    struct ticket *t = ticket;

    t->found.has_inconclusive = true;
    t->scan->report->inconclusive(t->scan->report, path_of(t), i);
}

static void on_name(void *ticket, struct ov_span *ret_path,
                    struct ov_span *ret_owner)
{
    const struct ticket *t = ticket;

    if (t->is_spooled) /* it has none */
        return;
    scan_names_tell(&t->scan->names, path_of(t), t->before.st_uid, ret_path,
                    ret_owner);
}

static void tell_file(struct scan *s, const struct scan_file *f)
{
    s->totals.n_files++;
    s->totals.by_verdict[f->verdict]++;
    s->totals.n_bytes += f->size;
    if (f->is_cached)
        s->totals.n_cached++;
    s->report->file(s->report, f);
}

/* Not all is known of it: it is not clean, and not remembered. */
static void doubt(struct ticket *t, struct scan_file *f, const char *reason,
                  const char *detail)
{
    const struct ov_wire_inconclusive i = {.reason = ov_span_str(reason),
                                           .detail = ov_span_str(detail)};

    on_inconclusive(t, &i);
    if (f->verdict < OV_INCONCLUSIVE)
        f->verdict = OV_INCONCLUSIVE;
}

/* What rules have found nothing in, the cloud may know. */
static void ask_cloud(struct ticket *t, const struct ov_pool_result *r,
                      struct scan_file *f)
{
    char rule[SCAN_CLOUD_RULE_MAX];
    bool is_unwanted = false;
    enum scan_cloud_word word;
    struct ov_wire_detection d = {.kind = OV_SPAN_LIT("reputation"),
                                  .type = r->type,
                                  .object_len = f->size};

    if (t->scan->job->cloud == NULL || f->verdict > OV_INCONCLUSIVE ||
        t->found.n_allowed > 0 || r->fd < 0)
        return;
    word = scan_cloud_look_up(t->scan->job->cloud, r->fd, rule, &is_unwanted);
    if (word == SCAN_CLOUD_UNKNOWN)
        doubt(t, f, "unconfirmed", "cloud");
    if (word != SCAN_CLOUD_BAD)
        return;
    d.rule = ov_span_str(rule);
    on_detection(t, &d);
    f->verdict =
        scan_found_verdict(&t->found, is_unwanted ? OV_UNWANTED : OV_DETECTED);
    f->digest = t->found.has_digest ? t->found.digest : NULL;
}

static bool may_remember(const struct ticket *t, int fd)
{
    return t->scan->cache != NULL && !t->is_spooled && !t->is_written &&
           ov_file_writers(fd) != OV_WRITERS_SOME;
}

static void on_done(void *ticket, const struct ov_pool_result *r)
{
    struct ticket *t = ticket;
    struct scan *s = t->scan;
    struct scan_file f = {.path = path_of(t),
                          .verdict = scan_found_verdict(&t->found, r->verdict),
                          .type = r->type,
                          .size = (uint64_t)t->before.st_size,
                          .n_objects = r->n_objects,
                          .fd = r->fd,
                          .digest =
                              t->found.has_digest ? t->found.digest : NULL};
    struct stat after;

    if (f.verdict < t->worst)
        f.verdict = t->worst;
    if (r->is_abandoned) {
        s->totals.n_unscanned++;
        give_ticket(s, t);
        return;
    }
    ask_cloud(t, r, &f); /* before it is looked whether the file has changed */
    if (!t->is_spooled &&
        (fstat(r->fd, &after) != 0 || !ov_file_is_same(&t->before, &after))) {
        doubt(t, &f, "changed", "during the scan");
    } else if (f.verdict == OV_CLEAN && may_remember(t, r->fd)) {
        ov_verdict_cache_add(s->cache, &t->before,
                             scan_names_digest(&s->names, path_of(t)));
    }
    s->totals.n_suspicious += t->found.n_suspicious > 0;
    tell_file(s, &f);
    if (f.verdict >= OV_UNWANTED)
        scan_found_put_away(&t->found, s->job, path_of(t), r->fd,
                            t->is_spooled ? NULL : &t->before, &s->totals);
    give_ticket(s, t);
}

/* ---- files ---- */

static void tell_error(struct scan *s, const char *path, int error)
{
    s->totals.n_errors++;
    s->report->error(s->report, path, strerror(error));
}

/* Takes fd. */
static void submit(struct scan *s, const char *path, int fd,
                   const struct stat *st, bool is_spooled)
{
    struct ticket *t = take_ticket(s, path);

    if (t == NULL) {
        ov_fd_cleanup(&fd);
        tell_error(s, path, ENOMEM);
        return;
    }
    t->before = *st;
    t->is_spooled = is_spooled;
    t->is_written = s->cache != NULL && ov_file_writers(fd) == OV_WRITERS_SOME;
    t->fd = fd;
    if (st->st_size >= READ_AHEAD_FROM) /* only a hint */
        (void)!posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
    ov_pool_submit(s->pool, fd, (uint64_t)st->st_size, t);
}

static bool is_known(struct scan *s, const struct ov_walk_entry *e)
{
    bool is_followed = e->is_given || (s->job->walk.flags & OV_WALK_FOLLOW);
    struct scan_file f = {.path = e->path, .verdict = OV_CLEAN, .fd = -1};
    struct stat st;

    if (s->cache == NULL ||
        fstatat(e->folder, e->name, &st,
                is_followed ? 0 : AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode) ||
        !ov_verdict_cache_has(s->cache, &st,
                              scan_names_digest(&s->names, e->path)))
        return false;
    f.is_cached = true;
    f.size = (uint64_t)st.st_size;
    tell_file(s, &f);
    return true;
}

static void open_file(struct scan *s, const struct ov_walk_entry *e)
{
    OV_AUTO_FD fd = -1;
    struct stat st;

    if (is_known(s, e))
        return;
    fd = ov_walk_open(s->walk, e);
    /* Gone, or a link by now: there is no such file any more. */
    if (fd < 0 && !e->is_given && (errno == ENOENT || errno == ELOOP))
        return;
    if (fd < 0 || fstat(fd, &st) != 0) {
        tell_error(s, e->path, errno);
        return;
    }
    if (!S_ISREG(st.st_mode)) {
        s->totals.n_specials++;
        return;
    }
    submit(s, e->path, ov_fd_steal(&fd), &st, false);
}

static void tell_skipped(struct scan *s, const struct ov_walk_entry *e)
{
    s->totals.n_specials++;
    if (s->report->skipped != NULL)
        s->report->skipped(s->report, e->path, e->kind);
}

static void visit(struct scan *s, const struct ov_walk_entry *e)
{
    switch (e->kind) {
    case OV_WALK_FILE:
        open_file(s, e);
        break;
    case OV_WALK_ERROR:
        tell_error(s, e->path, e->error);
        break;
    case OV_WALK_SPECIAL:
        if (e->is_given) {
            s->totals.n_errors++;
            s->report->error(s->report, e->path,
                             "not a regular file; to scan a stream give - and "
                             "redirect it");
            break;
        }
        tell_skipped(s, e);
        break;
    case OV_WALK_LINK:
    case OV_WALK_SYSTEM:
    case OV_WALK_PAUSE: /* is not asked for here */
    default:
        tell_skipped(s, e);
    }
}

static void scan_standard_input(struct scan *s)
{
    OV_AUTO_FD fd = scan_stdin_spool();
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        tell_error(s, "-", errno);
        return;
    }
    submit(s, "-", ov_fd_steal(&fd), &st, true);
}

/* ---- processes ---- */

/* More memory than is read at once is not clean. */
static void tell_cut(struct ticket *t)
{
    const struct ov_wire_inconclusive i = {
        .reason = OV_SPAN_LIT("limit"),
        .detail = OV_SPAN_LIT("more than 16 GiB of memory"),
    };

    t->worst = OV_INCONCLUSIVE;
    on_inconclusive(t, &i);
}

static void scan_process(struct scan *s, int pid)
{
    struct ov_process_memory memory;
    struct ov_diag diag = {0};
    struct ticket *t;
    char name[64];

    (void)snprintf(name, sizeof(name), "%s%d", s->job->process_prefix, pid);
    if (ov_process_memory_read(pid, s->job->max_process_chunk, &memory,
                               &diag) != OV_OK) {
        s->totals.n_errors++;
        s->report->error(s->report, name, diag.text);
        return;
    }
    t = take_ticket(s, name);
    if (t == NULL) {
        ov_fd_cleanup(&memory.fd);
        tell_error(s, name, ENOMEM);
        return;
    }
    t->before = (struct stat){.st_size = (off_t)memory.len};
    t->is_spooled = true;
    t->fd = memory.fd;
    if (memory.is_cut)
        tell_cut(t);
    ov_pool_submit_process(s->pool, memory.fd, memory.len, memory.n_regions, t);
}

/* ---- paths ---- */

/* OV_PEER_GONE: the list has none yet. */
static enum ov_status next_path(struct scan *s, const char **ret)
{
    if (s->at < s->job->n_paths) {
        *ret = s->job->paths[s->at++];
        return OV_OK;
    }
    return path_list_next(&s->list, ov_pool_n_open(s->pool) == 0, ret);
}

/* One step: a file handed out, a path begun. False if none can be made now. */
static bool advance(struct scan *s)
{
    struct ov_walk_entry e;
    const char *path = NULL;
    enum ov_status status;

    if (s->is_walking) {
        if (ov_walk_next(s->walk, &e) == OV_OK)
            visit(s, &e);
        else
            s->is_walking = false;
        return true;
    }
    if (s->at_pid < s->job->n_pids) {
        scan_process(s, s->job->pids[s->at_pid++]);
        return true;
    }
    status = next_path(s, &path);
    if (status == OV_PEER_GONE)
        return false;
    if (status == OV_NOT_FOUND) {
        s->is_at_end = true;
    } else if (status != OV_OK) {
        s->is_at_end = true;
        tell_error(s, s->job->files_from, errno);
    } else if (strcmp(path, "-") == 0 && s->at <= s->job->n_paths) {
        scan_standard_input(s);
    } else {
        s->is_walking = ov_walk_start(s->walk, path) == OV_OK;
    }
    return true;
}

static bool is_to_stop(struct scan *s)
{
    s->totals.n_nanoseconds = now_ns() - s->started_ns;
    if (s->totals.expected_files == 0)
        (void)!scan_count_get(s->count, &s->totals.expected_files,
                              &s->totals.expected_bytes); /* or not yet */
    return signals_stop() != 0 || !s->report->tick(s->report, &s->totals);
}

static bool is_waiting(struct scan *s)
{
    bool was = s->is_waiting;

    if (!s->job->waits_on_battery || s->totals.n_nanoseconds < s->power_ns)
        return was;
    s->power_ns = s->totals.n_nanoseconds + POWER_EVERY_NS;
    s->is_waiting = ov_power_is_battery(OV_POWER_FOLDER);
    if (s->is_waiting != was && s->report->waiting != NULL)
        s->report->waiting(s->report, s->is_waiting);
    return s->is_waiting;
}

static enum ov_status work(struct scan *s, struct ov_diag *diag)
{
    while (!s->is_at_end || ov_pool_n_open(s->pool) > 0) {
        bool is_moving;

        if (is_to_stop(s)) {
            s->totals.is_interrupted = true;
            return OV_OK;
        }
        is_moving = !is_waiting(s);
        for (unsigned i = 0; is_moving && i < 64; i++)
            is_moving =
                !s->is_at_end && ov_pool_has_room(s->pool) && advance(s);
        if (ov_pool_n_open(s->pool) > 0 || !is_moving)
            OV_TRY(ov_pool_wait(s->pool, is_moving ? 0 : WAIT_MS, diag));
    }
    s->totals.is_complete = true;
    return OV_OK;
}

/* ---- beginning and end ---- */

/* An image's header names the content of all the rest: its first page stands
 * for the image, and no worker need be asked. */
static bool put_image_identity(struct ov_buf *b,
                               const struct ov_pool_images *images)
{
    for (size_t i = 0; i < images->n; i++) {
        uint8_t *room = ov_buf_room(b, IMAGE_HEADER);
        ssize_t got =
            room != NULL ? pread(images->fds[i], room, IMAGE_HEADER, 0) : -1;

        if (got != IMAGE_HEADER)
            return false;
        ov_buf_added(b, IMAGE_HEADER);
    }
    return true;
}

static void open_cache(struct scan *s)
{
    OV_AUTO_DONE(buf) folder = ov_buf_with_max(PATH_MAX);
    OV_AUTO_DONE(buf) key = ov_buf_with_max(SIZE_MAX);
    uint8_t digest[OV_DIGEST_MAX];

    if (s->job->no_cache || ov_locate_cache(&folder) != OV_OK)
        return;
    ov_file_writers_prepare();
    put_engine_identity(&key);
    ov_wire_put_open(&key, &s->job->open);
    if (s->job->cloud != NULL)
        scan_cloud_put_identity(s->job->cloud, &key);
    if (!put_image_identity(&key, &s->job->rules->images) ||
        ov_digest(OV_SHA256, ov_buf_span(&key), digest) != OV_OK ||
        ov_verdict_cache_open((char *)folder.ptr,
                              ov_span_of(digest, sizeof(digest)),
                              &s->cache) != OV_OK)
        s->cache = NULL;
}

/* Of the image, for the summary: as a worker found it now, or at the scan
 * before. */
static enum ov_status find_digest(struct scan *s, struct ov_diag *diag)
{
    static const uint8_t none[OV_WIRE_DIGEST];
    uint8_t *note = s->cache != NULL ? ov_verdict_cache_note(s->cache) : NULL;

    s->totals.pool = ov_pool_state(s->pool);
    if (!s->totals.pool.is_open && note != NULL &&
        memcmp(note, none, sizeof(none)) != 0) {
        memcpy(s->totals.pool.digest, note, sizeof(none));
        return OV_OK;
    }
    while (!s->totals.pool.is_open && signals_stop() == 0) {
        OV_TRY(ov_pool_open(s->pool, diag));
        s->totals.pool = ov_pool_state(s->pool);
    }
    if (note != NULL)
        memcpy(note, s->totals.pool.digest, sizeof(none));
    return OV_OK;
}

static enum ov_status begin(struct scan *s, struct ov_diag *diag)
{
    struct ov_pool_options options = {
        .images = s->job->rules->images,
        .open = s->job->open,
        .n_workers = s->job->n_workers,
        .timeout_ms = s->job->timeout_ms,
        .spawn_flags = s->job->spawn_flags,
        .detection = on_detection,
        .match = on_match,
        .cost = on_cost,
        .console = on_console,
        .sample = on_sample,
        .sample_facts = on_sample_facts,
        .inconclusive = on_inconclusive,
        .done = on_done,
    };

    scan_names_start(&s->names, &options.images);
    if (s->names.are_asked_for)
        options.name = on_name;
    ov_allow_open_files(); /* many are open or under way at once */
    OV_TRY(scan_aids_open(s->job, s->aids, &options, diag));
    s->walk = ov_walk_new(&s->job->walk);
    if (s->walk == NULL)
        return OV_NO_MEMORY;
    if (s->job->files_from != NULL &&
        path_list_open(s->job->files_from, &s->list) != OV_OK)
        return ov_diag_set(diag, OV_IO, 0, "%s: %s", s->job->files_from,
                           strerror(errno));
    OV_TRY(ov_pool_new(&options, &s->pool));
    if (s->job->has_progress && s->job->files_from == NULL)
        s->count =
            scan_count_start(&s->job->walk, s->job->paths, s->job->n_paths);
    open_cache(s);
    return OV_OK;
}

static void end(struct scan *s)
{
    scan_count_stop(s->count);
    if (s->pool != NULL)
        ov_pool_abandon(s->pool);
    ov_pool_free(s->pool);
    ov_walk_free(s->walk);
    scan_aids_close(s->aids);
    path_list_done(&s->list);
    scan_names_done(&s->names);
    if (s->cache != NULL)
        (void)!ov_verdict_cache_save(s->cache); /* next time it takes longer */
    ov_verdict_cache_free(s->cache);
    while (s->unused != NULL) {
        struct ticket *t = s->unused;

        s->unused = t->next;
        scan_found_done(&t->found);
        ov_buf_done(&t->path);
        ov_free(t);
    }
}

enum ov_status scan_run(const struct scan_job *job, struct scan_totals *ret,
                        struct ov_diag *diag)
{
    struct scan s = {.job = job,
                     .report = job->report,
                     .list = {.fd = -1},
                     .started_ns = now_ns()};
    enum ov_status status = begin(&s, diag);

    if (status == OV_OK)
        status = work(&s, diag);
    if (status == OV_OK)
        status = find_digest(&s, diag);
    end(&s);
    s.totals.n_nanoseconds = now_ns() - s.started_ns;
    *ret = s.totals;
    if (status != OV_OK && diag->text[0] == '\0')
        (void)ov_diag_set(diag, status, 0, "%s", ov_status_name(status));
    return status;
}
