/* SPDX-License-Identifier: Apache-2.0 */
#include "host/outbound_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "host/outbound_files.h"
#include "sys/fd.h"
#include "sys/file.h"

/* Writers take turns by a lock that the kernel gives back if one dies. A line
 * is one write(2), and a sync before its request may go; one sync does for all
 * lines before it, and a file is synced before the next one is begun, whoever
 * wrote the lines. What a crash leaves of a line has no line end: it is cut
 * off, and the next line says so.
 *
 * The end of the ledger is remembered from one line to the next, and read again
 * if another program has written meanwhile.
 *
 * Nothing is parsed here: a line's number is the file's first plus the line
 * ends before it, and its digest is taken of its bytes. So a ledger that
 * somebody damaged still grows, and verify tells the damage. */

#define MAX_FILE ((off_t)4 << 20)
#define LOCK_TRIES 500
#define LOCK_PAUSE_NS 20000000L

/* Where the next line goes. */
struct tail {
    int fd;
    uint64_t first_seq;
    uint64_t next_seq;
    off_t len;
    uint8_t prev[OV_DIGEST_MAX];
    uint64_t torn_len;
    uint8_t torn[OV_DIGEST_MAX];
};

struct outbound_log {
    int folder;
    int lock;
    const char *process;
    struct ov_buf text;
    struct tail tail; /* as we left it; fd -1: not known */
    bool is_dirty;    /* some line of it may not be on disk */
};

static enum ov_status sync_lines(struct outbound_log *log)
{
    if (log->is_dirty && (log->tail.fd < 0 || fdatasync(log->tail.fd) != 0))
        return OV_IO;
    log->is_dirty = false;
    return OV_OK;
}

void outbound_log_close(struct outbound_log *log)
{
    if (log == NULL)
        return;
    (void)!sync_lines(log); /* results: what they are of is on disk */
    ov_fd_cleanup(&log->tail.fd);
    ov_fd_cleanup(&log->folder);
    ov_fd_cleanup(&log->lock);
    ov_buf_done(&log->text);
    ov_free(log);
}

static enum ov_status failed(struct ov_diag *diag, const char *what)
{
    return ov_diag_set(diag, errno == EACCES ? OV_DENIED : OV_IO, 0,
                       "the outbound ledger %s: %s", what, strerror(errno));
}

static enum ov_status open_files(struct outbound_log *log, const char *state,
                                 struct ov_diag *diag)
{
    char path[PATH_MAX];
    struct stat st;

    if (snprintf(path, sizeof(path), "%s/%s/lock", state, OUTBOUND_FOLDER) >=
        (int)sizeof(path))
        return ov_diag_set(diag, OV_USAGE, 0, "the state's path is too long");
    ov_folders_make(path);
    log->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (log->lock < 0)
        return failed(diag, "cannot be opened");
    *strrchr(path, '/') = '\0';
    if (ov_folder_sync(path) != OV_OK)
        return failed(diag, "cannot be made durable");
    log->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (log->folder < 0 || fstat(log->folder, &st) != 0)
        return failed(diag, "cannot be opened");
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return ov_diag_set(diag, OV_DENIED, 0,
                           "the outbound ledger's folder is not yours, or "
                           "others may write to it");
    /* It tells what is looked up here. */
    if (fchmod(log->folder, 0700) != 0)
        return failed(diag, "cannot be kept private");
    return OV_OK;
}

enum ov_status outbound_log_open(const char *state, const char *process,
                                 struct outbound_log **ret,
                                 struct ov_diag *diag)
{
    struct outbound_log *log = ov_alloc(sizeof(*log));
    enum ov_status status;

    if (log == NULL)
        return OV_NO_MEMORY;
    *log = (struct outbound_log){
        -1, -1, process, ov_buf_with_max(OUTBOUND_MAX_LINE), {.fd = -1}, false};
    status = open_files(log, state, diag);
    if (status != OV_OK) {
        outbound_log_close(log);
        return status;
    }
    *ret = log;
    return OV_OK;
}

/* Others hold it as long as a sync takes; one that was stopped must not stop
 * us for good. */
static enum ov_status take_lock(const struct outbound_log *log,
                                struct ov_diag *diag)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    for (int i = 0; i < LOCK_TRIES; i++) {
        if (fcntl(log->lock, F_OFD_SETLK, &whole) == 0)
            return OV_OK;
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return failed(diag, "cannot be locked");
        (void)!nanosleep(&pause, NULL); /* a shorter pause does no harm */
    }
    return ov_diag_set(diag, OV_TIMED_OUT, 0,
                       "another program holds the outbound ledger");
}

static void give_lock(const struct outbound_log *log)
{
    struct flock whole = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

    (void)!fcntl(log->lock, F_OFD_SETLK, &whole); /* closing it does too */
}

/* ---- the end of the ledger ---- */

static enum ov_status read_all(int fd, struct ov_buf *into, off_t len)
{
    while ((off_t)into->len < len) {
        size_t left = (size_t)len - into->len;
        uint8_t *room = ov_buf_room(into, left);
        ssize_t got;

        if (room == NULL)
            return ov_buf_status(into);
        got = pread(fd, room, left, (off_t)into->len);
        if (got <= 0)
            return OV_IO;
        ov_buf_added(into, (size_t)got);
    }
    return OV_OK;
}

/* Counts lines, takes the last one's digest, and what is torn behind it. */
static enum ov_status look_at(struct tail *t, struct ov_span all)
{
    struct ov_span rest = all;
    struct ov_span last = {NULL, 0};
    struct ov_span line;

    t->next_seq = t->first_seq;
    while (rest.len > 0) {
        struct ov_span at = rest;

        if (!ov_span_cut(&rest, '\n', &line)) {
            t->torn_len = at.len;
            t->len -= (off_t)at.len;
            OV_TRY(ov_digest(OV_SHA256, at, t->torn));
            break;
        }
        last = line;
        t->next_seq++;
    }
    if (t->next_seq == t->first_seq)
        return OV_OK;
    return ov_digest(OV_SHA256, last, t->prev);
}

static enum ov_status open_tail(const struct outbound_log *log, struct tail *t)
{
    OV_AUTO_DONE(buf)
    all = ov_buf_with_max((size_t)MAX_FILE + 2 * OUTBOUND_MAX_LINE);
    char name[OUTBOUND_NAME_SIZE];
    struct stat st;

    outbound_file_name(t->first_seq, name);
    ov_fd_cleanup(&t->fd);
    t->fd = openat(log->folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (t->fd < 0 || fstat(t->fd, &st) != 0)
        return OV_IO;
    t->len = st.st_size;
    OV_TRY(read_all(t->fd, &all, st.st_size));
    return look_at(t, ov_buf_span(&all));
}

/* A file that was begun and has no line yet follows the one before. */
static enum ov_status find_tail(const struct outbound_log *log, struct tail *t)
{
    uint64_t before = UINT64_MAX;
    struct tail older = {.fd = -1};
    enum ov_status status =
        outbound_file_find(log->folder, before, &t->first_seq);

    if (status == OV_NOT_FOUND) {
        t->first_seq = t->next_seq = 1;
        return OV_OK;
    }
    OV_TRY(status);
    OV_TRY(open_tail(log, t));
    if (t->next_seq > t->first_seq || t->first_seq <= 1)
        return OV_OK;
    OV_TRY(outbound_file_find(log->folder, t->first_seq - 1, &older.first_seq));
    if (older.first_seq >= t->first_seq)
        return OV_OK;
    status = open_tail(log, &older);
    ov_fd_cleanup(&older.fd);
    memcpy(t->prev, older.prev, sizeof(t->prev));
    return status;
}

/* Whether nobody has written since we did. */
static bool is_known(const struct outbound_log *log)
{
    const struct tail *t = &log->tail;
    char name[OUTBOUND_NAME_SIZE];
    struct stat st;

    outbound_file_name(t->next_seq, name);
    return t->fd >= 0 && fstat(t->fd, &st) == 0 && st.st_nlink > 0 &&
           st.st_size == t->len && t->next_seq > t->first_seq &&
           faccessat(log->folder, name, F_OK, 0) != 0 && errno == ENOENT;
}

static enum ov_status next_file(const struct outbound_log *log, struct tail *t)
{
    char name[OUTBOUND_NAME_SIZE];

    if (t->fd >= 0 && fdatasync(t->fd) != 0)
        return OV_IO;
    outbound_file_name(t->next_seq, name);
    ov_fd_cleanup(&t->fd);
    t->fd = openat(log->folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                   0600);
    t->first_seq = t->next_seq;
    t->len = 0;
    /* The name is durable before the first line is. */
    return t->fd >= 0 && fsync(log->folder) == 0 ? OV_OK : OV_IO;
}

/* ---- a line ---- */

static enum ov_status write_line(struct tail *t, struct ov_span line)
{
    size_t done = 0;

    while (done < line.len) {
        ssize_t put = pwrite(t->fd, line.ptr + done, line.len - done,
                             t->len + (off_t)done);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            break;
        done += (size_t)put;
    }
    if (done == line.len)
        return OV_OK;
    done = (size_t)errno;
    (void)!ftruncate(t->fd, t->len); /* else the next one cuts it off */
    errno = (int)done;
    return OV_IO;
}

static enum ov_status put_line(struct outbound_log *log, struct tail *t,
                               struct outbound_line *l)
{
    l->seq = t->next_seq;
    l->time = (int64_t)time(NULL);
    l->process = ov_span_str(log->process);
    l->pid = (uint64_t)getpid();
    l->uid = (uint64_t)getuid();
    ov_buf_clear(&log->text);
    outbound_put(&log->text, l, t->prev);
    OV_TRY(ov_buf_status(&log->text));
    OV_TRY(write_line(t, ov_buf_span(&log->text)));
    log->is_dirty = true;
    t->len += (off_t)log->text.len;
    t->next_seq++;
    return ov_digest(
        OV_SHA256, ov_span_clip(ov_buf_span(&log->text), 0, log->text.len - 1),
        t->prev);
}

static enum ov_status repair(struct outbound_log *log, struct tail *t)
{
    OV_AUTO_DONE(buf) hex = ov_buf_with_max((size_t)2 * OV_DIGEST_MAX);
    struct outbound_line l;

    if (t->torn_len == 0)
        return OV_OK;
    if (ftruncate(t->fd, t->len) != 0)
        return OV_IO;
    ov_put_hex(&hex, ov_span_of(t->torn, sizeof(t->torn)));
    outbound_begin(&l, OUTBOUND_REPAIR);
    l.torn_len = t->torn_len;
    l.torn_sha256 = ov_buf_span(&hex);
    return put_line(log, t, &l);
}

/* Others may have gone on to another file: what we wrote before goes to disk
 * before it is forgotten which file it was in. */
static enum ov_status know_tail(struct outbound_log *log)
{
    struct tail *t = &log->tail;

    if (is_known(log))
        return OV_OK;
    OV_TRY(sync_lines(log));
    ov_fd_cleanup(&t->fd);
    *t = (struct tail){.fd = -1};
    OV_TRY(find_tail(log, t));
    return repair(log, t);
}

static enum ov_status put(struct outbound_log *log, struct outbound_line *line)
{
    struct tail *t = &log->tail;

    OV_TRY(know_tail(log));
    if (t->fd < 0 || t->len >= MAX_FILE)
        OV_TRY(next_file(log, t));
    return put_line(log, t, line);
}

static enum ov_status tell(struct outbound_log *log, enum ov_status status,
                           struct ov_diag *diag)
{
    if (status == OV_OK)
        return OV_OK;
    (void)ov_diag_set(diag, status, 0,
                      "the outbound ledger cannot be written: %s",
                      errno != 0 ? strerror(errno) : ov_status_name(status));
    ov_fd_cleanup(&log->tail.fd); /* it is read again */
    log->is_dirty = false;
    return status;
}

enum ov_status outbound_log_put(struct outbound_log *log,
                                struct outbound_line *line,
                                struct ov_diag *diag)
{
    enum ov_status status;

    OV_TRY(take_lock(log, diag));
    errno = 0;
    status = tell(log, put(log, line), diag);
    give_lock(log);
    return status;
}

enum ov_status outbound_log_sync(struct outbound_log *log, struct ov_diag *diag)
{
    errno = 0;
    return tell(log, sync_lines(log), diag);
}

/* A line whose sync fails is taken away again, as nothing came behind it. */
enum ov_status outbound_log_add(struct outbound_log *log,
                                struct outbound_line *line,
                                struct ov_diag *diag)
{
    enum ov_status status;
    int error;

    OV_TRY(take_lock(log, diag));
    errno = 0;
    status = put(log, line);
    if (status == OV_OK && sync_lines(log) != OV_OK) {
        status = OV_IO;
        error = errno;
        (void)!ftruncate(log->tail.fd,
                         log->tail.len - (off_t)log->text.len); /* told */
        errno = error;
    }
    status = tell(log, status, diag);
    give_lock(log);
    return status;
}
