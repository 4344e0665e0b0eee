/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "host/output.h"
#include "host/quarantine_place.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/file_place.h"
#include "sys/process_info.h"

/* A file is moved by a fork of its own (docs/protocol-quarantine.md), as it has
 * to be read, encrypted and synced: the loop never waits for a disk. The fork
 * holds the file and the end of a pipe, on which it says one line: "+ID", or
 * "-" and what is wrong. Its end is seen by its pidfd. Two move at a time; a
 * file that would have to wait behind very many stays where it is, and that is
 * told.
 *
 * Only what was scanned is moved, and only files that have a name: a stream has
 * none. One that changed during the scan is left for the next scan.
 *
 * A digest is made in the loop, but only of a file that is as long as one that
 * is allowed by its content (HASHED_MAX at most). */

#define TICK_MS 1000
#define MAX_RUNNING 2
#define MAX_WAITING 512
#define HASHED_MAX ((uint64_t)256 << 20)
#define ANSWER_MAX 400
#define FILE_FD 3 /* in the fork */
#define PIPE_FD 4

struct keeper_job {
    struct keeper *keeper;
    struct keeper_job *next;
    struct ov_loop_watch watch; /* of the pidfd */
    pid_t pid;
    int file;
    int answer;
    struct stat scanned;
    struct finding finding;
    struct ov_buf path; /* with its NUL */
};

static void job_free(struct keeper_job *j)
{
    ov_fd_cleanup(&j->file);
    ov_fd_cleanup(&j->answer);
    ov_fd_cleanup(&j->watch.fd);
    finding_done(&j->finding);
    ov_buf_done(&j->path);
    ov_free(j);
}

/* ---- the fork ---- */

static void say(char sign, const char *words)
{
    char line[ANSWER_MAX];
    int len = snprintf(line, sizeof(line), "%c%s", sign, words);

    if (len > 0) /* a pipe takes it whole; cut is fine */
        (void)!write(PIPE_FD, line,
                     (size_t)len < sizeof(line) ? (size_t)len
                                                : sizeof(line) - 1);
}

static int move(const struct keeper_job *j, const struct quarantine_settings *s)
{
    const struct quarantine_request request = {.fd = FILE_FD,
                                               .scanned = &j->scanned,
                                               .finding = &j->finding,
                                               .by = "overtd"};
    struct quarantine *q = NULL;
    struct quarantine_taken taken;
    struct ov_diag diag = {0};

    if (quarantine_place_open(s, QUARANTINE_WRITE, &q) != OV_OK) {
        say('-', "the quarantine cannot be opened");
        return 1;
    }
    if (quarantine_take(q, &request, &taken, &diag) != OV_OK) {
        say('-', diag.text);
        return 1;
    }
    say('+', taken.id);
    quarantine_place_retain(s, q);
    quarantine_close(q);
    return 0;
}

static _Noreturn void work(const struct keeper_job *j, int out,
                           const struct quarantine_settings *s)
{
    /* Away from the places where they shall be. */
    int file = fcntl(j->file, F_DUPFD, PIPE_FD + 1);
    int pipe = fcntl(out, F_DUPFD, PIPE_FD + 1);
    sigset_t none;

    sigemptyset(&none);
    if (file < 0 || pipe < 0 || dup2(file, FILE_FD) < 0 ||
        dup2(pipe, PIPE_FD) < 0 || close_range(PIPE_FD + 1, ~0u, 0) != 0 ||
        sigprocmask(SIG_SETMASK, &none, NULL) != 0)
        _exit(1);
    _exit(move(j, s));
}

/* ---- jobs ---- */

static void tell_end(struct keeper_job *j, bool is_good, const char *words)
{
    struct event e =
        event_of(is_good ? EVENT_ID_QUARANTINED : EVENT_ID_QUARANTINE_FAILED);

    event_text(&e, EVENT_PATH, (const char *)j->path.ptr);
    event_number(&e, EVENT_SIZE, (uint64_t)j->scanned.st_size);
    event_span(&e, EVENT_RULE, ov_buf_span(&j->finding.rule));
    event_text(&e, is_good ? EVENT_QUARANTINE : EVENT_DETAIL, words);
    j->keeper->tell(j->keeper->data, &e);
}

static void start_jobs(struct keeper *k);

static void on_end(struct ov_loop_watch *w, unsigned events)
{
    struct keeper_job *j = w->data;
    struct keeper *k = j->keeper;
    struct keeper_job **at = &k->running;
    char answer[ANSWER_MAX + 1] = "";
    ssize_t got = read(j->answer, answer, ANSWER_MAX);

    (void)events;
    while (waitpid(j->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (got > 1)
        tell_end(j, answer[0] == '+', answer + 1);
    else
        tell_end(j, false, "its process died");
    ov_loop_remove(k->loop, w);
    while (*at != j)
        at = &(*at)->next;
    *at = j->next;
    k->n_running--;
    job_free(j);
    start_jobs(k);
}

/* False: it cannot be started. */
static bool start_job(struct keeper *k, struct keeper_job *j)
{
    int pair[2];

    if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    OV_AUTO_FD out = pair[1];
    j->answer = pair[0];
    j->pid = fork();
    if (j->pid < 0)
        return false;
    if (j->pid == 0)
        work(j, out, &k->settings->quarantine);
    j->watch = (struct ov_loop_watch){.fd = pidfd_open(j->pid, 0),
                                      .events = OV_LOOP_READ,
                                      .data = j,
                                      .ready = on_end};
    if (j->watch.fd >= 0 && ov_loop_add(k->loop, &j->watch) == OV_OK)
        return true;
    while (waitpid(j->pid, NULL, 0) < 0 && errno == EINTR)
        continue; /* it does its work; what it says is not heard */
    return false;
}

static void start_jobs(struct keeper *k)
{
    while (k->waiting != NULL && k->n_running < MAX_RUNNING) {
        struct keeper_job *j = k->waiting;

        k->waiting = j->next;
        k->n_waiting--;
        if (start_job(k, j)) {
            j->next = k->running;
            k->running = j;
            k->n_running++;
        } else {
            tell_end(j, false, "no process could be started");
            job_free(j);
        }
    }
}

static void add_job(struct keeper *k, struct keeper_job *j)
{
    struct keeper_job **at = &k->waiting;

    if (k->n_waiting >= MAX_WAITING) {
        tell_end(j, false, "too many files wait already");
        job_free(j);
        return;
    }
    while (*at != NULL)
        at = &(*at)->next;
    *at = j;
    k->n_waiting++;
    start_jobs(k);
}

static struct keeper_job *new_job(struct keeper *k, int fd,
                                  const struct finding *f)
{
    struct keeper_job *j = ov_alloc(sizeof(*j));
    char path[PATH_MAX];

    if (j == NULL)
        return NULL;
    j->keeper = k;
    j->answer = -1;
    j->watch.fd = -1;
    j->path = ov_buf_with_max(PATH_MAX);
    j->file = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (j->file < 0 || fstat(fd, &j->scanned) != 0 ||
        ov_place_path(fd, path) != OV_OK ||
        finding_copy(&j->finding, f) != OV_OK) {
        job_free(j);
        return NULL;
    }
    ov_put_str(&j->path, path);
    ov_put_u8(&j->path, 0);
    if (ov_buf_status(&j->path) == OV_OK)
        return j;
    job_free(j);
    return NULL;
}

static void on_done(void *data, const struct desk_request *r,
                    const struct desk_result *result)
{
    struct keeper *k = data;
    struct keeper_job *j;
    struct stat st;

    if (k->settings->daemon.on_detection != ACTION_QUARANTINE ||
        result->verdict < OV_UNWANTED || result->finding == NULL ||
        result->is_changed)
        return;
    if (fstat(result->fd, &st) != 0 || st.st_nlink == 0)
        return; /* a stream; a client's descriptor has a name of its own */
    j = new_job(k, result->fd, result->finding);
    if (j != NULL)
        add_job(k, j);
    else
        out_error("%s: not in quarantine: no memory, or no descriptor",
                  r->path != NULL ? r->path : "a client's file");
}

/* ---- the allow list ---- */

/* The daemon reads one list: the state's. */
static void refresh(struct keeper *k)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    struct stat now = {.st_ino = 0};

    if (!allow_place_has(&path) || stat((const char *)path.ptr, &now) != 0)
        now = (struct stat){.st_ino = 0};
    if (!ov_file_is_same(&now, &k->allow_file)) {
        k->allow_file = now;
        allow_lists_done(&k->allow);
        if (now.st_ino != 0)
            (void)!allow_lists_load(&k->allow); /* it has told */
    }
    desk_try_all_rules(k->desk,
                       allow_lists_want_rules(&k->allow, (int64_t)time(NULL)));
}

static void on_tick(struct ov_loop_timer *t)
{
    struct keeper *k = t->data;

    refresh(k);
    ov_loop_timer_set(k->loop, t, TICK_MS);
}

/* What may take for ever to read, or is on another machine, is not read here:
 * the daemon waits for nobody. Nor is a device, which overt-guard could hand in
 * if it were taken over. */
static bool is_quick_to_read(int fd)
{
    struct statfs fs;
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           fstatfs(fd, &fs) == 0 && !ov_is_remote((uint32_t)fs.f_type);
}

static bool find_digest(const struct keeper *k, const struct desk_request *r,
                        uint8_t ret[static OV_DIGEST_MAX])
{
    uint64_t len;

    return r->len <= HASHED_MAX &&
           allow_lists_want_digest(&k->allow, r->len, (int64_t)time(NULL)) &&
           is_quick_to_read(r->scan_fd) &&
           quarantine_digest(r->scan_fd, r->len, ret, &len) == OV_OK;
}

/* A path that the kernel tells may be one of another mount namespace, where
 * anybody can give a file any path: it counts if it leads to that file here. As
 * the file is open its names are known to the kernel; nothing else is looked
 * for, which could take for ever. */
static bool leads_to(const char *path, const struct stat *st)
{
    const struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                                 .resolve = RESOLVE_CACHED};
    OV_AUTO_FD fd =
        (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
    struct stat here;

    return fd >= 0 && fstat(fd, &here) == 0 && here.st_dev == st->st_dev &&
           here.st_ino == st->st_ino;
}

static bool find_path(const struct desk_request *r, char path[static PATH_MAX])
{
    struct stat st;

    return ov_place_path(r->scan_fd, path) == OV_OK &&
           fstat(r->scan_fd, &st) == 0 && leads_to(path, &st);
}

static bool find_program(const struct desk_request *r, struct ov_buf *path)
{
    char link[64];
    struct stat st;

    if (r->pid <= 0 || ov_process_program(r->pid, path) != OV_OK)
        return false;
    ov_put_u8(path, 0);
    (void)snprintf(link, sizeof(link), "/proc/%d/exe", (int)r->pid);
    return ov_buf_status(path) == OV_OK && stat(link, &st) == 0 &&
           leads_to((const char *)path->ptr, &st);
}

static void tell_allowed(struct keeper *k, const struct desk_request *r,
                         const struct ov_wire_detection *d,
                         const struct allow_entry *by)
{
    OV_AUTO_DONE(buf) detail = ov_buf_with_max(PATH_MAX);
    struct event e = event_of(EVENT_ID_ALLOWED);

    ov_put_str(&detail, "entry ");
    ov_put_escaped(&detail, by->id);
    ov_put_str(&detail, ", ");
    ov_put_escaped(&detail, by->reason);
    event_text(&e, EVENT_PATH, r->path != NULL ? r->path : "a stream");
    event_number(&e, EVENT_SIZE, r->len);
    event_span(&e, EVENT_RULE, d->rule);
    event_span(&e, EVENT_DETAIL, ov_buf_span(&detail));
    k->tell(k->data, &e);
}

static bool allows(void *data, const struct desk_request *r,
                   const struct ov_wire_detection *d)
{
    OV_AUTO_DONE(buf) process = ov_buf_with_max(PATH_MAX);
    struct keeper *k = data;
    /* Entries for rules count only where every rule was tried. */
    struct allow_subject s = {
        .rule = desk_tries_all_rules(r) ? d->rule : (struct ov_span){NULL, 0},
        .has_user = r->uid != (uid_t)-1,
        .user = r->uid};
    const struct allow_entry *e;
    uint8_t digest[OV_DIGEST_MAX];
    char path[PATH_MAX];

    refresh(k);
    if (k->allow.n == 0)
        return false;
    if (find_path(r, path))
        s.path = path;
    if (find_program(r, &process))
        s.process = (const char *)process.ptr;
    if (find_digest(k, r, digest))
        s.digest = digest;
    e = allow_lists_find(&k->allow, &s, (int64_t)time(NULL));
    if (e == NULL)
        return false;
    tell_allowed(k, r, d, e);
    return true;
}

/* ---- beginning and end ---- */

void keeper_settings(struct keeper *k, const struct daemon_settings *s)
{
    k->settings = s;
}

enum ov_status keeper_init(struct keeper *k, const struct daemon_settings *s)
{
    k->settings = s;
    k->hook = (struct desk_hook){.data = k, .allows = allows, .done = on_done};
    k->tick = (struct ov_loop_timer){.data = k, .due = on_tick};
    OV_TRY(ov_loop_timer_add(k->loop, &k->tick));
    desk_add_hook(k->desk, &k->hook);
    on_tick(&k->tick);
    return OV_OK;
}

void keeper_done(struct keeper *k)
{
    while (k->waiting != NULL) {
        struct keeper_job *j = k->waiting;

        k->waiting = j->next;
        tell_end(j, false, "the daemon ends");
        job_free(j);
    }
    while (k->running != NULL) {
        struct keeper_job *j = k->running;

        k->running = j->next;
        ov_loop_remove(k->loop, &j->watch);
        job_free(j);
    }
    if (k->tick.due != NULL)
        ov_loop_timer_remove(k->loop, &k->tick);
    allow_lists_done(&k->allow);
}
