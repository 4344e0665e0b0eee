/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "sys/fd.h"

/* rename(2) replaces a file at once; fsync before it, so that a crash of the
 * machine can not leave an empty file under the new name. */

#define CHUNK ((size_t)1 << 18)

static enum ov_status open_error(void)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return OV_NOT_FOUND;
    return errno == EACCES || errno == EPERM ? OV_DENIED : OV_IO;
}

enum ov_status ov_file_read(const char *path, struct ov_buf *into)
{
    OV_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0)
        return open_error();
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return OV_IO;
    for (;;) {
        uint8_t *room = ov_buf_room(into, CHUNK);
        ssize_t got;

        if (room == NULL)
            return ov_buf_status(into);
        got = read(fd, room, CHUNK);
        if (got < 0)
            return OV_IO;
        if (got == 0)
            return OV_OK;
        ov_buf_added(into, (size_t)got);
    }
}

enum ov_status ov_read_at(int fd, uint64_t at, uint8_t *to, size_t len,
                          size_t *ret_len)
{
    size_t n = 0;

    while (n < len) {
        ssize_t got = pread(fd, to + n, len - n, (off_t)(at + n));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return OV_IO;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    *ret_len = n;
    return OV_OK;
}

enum ov_status ov_write_all(int fd, struct ov_span bytes)
{
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.ptr, bytes.len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return OV_IO;
        bytes = ov_span_clip(bytes, (size_t)put, bytes.len);
    }
    return OV_OK;
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

struct content {
    struct ov_span bytes;
    int from; /* -1: bytes */
    uint64_t len;
    unsigned mode;
    bool is_synced;
};

static enum ov_status fill(int fd, const struct content *c)
{
    if (c->from < 0)
        OV_TRY(ov_write_all(fd, c->bytes));
    else
        OV_TRY(copy_all(fd, c->from, c->len));
    if (fchmod(fd, c->mode) != 0 || (c->is_synced && fsync(fd) != 0))
        return OV_IO;
    return OV_OK;
}

static enum ov_status replace(const char *path, const struct content *c,
                              struct ov_diag *diag)
{
    char temporary[PATH_MAX];
    int len = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
    enum ov_status status;

    if (len < 0 || (size_t)len >= sizeof(temporary))
        return ov_diag_set(diag, OV_USAGE, 0, "the path is too long");
    OV_AUTO_FD fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return ov_diag_set(diag, open_error(), 0, "%s", strerror(errno));
    status = fill(fd, c);
    if (status == OV_OK && rename(temporary, path) != 0)
        status = OV_IO;
    if (status != OV_OK) {
        int why = errno;

        (void)!unlink(temporary); /* a left-over is all that can come of it */
        return ov_diag_set(diag, status, 0, "%s", strerror(why));
    }
    return OV_OK;
}

enum ov_status ov_file_write(const char *path, struct ov_span bytes,
                             unsigned mode, struct ov_diag *diag)
{
    const struct content c = {.bytes = bytes, .from = -1, .mode = mode};

    return replace(path, &c, diag);
}

enum ov_status ov_file_copy(const char *path, int from, uint64_t len,
                            struct ov_diag *diag)
{
    const struct content c = {
        .from = from, .len = len, .mode = 0644, .is_synced = true};

    return replace(path, &c, diag);
}

void ov_folders_make(const char *path_of_file)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s", path_of_file) >= (int)sizeof(path))
        return;
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)!mkdir(path, 0755); /* opening the file tells */
            *at = '/';
        }
    }
}

enum ov_status ov_folder_sync(const char *path_of_file)
{
    const char *slash = strrchr(path_of_file, '/');
    char folder[PATH_MAX];
    size_t len = slash == NULL ? 0 : (size_t)(slash - path_of_file);

    if (len >= sizeof(folder))
        return OV_USAGE;
    memcpy(folder, path_of_file, len);
    folder[len] = 0;
    if (len == 0)
        (void)snprintf(folder, sizeof(folder), slash == NULL ? "." : "/");
    OV_AUTO_FD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? OV_OK : OV_IO;
}

enum ov_status ov_file_replace(const char *path, struct ov_span bytes,
                               unsigned mode, struct ov_diag *diag)
{
    const struct content c = {
        .bytes = bytes, .from = -1, .mode = mode, .is_synced = true};

    OV_TRY(replace(path, &c, diag));
    if (ov_folder_sync(path) != OV_OK)
        return ov_diag_set(diag, OV_IO, 0, "%s", strerror(errno));
    return OV_OK;
}

enum ov_status ov_file_create(const char *path, struct ov_span bytes,
                              unsigned mode, struct ov_diag *diag)
{
    const struct content c = {
        .bytes = bytes, .from = -1, .mode = mode, .is_synced = true};
    OV_AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum ov_status status;

    if (fd < 0)
        return ov_diag_set(diag, errno == EEXIST ? OV_USAGE : open_error(), 0,
                           "%s: %s", path, strerror(errno));
    status = fill(fd, &c);
    if (status == OV_OK)
        status = ov_folder_sync(path);
    if (status == OV_OK)
        return OV_OK;
    (void)ov_diag_set(diag, status, 0, "%s: %s", path, strerror(errno));
    (void)!unlink(path); /* a part of it is all that can stay */
    return status;
}

static bool is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool ov_file_is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           a->st_size == b->st_size && is_same_time(a->st_mtim, b->st_mtim) &&
           is_same_time(a->st_ctim, b->st_ctim);
}

enum ov_status ov_memory_file(const char *name, int *ret_fd)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return OV_IO;
    *ret_fd = fd;
    return OV_OK;
}

enum ov_status ov_memory_seal(int fd)
{
    int all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

    return fcntl(fd, F_ADD_SEALS, all) == 0 ? OV_OK : OV_IO;
}

enum ov_status ov_memory_seal_size(int fd)
{
    int size = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW;

    return fcntl(fd, F_ADD_SEALS, size) == 0 ? OV_OK : OV_IO;
}

void ov_allow_open_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
        limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)!setrlimit(RLIMIT_NOFILE, &limit); /* it works with few, too */
    }
}

bool ov_is_remote(uint32_t f_type)
{
    static const uint32_t types[] = {
        NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,   CIFS_SUPER_MAGIC,
        SMB2_SUPER_MAGIC, V9FS_MAGIC,        AFS_SUPER_MAGIC,
        AFS_FS_MAGIC,     CEPH_SUPER_MAGIC,  CODA_SUPER_MAGIC,
        FUSE_SUPER_MAGIC, OCFS2_SUPER_MAGIC, 0x01161970, /* gfs2 */
        0x0bd00bd0,                                      /* lustre */
        0x47504653,                                      /* gpfs */
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (f_type == types[i])
            return true;
    return false;
}
