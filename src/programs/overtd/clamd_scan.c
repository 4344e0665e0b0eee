/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "clamd_front.h"
#include "host/clam_alert.h"
#include "sys/fd.h"

/* A job is one command that scans: a descriptor, a file, or a folder, which is
 * walked step by step between the loop's other business, with as many files
 * under way as keep the workers busy. SCAN ends with the first finding, the
 * others go on. Findings come in the order in which they are made.
 *
 * A path that a client names is followed if it is a link, as its words are;
 * what lies below a folder is not. clamd answers OK for a link that it does not
 * follow and for what it could not read in full; we don't.
 *
 * Limits: an answer of one command has MAX_TOLD lines at most, then says so. */

#define STEPS_A_TURN 64
#define NAMES_A_STEP 256 /* and folders, that a walk may look at */
#define FILES_A_WORKER 4
#define MAX_TOLD 100000

struct clamd_file {
    struct desk_request request;
    struct clamd_job *job;
    struct clamd_file *next;
    struct ov_buf path; /* with a NUL */
    bool is_given;      /* its name is the client's own */
    bool has_told;
};

struct clamd_job {
    struct clamd_session *session;
    struct clamd_job *next;
    struct clamd_job *previous;
    struct clamd_tag tag;
    enum clamd_command command;
    struct ov_walk *walk; /* NULL: at its end, or a descriptor */
    struct ov_loop_timer timer;
    struct ov_buf name; /* what the client called it, with a NUL */
    struct clamd_file *files;
    unsigned n_files; /* under way */
    unsigned width;
    uint64_t n_told;
    bool has_found;
};

/* ---- answers ---- */

/* Names that somebody else gave may hold line ends; the client's own are its
 * own. */
static void put_name(struct ov_buf *b, struct ov_span name, bool is_given)
{
    if (is_given) {
        ov_put_span(b, name);
        return;
    }
    for (size_t i = 0; i < name.len; i++) {
        int byte = ov_span_byte(name, i);

        if (byte < ' ' || byte == 0x7f)
            ov_put_format(b, "\\x%02x", (unsigned)byte);
        else
            ov_put_u8(b, (uint8_t)byte);
    }
}

/* Where the text of an answer is put; NULL: it is left out. */
static struct ov_buf *begin_line(struct clamd_job *job, struct ov_span name,
                                 bool is_given)
{
    struct clamd_session *s = job->session;

    if (++job->n_told > MAX_TOLD) {
        if (job->n_told == MAX_TOLD + 1)
            clamd_reply(s, job->tag, "too many lines: ask for less ERROR");
        return NULL;
    }
    clamd_reply_begin(s, job->tag);
    put_name(&s->out, name, is_given);
    ov_put_str(&s->out, ": ");
    return &s->out;
}

static void tell(struct clamd_job *job, struct ov_span name, bool is_given,
                 const char *text)
{
    struct ov_buf *b = begin_line(job, name, is_given);

    if (b == NULL)
        return;
    ov_put_str(b, text);
    clamd_reply_end(job->session, job->tag);
}

static struct ov_span name_of(const struct ov_buf *b)
{
    return ov_span_of(b->ptr, b->len - 1);
}

static void tell_given(struct clamd_job *job, const char *text)
{
    tell(job, name_of(&job->name), true, text);
}

/* ---- the end of a job ---- */

static void file_free(struct clamd_file *f)
{
    struct clamd_file **at = &f->job->files;

    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    f->job->n_files--;
    ov_buf_done(&f->path);
    ov_free(f);
}

static void job_free(struct clamd_job *job)
{
    struct clamd_session *s = job->session;

    ov_loop_timer_remove(s->front->loop, &job->timer);
    ov_walk_free(job->walk);
    ov_buf_done(&job->name);
    if (job->previous != NULL)
        job->previous->next = job->next;
    else
        s->jobs = job->next;
    if (job->next != NULL)
        job->next->previous = job->previous;
    s->n_jobs--;
    ov_free(job);
}

static void cancel_files(struct clamd_job *job)
{
    while (job->files != NULL) {
        desk_cancel(job->session->front->desk, &job->files->request);
        file_free(job->files);
    }
}

void clamd_job_cancel(struct clamd_job *job)
{
    cancel_files(job);
    job_free(job);
}

static void stop_walking(struct clamd_job *job)
{
    ov_walk_free(OV_STEAL(job->walk));
}

/* True if it is over; it is gone then. */
static bool is_over(struct clamd_job *job)
{
    if (job->walk != NULL || job->n_files > 0)
        return false;
    if (job->n_told == 0)
        tell_given(job, "OK");
    job_free(job);
    return true;
}

/* ---- findings ---- */

static void on_detection(struct desk_request *r,
                         const struct ov_wire_detection *d)
{
    struct clamd_file *f = r->data;
    struct clamd_job *job = f->job;
    struct ov_buf *b;

    if (job->command == CLAMD_SCAN && job->has_found)
        return; /* the first is told */
    if (job->command != CLAMD_ALLMATCHSCAN && f->has_told)
        return;
    f->has_told = job->has_found = true;
    b = begin_line(job, name_of(&f->path), f->is_given);
    if (b == NULL)
        return;
    ov_put_str(b, clam_prefix(d->kind));
    put_name(b, d->rule, false);
    ov_put_str(b, (d->flags & OV_RULE_OFFICIAL) != 0 ? " FOUND"
                                                     : ".UNOFFICIAL FOUND");
    clamd_reply_end(job->session, job->tag);
}

static const char *alert_of(const struct desk_result *r)
{
    if (ov_span_equal(r->reason, OV_SPAN_LIT("encrypted")))
        return clam_encryption_alert(r->detail);
    if (ov_span_equal(r->reason, OV_SPAN_LIT("timed-out")))
        return CLAM_TIME_ALERT;
    return clam_limit_alert(r->detail);
}

static void tell_inconclusive(struct clamd_file *f, const struct desk_result *r)
{
    unsigned how = f->job->session->front->options.inconclusive;
    const char *alert = how == CLAMD_INCONCLUSIVE_FOUND ? alert_of(r) : NULL;
    struct ov_buf *b = begin_line(f->job, name_of(&f->path), f->is_given);

    if (b == NULL)
        return;
    if (alert != NULL) {
        ov_put_format(b, "%s FOUND", alert);
    } else {
        ov_put_str(b, "not scanned in full (");
        put_name(b, r->reason, false);
        ov_put_str(b, r->detail.len > 0 ? ": " : "");
        put_name(b, r->detail, false);
        ov_put_str(b, ") ERROR");
    }
    clamd_reply_end(f->job->session, f->job->tag);
}

static void on_done(struct desk_request *r, const struct desk_result *result)
{
    struct clamd_file *f = r->data;
    struct clamd_job *job = f->job;
    struct clamd_session *s = job->session;

    if (result->verdict == OV_INCONCLUSIVE && !f->has_told)
        tell_inconclusive(f, result);
    file_free(f);
    if (job->command == CLAMD_SCAN && result->n_detections > 0) {
        stop_walking(job);
        cancel_files(job);
    }
    if (is_over(job))
        clamd_session_go_on(s);
    else
        ov_loop_timer_set(s->front->loop, &job->timer, 0);
}

/* ---- files ---- */

static struct clamd_file *file_new(struct clamd_job *job, const char *path,
                                   bool is_given)
{
    struct clamd_session *s = job->session;
    struct clamd_file *f = ov_alloc(sizeof(*f));

    if (f == NULL)
        return NULL;
    f->path = ov_buf_with_max(SIZE_MAX);
    ov_put_str(&f->path, path);
    ov_put_u8(&f->path, 0);
    if (ov_buf_status(&f->path) != OV_OK) {
        ov_buf_done(&f->path);
        ov_free(f);
        return NULL;
    }
    f->job = job;
    f->is_given = is_given;
    f->request = (struct desk_request){
        .peer = &s->peer->desk,
        .pid = s->who.pid,
        .uid = s->who.uid,
        .all_matches = job->command == CLAMD_ALLMATCHSCAN,
        .data = f,
        .detection = on_detection,
        .done = on_done,
    };
    f->next = job->files;
    job->files = f;
    job->n_files++;
    return f;
}

/* Takes fd. NULL, or what is wrong with it. */
static const char *submit(struct clamd_job *job, int fd, const char *name,
                          bool is_path, bool is_given)
{
    OV_AUTO_FD owned = fd;
    struct clamd_file *f;
    struct stat st;

    if (fstat(fd, &st) != 0)
        return "Can't open file or directory ERROR";
    if (!S_ISREG(st.st_mode))
        return "Not supported file type ERROR";
    f = file_new(job, name, is_given);
    if (f == NULL)
        return "Can't allocate memory ERROR";
    f->request.path = is_path ? (const char *)f->path.ptr : NULL;
    f->request.len = (uint64_t)st.st_size;
    f->request.fd = ov_fd_steal(&owned);
    desk_submit(job->session->front->desk, &f->request);
    return NULL;
}

static void tell_missing(struct clamd_job *job, const struct ov_walk_entry *e,
                         int error)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(256);

    if (error == EACCES || error == EPERM) {
        tell(job, ov_span_str(e->path), e->is_given, "Access denied. ERROR");
        return;
    }
    ov_put_format(&text, "File path check failure: %s. ERROR", strerror(error));
    ov_put_u8(&text, 0);
    tell(job, ov_span_str(e->path), e->is_given,
         ov_buf_status(&text) == OV_OK ? (char *)text.ptr : "ERROR");
}

static void visit_file(struct clamd_job *job, const struct ov_walk_entry *e)
{
    int fd = ov_walk_open(job->walk, e);
    const char *wrong;

    if (fd < 0) {
        /* Gone, or a link by now: there is no such file any more. */
        if (e->is_given || (errno != ENOENT && errno != ELOOP))
            tell_missing(job, e, errno);
        return;
    }
    wrong = submit(job, fd, e->path, true, e->is_given);
    if (wrong != NULL)
        tell(job, ov_span_str(e->path), e->is_given, wrong);
}

static void visit(struct clamd_job *job, const struct ov_walk_entry *e)
{
    if (e->kind == OV_WALK_FILE)
        visit_file(job, e);
    else if (e->kind == OV_WALK_ERROR)
        tell_missing(job, e, e->error);
    else if (e->is_given)
        tell(job, ov_span_str(e->path), true, "Not supported file type ERROR");
}

/* False: the job is over and gone. */
static bool go_on(struct clamd_job *job)
{
    for (int i = 0; i < STEPS_A_TURN; i++) {
        struct ov_walk_entry e;
        enum ov_status status;

        if (job->walk == NULL || job->n_files >= job->width)
            return !is_over(job);
        status = ov_walk_next(job->walk, &e);
        if (status == OV_OK && e.kind == OV_WALK_PAUSE)
            break;
        if (status == OV_OK) {
            visit(job, &e);
            continue;
        }
        if (status != OV_NOT_FOUND)
            tell_given(job, "Can't allocate memory ERROR");
        stop_walking(job);
    }
    ov_loop_timer_set(job->session->front->loop, &job->timer, 0);
    return true;
}

static void on_due(struct ov_loop_timer *t)
{
    struct clamd_job *job = t->data;
    struct clamd_session *s = job->session;

    (void)go_on(job);
    clamd_session_go_on(s);
}

static struct clamd_job *job_new(struct clamd_session *s, struct clamd_tag tag,
                                 enum clamd_command command,
                                 struct ov_span name)
{
    struct clamd_job *job = ov_alloc(sizeof(*job));

    if (job == NULL)
        return NULL;
    job->name = ov_buf_with_max(SIZE_MAX);
    ov_put_span(&job->name, name);
    ov_put_u8(&job->name, 0);
    job->timer = (struct ov_loop_timer){.data = job, .due = on_due};
    if (ov_buf_status(&job->name) != OV_OK ||
        ov_loop_timer_add(s->front->loop, &job->timer) != OV_OK) {
        ov_buf_done(&job->name);
        ov_free(job);
        return NULL;
    }
    job->session = s;
    job->tag = tag;
    job->command = command;
    job->width = desk_state(s->front->desk).n_workers * FILES_A_WORKER;
    job->next = s->jobs;
    if (job->next != NULL)
        job->next->previous = job;
    s->jobs = job;
    s->n_jobs++;
    return job;
}

void clamd_scan_path(struct clamd_session *s, struct clamd_tag tag,
                     enum clamd_command command, struct ov_span path)
{
    struct clamd_job *job = job_new(s, tag, command, path);

    if (job == NULL) {
        clamd_reply(s, tag, "Can't allocate memory ERROR");
        return;
    }
    if (ov_span_byte(path, 0) == '/')
        job->walk =
            ov_walk_new(&(struct ov_walk_options){.max_steps = NAMES_A_STEP});
    if (job->walk == NULL ||
        ov_walk_start(job->walk, (const char *)job->name.ptr) != OV_OK) {
        stop_walking(job);
        tell_given(job, "File path check failure: No such file or directory."
                        " ERROR");
    }
    (void)go_on(job);
}

void clamd_scan_fd(struct clamd_session *s, struct clamd_tag tag, int fd,
                   const char *name)
{
    struct clamd_job *job = job_new(s, tag, CLAMD_SCAN, ov_span_str(name));
    const char *wrong;

    if (job == NULL) {
        ov_fd_cleanup(&fd);
        clamd_reply(s, tag, "Can't allocate memory ERROR");
        return;
    }
    wrong = submit(job, fd, name, false, true);
    if (wrong != NULL)
        tell_given(job, wrong);
    (void)is_over(job);
}
