/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_job.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "path_list.h"
#include "scan_count.h"
#include "signals.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/locate.h"
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
#define MAX_SPOOL ((uint64_t)4 << 30)

struct ticket {
    struct ticket *next;
    struct scan *scan;
    struct ov_buf path;
    struct stat before;
    bool is_spooled; /* a copy of standard input */
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
    size_t at; /* in job->paths */
    bool is_walking;
    bool is_at_end; /* no more paths */
};

static const char *const verdict_words[] = {
#define OV_VERDICT(id, word) [id] = word,
#include <overt/verdict.def>
#undef OV_VERDICT
};

const char *verdict_word(enum ov_verdict v)
{
    return v < OV_N_VERDICTS ? verdict_words[v] : "?";
}

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

static void on_inconclusive(void *ticket, const struct ov_wire_inconclusive *i)
{
    struct ticket *t = ticket;

    t->scan->report->inconclusive(t->scan->report, path_of(t), i);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
           a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
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

static void on_done(void *ticket, const struct ov_pool_result *r)
{
    struct ticket *t = ticket;
    struct scan *s = t->scan;
    struct scan_file f = {.path = path_of(t),
                          .verdict = r->verdict,
                          .type = r->type,
                          .size = (uint64_t)t->before.st_size,
                          .n_objects = r->n_objects,
                          .fd = r->fd};
    struct stat after;

    if (r->is_abandoned) {
        s->totals.n_unscanned++;
        give_ticket(s, t);
        return;
    }
    if (!t->is_spooled &&
        (fstat(r->fd, &after) != 0 || !is_same(&t->before, &after))) {
        const struct ov_wire_inconclusive i = {
            .reason = OV_SPAN_LIT("changed"),
            .detail = OV_SPAN_LIT("during the scan"),
        };

        on_inconclusive(t, &i);
        if (f.verdict < OV_INCONCLUSIVE)
            f.verdict = OV_INCONCLUSIVE;
    } else if (f.verdict == OV_CLEAN && s->cache != NULL && !t->is_spooled) {
        ov_verdict_cache_add(s->cache, &t->before);
    }
    tell_file(s, &f);
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
        !S_ISREG(st.st_mode) || !ov_verdict_cache_has(s->cache, &st))
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
    default:
        tell_skipped(s, e);
    }
}

/* All of standard input into a memory file; errno 0: interrupted. */
static int spool(void)
{
    OV_AUTO_FD fd = -1;
    uint64_t total = 0;

    if (ov_memory_file("overt-stdin", &fd) != OV_OK)
        return -1;
    while (total < MAX_SPOOL) {
        uint8_t chunk[4096];
        ssize_t got = read(STDIN_FILENO, chunk, sizeof(chunk));

        if (got < 0 && errno == EINTR && signals_stop() == 0)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            return ov_memory_seal(fd) == OV_OK ? ov_fd_steal(&fd) : -1;
        if (write(fd, chunk, (size_t)got) != got)
            return -1;
        total += (uint64_t)got;
    }
    errno = EFBIG;
    return -1;
}

static void scan_standard_input(struct scan *s)
{
    OV_AUTO_FD fd = spool();
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        tell_error(s, "-", errno);
        return;
    }
    submit(s, "-", ov_fd_steal(&fd), &st, true);
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

static enum ov_status work(struct scan *s, struct ov_diag *diag)
{
    while (!s->is_at_end || ov_pool_n_open(s->pool) > 0) {
        bool is_moving = true;

        if (is_to_stop(s)) {
            s->totals.is_interrupted = true;
            return OV_OK;
        }
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
    put_engine_identity(&key);
    ov_wire_put_open(&key, &s->job->open);
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

/* Many descriptors are open or under way at once. */
static void raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
        limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)!setrlimit(RLIMIT_NOFILE, &limit); /* it works with few, too */
    }
}

/* libmagic's database, where file(1) looks for it. */
#define MAGIC_FILE "/usr/share/misc/magic.mgc"

static enum ov_status open_aid(const char *path, int *ret_fd,
                               struct ov_pool_aid *ret)
{
    struct stat st;

    *ret_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*ret_fd < 0 || fstat(*ret_fd, &st) != 0 || !S_ISREG(st.st_mode))
        return OV_IO;
    *ret = (struct ov_pool_aid){*ret_fd, (uint64_t)st.st_size};
    return OV_OK;
}

static enum ov_status open_aids(struct scan *s, struct ov_pool_options *options,
                                struct ov_diag *diag)
{
    /* Without it the module "magic" says nothing. */
    (void)!open_aid(MAGIC_FILE, &s->aids[OV_AID_MAGIC],
                    &options->aids[OV_AID_MAGIC]);
    if (s->job->sandbox_report != NULL &&
        open_aid(s->job->sandbox_report, &s->aids[OV_AID_REPORT],
                 &options->aids[OV_AID_REPORT]) != OV_OK)
        return ov_diag_set(diag, OV_IO, 0, "%s: cannot be read",
                           s->job->sandbox_report);
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
        .inconclusive = on_inconclusive,
        .done = on_done,
    };

    raise_limits();
    OV_TRY(open_aids(s, &options, diag));
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
    for (int i = 0; i < OV_N_AID; i++)
        if (s->aids[i] > 0)
            (void)!close(s->aids[i]); /* it was only read */
    path_list_done(&s->list);
    if (s->cache != NULL)
        (void)!ov_verdict_cache_save(s->cache); /* next time it takes longer */
    ov_verdict_cache_free(s->cache);
    while (s->unused != NULL) {
        struct ticket *t = s->unused;

        s->unused = t->next;
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
