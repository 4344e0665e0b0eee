/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/state_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fd.h"
#include "sys/file.h"

/* Everything is written beside its place, synced, renamed, and the folder
 * synced: rename(2) replaces at once, and what fsync(2) has passed survives the
 * machine. Only the holder of the lock writes, so what is half-written has one
 * fixed name, and the next writer writes over it: a crash leaves no rubbish
 * that grows. No file is ever written in place. */

#define NEW_FILE ".new"
#define NEW_LINK ".current"
#define STAGING ".staging"
#define CURRENT "current"
#define MAX_RELEASES 64
#define CHUNK ((size_t)64 << 10)

/* What is named by its digest is of no use to anybody until a file says so that
 * is written later: all of them are synced with that one. */
#define BY_DIGEST "reputation/"

struct ov_state {
    int folder;
    int releases; /* -1: there are none */
    int lock;
    bool can_write;
    bool is_dirty; /* files that are named by digest are not on disk yet */
};

void ov_state_close(struct ov_state *s)
{
    if (s == NULL)
        return;
    ov_fd_cleanup(&s->folder);
    ov_fd_cleanup(&s->releases);
    ov_fd_cleanup(&s->lock); /* and so the lock is given back */
    ov_free(s);
}

/* mkdir -p. */
static void make_folders(const char *folder)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s", folder) >= (int)sizeof(path))
        return;
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)!mkdir(path, 0755); /* opening it tells */
            *at = '/';
        }
    }
    (void)!mkdir(path, 0755); /* opening it tells */
}

static enum ov_status open_folder(int at, const char *path, int *ret_fd)
{
    int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT   ? OV_NOT_FOUND
               : errno == EACCES ? OV_DENIED
                                 : OV_IO;
    *ret_fd = fd;
    return OV_OK;
}

/* Who may write here decides what is scanned for. */
static bool is_safe(int fd, bool is_writing)
{
    struct stat st;

    return fstat(fd, &st) == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
           (st.st_uid == geteuid() || (!is_writing && st.st_uid == 0));
}

static enum ov_status sub_folder(struct ov_state *s, const char *name,
                                 int *ret_fd)
{
    if (s->can_write && mkdirat(s->folder, name, 0755) != 0 && errno != EEXIST)
        return OV_IO;
    return open_folder(s->folder, name, ret_fd);
}

static enum ov_status take_lock(struct ov_state *s, struct ov_diag *diag)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    s->lock = openat(s->folder, "lock",
                     O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock < 0)
        return ov_diag_set(diag, OV_DENIED, 0, "cannot be written to: %s",
                           strerror(errno));
    if (fcntl(s->lock, F_OFD_SETLK, &whole) != 0)
        return ov_diag_set(diag, OV_DENIED, 0, "another update is under way");
    return OV_OK;
}

enum ov_status ov_state_open(const char *folder, unsigned flags,
                             struct ov_state **ret, struct ov_diag *diag)
{
    OV_AUTO(state) s = ov_alloc(sizeof(*s));
    enum ov_status status;

    if (s == NULL)
        return OV_NO_MEMORY;
    *s = (struct ov_state){-1, -1, -1, (flags & OV_STATE_WRITE) != 0, false};
    if (s->can_write)
        make_folders(folder);
    status = open_folder(AT_FDCWD, folder, &s->folder);
    /* What a reader may not even see is somebody else's. */
    if (status == OV_DENIED && !s->can_write)
        status = OV_NOT_FOUND;
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "%s", strerror(errno));
    if (!is_safe(s->folder, s->can_write))
        return ov_diag_set(diag, OV_DENIED, 0,
                           "is not yours, or others may write to it");
    if (s->can_write) {
        OV_TRY(take_lock(s, diag));
        if (fsync(s->folder) != 0)
            return ov_diag_set(diag, OV_IO, 0, "%s", strerror(errno));
    }
    status = sub_folder(s, "releases", &s->releases);
    if (status != OV_OK && (s->can_write || status != OV_NOT_FOUND))
        return ov_diag_set(diag, status, 0, "%s", strerror(errno));
    *ret = OV_STEAL(s);
    return OV_OK;
}

/* ---- names ---- */

static bool is_name(const char *name)
{
    if (name[0] == '.' || name[0] == '\0' || strlen(name) > 200)
        return false;
    for (const char *at = name; *at != '\0'; at++) {
        if (!ov_is_alnum((uint8_t)*at) && strchr("._-%", *at) == NULL)
            return false;
    }
    return true;
}

/* The folder of a name, owned, and the name inside of it. */
static enum ov_status resolve(struct ov_state *s, const char *name, int *ret_fd,
                              const char **ret_name)
{
    static const char *const folders[] = {"trust", "evidence", "reputation"};

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        size_t len = strlen(folders[i]);

        if (strncmp(name, folders[i], len) == 0 && name[len] == '/') {
            *ret_name = name + len + 1;
            return is_name(*ret_name) ? sub_folder(s, folders[i], ret_fd)
                                      : OV_USAGE;
        }
    }
    *ret_name = name;
    if (!is_name(name) || strcmp(name, "releases") == 0)
        return OV_USAGE;
    return open_folder(s->folder, ".", ret_fd);
}

/* ---- small files ---- */

static enum ov_status read_all(int fd, struct ov_buf *into)
{
    OV_AUTO_PTR uint8_t *chunk = ov_alloc(CHUNK);
    ssize_t got;

    if (chunk == NULL)
        return OV_NO_MEMORY;
    do {
        got = read(fd, chunk, CHUNK);
        if (got < 0)
            return OV_IO;
        ov_put_span(into, ov_span_of(chunk, (size_t)got));
    } while (got > 0 && ov_buf_status(into) == OV_OK);
    return ov_buf_status(into);
}

static enum ov_status open_file(int folder, const char *name, int *ret_fd)
{
    OV_AUTO_FD fd =
        openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;

    if (fd < 0)
        return errno == ENOENT ? OV_NOT_FOUND : OV_IO;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return OV_IO;
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}

enum ov_status ov_state_get(const struct ov_state *s, const char *name,
                            struct ov_buf *into)
{
    /* A reader makes no folder, so it changes nothing. */
    struct ov_state reader = {s->folder, -1, -1, false, false};
    OV_AUTO_FD folder = -1;
    OV_AUTO_FD fd = -1;
    const char *base;

    OV_TRY(resolve(&reader, name, &folder, &base));
    OV_TRY(open_file(folder, base, &fd));
    return read_all(fd, into);
}

static enum ov_status open_new(int folder, const char *name, int *ret_fd)
{
    int fd =
        openat(folder, name,
               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

    if (fd < 0)
        return OV_IO;
    *ret_fd = fd;
    return OV_OK;
}

static bool is_by_digest(const char *name)
{
    struct ov_span s = ov_span_str(name);
    uint8_t digest[32];

    return ov_span_starts(s, OV_SPAN_LIT(BY_DIGEST)) &&
           ov_hex_decode(ov_span_clip(s, sizeof(BY_DIGEST) - 1, s.len), digest,
                         sizeof(digest));
}

static enum ov_status put_by_digest(struct ov_state *s, int folder,
                                    const char *base, int fd,
                                    struct ov_span bytes)
{
    OV_TRY(ov_write_all(fd, bytes));
    if (renameat(folder, NEW_FILE, folder, base) != 0)
        return OV_IO;
    s->is_dirty = true;
    return OV_OK;
}

enum ov_status ov_state_put(struct ov_state *s, const char *name,
                            struct ov_span bytes)
{
    OV_AUTO_FD folder = -1;
    OV_AUTO_FD fd = -1;
    const char *base;

    OV_TRY(resolve(s, name, &folder, &base));
    OV_TRY(open_new(folder, NEW_FILE, &fd));
    if (is_by_digest(name))
        return put_by_digest(s, folder, base, fd, bytes);
    OV_TRY(ov_write_all(fd, bytes));
    if (s->is_dirty && syncfs(s->folder) != 0)
        return OV_IO;
    s->is_dirty = false;
    if (fsync(fd) != 0 || renameat(folder, NEW_FILE, folder, base) != 0 ||
        fsync(folder) != 0)
        return OV_IO;
    return OV_OK;
}

enum ov_status ov_state_remove(struct ov_state *s, const char *name)
{
    OV_AUTO_FD folder = -1;
    const char *base;

    OV_TRY(resolve(s, name, &folder, &base));
    if (unlinkat(folder, base, 0) != 0)
        return errno == ENOENT ? OV_OK : OV_IO;
    return is_by_digest(name) || fsync(folder) == 0 ? OV_OK : OV_IO;
}

/* ---- releases ---- */

static void put_seq(char *to, size_t size, uint64_t seq)
{
    if (seq == OV_STATE_STAGED) {
        (void)!snprintf(to, size, STAGING); /* fits */
        return;
    }
    (void)!snprintf(to, size, "%llu", (unsigned long long)seq); /* fits */
}

/* A folder of files, and the files. */
static enum ov_status remove_folder(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *e;

    if (fd < 0)
        return errno == ENOENT ? OV_OK : OV_IO;
    if (dir == NULL) {
        ov_fd_cleanup(&fd);
        return OV_NO_MEMORY;
    }
    while ((e = readdir(dir)) != NULL) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            (void)!unlinkat(fd, e->d_name, 0); /* the last unlink tells */
    }
    (void)!closedir(dir); /* it was only read */
    return unlinkat(at, name, AT_REMOVEDIR) == 0 ? OV_OK : OV_IO;
}

enum ov_status ov_state_stage(struct ov_state *s)
{
    OV_TRY(remove_folder(s->releases, STAGING));
    return mkdirat(s->releases, STAGING, 0755) == 0 ? OV_OK : OV_IO;
}

static enum ov_status copy_all(int to, int from, uint64_t len)
{
    off_t at = 0;

    while ((uint64_t)at < len) {
        ssize_t put = sendfile(to, from, &at, (size_t)(len - (uint64_t)at));

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return OV_IO;
    }
    return OV_OK;
}

enum ov_status ov_state_stage_file(struct ov_state *s, const char *name,
                                   int from, uint64_t len)
{
    OV_AUTO_FD folder = -1;
    OV_AUTO_FD fd = -1;

    if (!is_name(name))
        return OV_USAGE;
    OV_TRY(open_folder(s->releases, STAGING, &folder));
    OV_TRY(open_new(folder, name, &fd));
    OV_TRY(copy_all(fd, from, len));
    return fsync(fd) == 0 ? OV_OK : OV_IO;
}

/* A link: releases are never changed, so they may share files. */
enum ov_status ov_state_stage_reuse(struct ov_state *s, const char *name)
{
    OV_AUTO_FD from = -1;
    OV_AUTO_FD to = -1;
    uint64_t current;
    char release[24];

    if (!is_name(name))
        return OV_USAGE;
    OV_TRY(ov_state_current(s, &current));
    put_seq(release, sizeof(release), current);
    OV_TRY(open_folder(s->releases, release, &from));
    OV_TRY(open_folder(s->releases, STAGING, &to));
    if (linkat(from, name, to, name, 0) != 0)
        return errno == ENOENT ? OV_NOT_FOUND : OV_IO;
    return OV_OK;
}

enum ov_status ov_state_keep(struct ov_state *s, uint64_t seq)
{
    OV_AUTO_FD staging = -1;
    char name[24];

    put_seq(name, sizeof(name), seq);
    OV_TRY(open_folder(s->releases, STAGING, &staging));
    if (fsync(staging) != 0)
        return OV_IO;
    /* One of the same number takes the other's place: at once, as it may be the
     * current one, which did not load. */
    if (renameat2(s->releases, STAGING, s->releases, name, RENAME_EXCHANGE) !=
            0 &&
        (errno != ENOENT ||
         renameat(s->releases, STAGING, s->releases, name) != 0))
        return OV_IO;
    if (fsync(s->releases) != 0)
        return OV_IO;
    return remove_folder(s->releases, STAGING);
}

static enum ov_status prune(struct ov_state *s, uint64_t current)
{
    uint64_t seqs[MAX_RELEASES];
    size_t n;
    size_t kept = 1; /* current */

    OV_TRY(ov_state_list(s, seqs, MAX_RELEASES, &n));
    for (size_t i = 0; i < n; i++) {
        if (seqs[i] != current && ++kept > OV_STATE_KEEP)
            OV_TRY(ov_state_drop(s, seqs[i]));
    }
    return OV_OK;
}

enum ov_status ov_state_switch(struct ov_state *s, uint64_t seq)
{
    OV_AUTO_FD folder = -1;
    char name[24];
    char path[48];

    put_seq(name, sizeof(name), seq);
    OV_TRY(open_folder(s->releases, name, &folder));
    (void)!snprintf(path, sizeof(path), "releases/%s", name); /* fits */
    if (unlinkat(s->folder, NEW_LINK, 0) != 0 && errno != ENOENT)
        return OV_IO;
    if (symlinkat(path, s->folder, NEW_LINK) != 0 ||
        renameat(s->folder, NEW_LINK, s->folder, CURRENT) != 0 ||
        fsync(s->folder) != 0)
        return OV_IO;
    (void)!prune(s, seq); /* old ones cost room, nothing else */
    return OV_OK;
}

enum ov_status ov_state_drop(struct ov_state *s, uint64_t seq)
{
    uint64_t current;
    char name[24];

    if (ov_state_current(s, &current) == OV_OK && current == seq)
        return OV_USAGE;
    put_seq(name, sizeof(name), seq);
    return remove_folder(s->releases, name);
}

enum ov_status ov_state_current(const struct ov_state *s, uint64_t *ret_seq)
{
    char path[64];
    ssize_t len = readlinkat(s->folder, CURRENT, path, sizeof(path));
    struct ov_span text;

    if (len < 0)
        return errno == ENOENT ? OV_NOT_FOUND : OV_IO;
    text = ov_span_of(path, (size_t)len);
    if (!ov_span_starts(text, OV_SPAN_LIT("releases/")) ||
        !ov_parse_uint(ov_span_clip(text, 9, text.len), UINT64_MAX, ret_seq))
        return OV_MALFORMED;
    return OV_OK;
}

static int compare_falling(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x < y) - (x > y);
}

enum ov_status ov_state_list(const struct ov_state *s, uint64_t *ret_seqs,
                             size_t max, size_t *ret_n)
{
    int fd = s->releases < 0
                 ? -1
                 : openat(s->releases, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *e;
    size_t n = 0;

    if (dir == NULL) {
        ov_fd_cleanup(&fd);
        return s->releases < 0 ? OV_NOT_FOUND : OV_IO;
    }
    while (n < max && (e = readdir(dir)) != NULL) {
        uint64_t seq;

        if (ov_parse_uint(ov_span_str(e->d_name), UINT64_MAX, &seq))
            ret_seqs[n++] = seq;
    }
    (void)!closedir(dir); /* it was only read */
    qsort(ret_seqs, n, sizeof(*ret_seqs), compare_falling);
    *ret_n = n;
    return OV_OK;
}

enum ov_status ov_state_open_file(const struct ov_state *s, uint64_t seq,
                                  const char *name, int *ret_fd,
                                  uint64_t *ret_len)
{
    OV_AUTO_FD folder = -1;
    OV_AUTO_FD fd = -1;
    struct stat st;
    char release[24];

    if (!is_name(name))
        return OV_USAGE;
    if (s->releases < 0 && seq != OV_STATE_SMALL)
        return OV_NOT_FOUND;
    put_seq(release, sizeof(release), seq);
    if (seq != OV_STATE_SMALL)
        OV_TRY(open_folder(s->releases, release, &folder));
    OV_TRY(open_file(seq == OV_STATE_SMALL ? s->folder : folder, name, &fd));
    if (fstat(fd, &st) != 0)
        return OV_IO;
    *ret_len = (uint64_t)st.st_size;
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}
