/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys/fd.h"

/* Files of a folder come first, as getdents64(2) tells them; its subfolders'
 * names are kept and opened one after the other, each relative to the folder's
 * descriptor. Before the last of them is opened the folder is given back, so
 * that a chain of folders of any depth needs few descriptors and no recursion.
 *
 * A link is never followed by accident: openat2(2) with RESOLVE_NO_SYMLINKS
 * fails if somebody puts one in place of what was seen. With OV_WALK_FOLLOW a
 * folder that is one of those it lies in is not gone into again. */

#define CHUNK 32768
/* Folders within folders when links are followed: each is compared with all it
 * lies in. */
#define MAX_FOLLOWED_DEPTH 4096

/* As the kernel writes it, getdents64(2). */
#define DIRENT_RECLEN 16
#define DIRENT_TYPE 18
#define DIRENT_NAME 19

struct level {
    int fd;
    dev_t dev;
    ino_t ino;
    size_t path_len;       /* of the folder's path, with a slash at its end */
    struct ov_buf pending; /* names of subfolders, each with its NUL */
    size_t at;             /* in pending */
};

struct ov_walk {
    struct ov_walk_options options;
    struct ov_buf path; /* of the current entry, NUL-terminated */
    struct level *levels;
    size_t n;
    size_t cap;
    bool is_reading;  /* the top level's files are being read */
    bool is_given;    /* the path itself is to come */
    dev_t dev;        /* of the path given */
    unsigned n_steps; /* of this call */
    uint8_t *chunk;
    size_t chunk_len;
    size_t chunk_at;
};

/* File systems that are views of the kernel: reading them scans nothing, and
 * some of their files never end. linux/magic.h. */
static const long system_types[] = {
    PROC_SUPER_MAGIC,
    SYSFS_MAGIC,
    DEBUGFS_MAGIC,
    TRACEFS_MAGIC,
    SECURITYFS_MAGIC,
    CGROUP_SUPER_MAGIC,
    CGROUP2_SUPER_MAGIC,
    DEVPTS_SUPER_MAGIC,
    BPF_FS_MAGIC,
    PSTOREFS_MAGIC,
    SELINUX_MAGIC,
    EFIVARFS_MAGIC,
    0x62656570 /* configfs */,
    0x19800202 /* mqueue */,
};

struct ov_walk *ov_walk_new(const struct ov_walk_options *options)
{
    OV_AUTO(walk) w = ov_alloc(sizeof(*w));

    if (w == NULL)
        return NULL;
    w->options = *options;
    w->path = ov_buf_with_max(SIZE_MAX);
    w->chunk = ov_alloc(CHUNK);
    if (w->chunk == NULL)
        return NULL;
    return OV_STEAL(w);
}

static void level_done(struct level *l)
{
    ov_fd_cleanup(&l->fd);
    ov_buf_done(&l->pending);
}

void ov_walk_free(struct ov_walk *w)
{
    if (w == NULL)
        return;
    while (w->n > 0)
        level_done(&w->levels[--w->n]);
    ov_free(w->levels);
    ov_free(w->chunk);
    ov_buf_done(&w->path);
    ov_free(w);
}

enum ov_status ov_walk_start(struct ov_walk *w, const char *path)
{
    while (w->n > 0)
        level_done(&w->levels[--w->n]);
    ov_buf_clear(&w->path);
    ov_put_str(&w->path, path);
    ov_put_u8(&w->path, 0);
    w->is_given = true;
    return ov_buf_status(&w->path);
}

/* Cuts the path to len and appends a name. */
static enum ov_status set_path(struct ov_walk *w, size_t len, const char *name)
{
    w->path.len = len;
    ov_put_str(&w->path, name);
    ov_put_u8(&w->path, 0);
    return ov_buf_status(&w->path);
}

static const char *path_of(const struct ov_walk *w)
{
    return (const char *)w->path.ptr;
}

static int open_at(const struct ov_walk *w, int folder, const char *name,
                   uint64_t flags)
{
    struct open_how how = {.flags = flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                           .resolve = RESOLVE_NO_MAGICLINKS};

    if (folder == AT_FDCWD) /* the user's own words */
        how.resolve = 0;
    else if ((w->options.flags & OV_WALK_FOLLOW) == 0)
        how.resolve = RESOLVE_NO_SYMLINKS;
    return (int)syscall(SYS_openat2, folder, name, &how, sizeof(how));
}

int ov_walk_open(const struct ov_walk *w, const struct ov_walk_entry *e)
{
    return open_at(w, e->is_given ? AT_FDCWD : e->folder, e->name, O_RDONLY);
}

static bool is_system(int fd)
{
    struct statfs fs;

    if (fstatfs(fd, &fs) != 0)
        return false;
    for (size_t i = 0; i < sizeof(system_types) / sizeof(system_types[0]);
         i++) {
        if (fs.f_type == system_types[i])
            return true;
    }
    return false;
}

static bool is_inside_itself(const struct ov_walk *w, const struct stat *st)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->levels[i].dev == st->st_dev && w->levels[i].ino == st->st_ino)
            return true;
    }
    return false;
}

static enum ov_status push(struct ov_walk *w, int *fd, const struct stat *st)
{
    struct level *l;

    if (w->n == w->cap) {
        size_t cap = w->cap == 0 ? 16 : w->cap * 2;

        l = ov_realloc_array(w->levels, cap, sizeof(*l));
        if (l == NULL)
            return OV_NO_MEMORY;
        w->levels = l;
        w->cap = cap;
    }
    w->path.len--; /* the NUL */
    if (w->path.ptr[w->path.len - 1] != '/')
        ov_put_u8(&w->path, '/');
    OV_TRY(ov_buf_status(&w->path));
    l = &w->levels[w->n++];
    *l = (struct level){.fd = ov_fd_steal(fd),
                        .dev = st->st_dev,
                        .ino = st->st_ino,
                        .path_len = w->path.len,
                        .pending = ov_buf_with_max(SIZE_MAX)};
    w->is_reading = true;
    w->chunk_at = w->chunk_len = 0;
    return OV_OK;
}

static enum ov_status entry(const struct ov_walk *w, enum ov_walk_kind kind,
                            int error, struct ov_walk_entry *ret)
{
    *ret = (struct ov_walk_entry){
        .kind = kind, .path = path_of(w), .name = path_of(w), .error = error};
    return OV_OK;
}

/* Goes into a folder whose path is set. OV_OK with an entry if there is
 * something to say about it, OV_NOT_FOUND if all is well or nothing is due. */
static enum ov_status go_into(struct ov_walk *w, int folder, const char *name,
                              struct ov_walk_entry *ret)
{
    OV_AUTO_FD fd = open_at(w, folder, name, O_RDONLY | O_DIRECTORY);
    bool is_given = folder == AT_FDCWD;
    struct stat st;

    if (fd < 0 && !is_given && (errno == ELOOP || errno == ENOENT))
        return OV_NOT_FOUND; /* replaced or removed since it was seen */
    if (fd < 0 || fstat(fd, &st) != 0)
        return entry(w, OV_WALK_ERROR, errno, ret);
    if (is_given)
        w->dev = st.st_dev;
    if ((w->options.flags & OV_WALK_ONE_FILE_SYSTEM) != 0 &&
        st.st_dev != w->dev)
        return OV_NOT_FOUND;
    if (!is_given && w->n > 0 && st.st_dev != w->levels[w->n - 1].dev &&
        is_system(fd))
        return entry(w, OV_WALK_SYSTEM, 0, ret);
    if ((w->options.flags & OV_WALK_FOLLOW) != 0) {
        if (is_inside_itself(w, &st))
            return OV_NOT_FOUND;
        if (w->n >= MAX_FOLLOWED_DEPTH)
            return entry(w, OV_WALK_ERROR, ELOOP, ret);
    }
    OV_TRY(push(w, &fd, &st));
    return OV_NOT_FOUND;
}

static enum ov_status given(struct ov_walk *w, struct ov_walk_entry *ret)
{
    struct stat st;
    enum ov_status status;

    w->is_given = false;
    if (stat(path_of(w), &st) != 0)
        status = entry(w, OV_WALK_ERROR, errno, ret);
    else if (S_ISDIR(st.st_mode))
        status = go_into(w, AT_FDCWD, path_of(w), ret);
    else
        status = entry(w, S_ISREG(st.st_mode) ? OV_WALK_FILE : OV_WALK_SPECIAL,
                       0, ret);
    if (status == OV_OK) {
        ret->is_given = true;
        ret->folder = AT_FDCWD;
    }
    return status;
}

/* d_type, or what stat tells where the file system does not know or a link is
 * to be followed. DT_UNKNOWN and errno if it cannot be told. */
static unsigned type_of(const struct ov_walk *w, int folder, const char *name,
                        unsigned type)
{
    bool is_followed =
        type == DT_LNK && (w->options.flags & OV_WALK_FOLLOW) != 0;
    struct stat st;

    if (type != DT_UNKNOWN && !is_followed)
        return type;
    if (fstatat(folder, name, &st, is_followed ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
        return DT_UNKNOWN;
    return IFTODT(st.st_mode);
}

static bool wants(const struct ov_walk *w, const char *name, bool is_folder)
{
    return w->options.wants == NULL ||
           w->options.wants(w->options.data, path_of(w), name, is_folder);
}

static bool is_dots(const char *name)
{
    return name[0] == '.' &&
           (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* One name of the folder being read. OV_NOT_FOUND: nothing to tell of it. */
static enum ov_status visit(struct ov_walk *w, const char *name, unsigned type,
                            struct ov_walk_entry *ret)
{
    struct level *l = &w->levels[w->n - 1];
    enum ov_walk_kind kind = OV_WALK_FILE;
    int error = 0;

    if (is_dots(name))
        return OV_NOT_FOUND;
    OV_TRY(set_path(w, l->path_len, name));
    type = type_of(w, l->fd, name, type);
    if (type == DT_DIR) {
        if ((w->options.max_depth == 0 || w->n < w->options.max_depth) &&
            wants(w, name, true))
            ov_put_span(&l->pending, ov_span_of(name, strlen(name) + 1));
        OV_TRY(ov_buf_status(&l->pending));
        return OV_NOT_FOUND;
    }
    if (type == DT_UNKNOWN) {
        error = errno;
        kind = OV_WALK_ERROR;
    } else if (type == DT_LNK) {
        kind = OV_WALK_LINK;
    } else if (type != DT_REG) {
        kind = OV_WALK_SPECIAL;
    }
    if (!wants(w, name, false))
        return OV_NOT_FOUND;
    OV_TRY(entry(w, kind, error, ret));
    ret->folder = l->fd;
    ret->name = name;
    return OV_OK;
}

static bool is_at_pause(struct ov_walk *w)
{
    return w->options.max_steps > 0 && ++w->n_steps > w->options.max_steps;
}

/* Files of the top level. OV_NOT_FOUND at its end. */
static enum ov_status read_files(struct ov_walk *w, struct ov_walk_entry *ret)
{
    struct level *l = &w->levels[w->n - 1];

    for (;;) {
        enum ov_status status;
        uint8_t *at;

        if (is_at_pause(w))
            return entry(w, OV_WALK_PAUSE, 0, ret);
        if (w->chunk_at >= w->chunk_len) {
            long got = syscall(SYS_getdents64, l->fd, w->chunk, CHUNK);

            w->chunk_at = 0;
            w->chunk_len = got > 0 ? (size_t)got : 0;
            if (got <= 0)
                w->is_reading = false;
            if (got < 0) {
                OV_TRY(set_path(w, l->path_len, ""));
                return entry(w, OV_WALK_ERROR, errno, ret);
            }
            if (got == 0)
                return OV_NOT_FOUND;
        }
        at = w->chunk + w->chunk_at;
        w->chunk_at += ov_load16le(at + DIRENT_RECLEN);
        status = visit(w, (const char *)at + DIRENT_NAME, at[DIRENT_TYPE], ret);
        if (status != OV_NOT_FOUND)
            return status;
    }
}

/* Into the next subfolder of the top level, or back up. */
static enum ov_status next_folder(struct ov_walk *w, struct ov_walk_entry *ret)
{
    size_t parent = w->n - 1;
    struct level *l = &w->levels[parent];
    const char *name;
    enum ov_status status;

    if (l->at >= l->pending.len) {
        level_done(l);
        w->n--;
        return OV_NOT_FOUND;
    }
    name = (const char *)l->pending.ptr + l->at;
    l->at += strlen(name) + 1;
    OV_TRY(set_path(w, l->path_len, name));
    status = go_into(w, l->fd, name, ret);
    l = &w->levels[parent]; /* may have moved */
    if (l->at >= l->pending.len) {
        ov_fd_cleanup(&l->fd);
        l->fd = -1;
    }
    return status;
}

enum ov_status ov_walk_next(struct ov_walk *w, struct ov_walk_entry *ret)
{
    enum ov_status status = OV_NOT_FOUND;

    w->n_steps = 0;
    if (w->is_given)
        status = given(w, ret);
    while (status == OV_NOT_FOUND && w->n > 0)
        if (w->is_reading)
            status = read_files(w, ret);
        else if (is_at_pause(w))
            status = entry(w, OV_WALK_PAUSE, 0, ret);
        else
            status = next_folder(w, ret);
    return status;
}
