/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "sys/fd.h"
#include "sys/file.h"

/* A file is one line, "sha256 HEX", and the content that HEX is the digest of.
 * It is replaced by a rename of NAME.new after that has been synced, and the
 * rename is durable after the folder has been synced.
 *
 * Several files are written in steps, each for all of them: write and start the
 * disk on it; wait for the disk; rename; sync the folder. On a journaling file
 * system the first wait pays for all.
 *
 * Limits: who may write to the folder can replace a file by an older one of
 * the same name; the digest is no secret. */

#define HEADER_LEN (sizeof("sha256 \n") - 1 + 2 * OV_DIGEST_MAX)
#define CHUNK ((size_t)4 << 10)

static enum ov_status errno_status(void)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return OV_NOT_FOUND;
    return errno == EACCES || errno == EPERM ? OV_DENIED : OV_IO;
}

enum ov_status ov_ledger_open(const char *path, struct ov_ledger *ret,
                              struct ov_diag *diag)
{
    OV_AUTO_FD fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    OV_AUTO_FD lock = -1;

    if (fd < 0)
        return ov_diag_set(diag, errno_status(), 0, "cannot open %s: %s", path,
                           strerror(errno));
    lock = openat(fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (lock < 0)
        return ov_diag_set(diag, errno_status(), 0, "cannot write in %s: %s",
                           path, strerror(errno));
    if (fcntl(lock, F_OFD_SETLK, &whole) != 0)
        return ov_diag_set(diag, OV_USAGE, 0, "%s is in use by another process",
                           path);
    *ret = (struct ov_ledger){ov_fd_steal(&fd), ov_fd_steal(&lock)};
    return OV_OK;
}

void ov_ledger_close(struct ov_ledger *s)
{
    (void)!close(s->lock); /* nothing was written through either */
    (void)!close(s->fd);
    *s = (struct ov_ledger){-1, -1};
}

static enum ov_status put_header(struct ov_buf *b, struct ov_span content)
{
    uint8_t digest[OV_DIGEST_MAX];

    OV_TRY(ov_digest(OV_SHA256, content, digest));
    ov_put_str(b, "sha256 ");
    ov_put_hex(b, ov_span_of(digest, sizeof(digest)));
    ov_put_u8(b, '\n');
    return ov_buf_status(b);
}

static enum ov_status read_all(int fd, struct ov_buf *into)
{
    for (;;) {
        uint8_t *room = ov_buf_room(into, CHUNK);
        ssize_t got;

        if (room == NULL)
            return ov_buf_status(into);
        got = read(fd, room, CHUNK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return OV_IO;
        if (got == 0)
            return OV_OK;
        ov_buf_added(into, (size_t)got);
    }
}

enum ov_status ov_ledger_wrap(struct ov_span content, struct ov_buf *into)
{
    OV_TRY(put_header(into, content));
    ov_put_span(into, content);
    return ov_buf_status(into);
}

enum ov_status ov_ledger_unwrap(struct ov_span bytes,
                                struct ov_span *ret_content)
{
    OV_AUTO_DONE(buf) header = ov_buf_with_max(HEADER_LEN);
    struct ov_span content = ov_span_clip(bytes, HEADER_LEN, bytes.len);

    OV_TRY(put_header(&header, content));
    if (!ov_span_starts(bytes, ov_buf_span(&header)))
        return OV_BAD_DIGEST;
    *ret_content = content;
    return OV_OK;
}

enum ov_status ov_ledger_read(const struct ov_ledger *s, const char *name,
                              struct ov_buf *into)
{
    OV_AUTO_FD fd = openat(s->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    OV_AUTO_DONE(buf) all = ov_buf_with_max(OV_LEDGER_MAX + CHUNK);
    struct ov_span content;
    struct stat st;

    if (fd < 0)
        return errno_status();
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return OV_IO;
    OV_TRY(read_all(fd, &all));
    OV_TRY(ov_ledger_unwrap(ov_buf_span(&all), &content));
    ov_put_span(into, content);
    return ov_buf_status(into);
}

/* A name with ".new" behind it. */
struct temporary {
    char name[OV_LEDGER_NAME_MAX + sizeof(".new")];
};

static bool make_temporary(const char *name, struct temporary *ret)
{
    size_t len = strlen(name);

    if (len == 0 || len > OV_LEDGER_NAME_MAX || strchr(name, '/') != NULL)
        return false;
    memcpy(ret->name, name, len);
    memcpy(ret->name + len, ".new", sizeof(".new"));
    return true;
}

static enum ov_status begin(const struct ov_ledger *s,
                            const struct ov_ledger_item *item)
{
    OV_AUTO_DONE(buf) header = ov_buf_with_max(HEADER_LEN);
    struct temporary t;

    if (!make_temporary(item->name, &t) || item->bytes.len > OV_LEDGER_MAX)
        return OV_USAGE;
    OV_TRY(put_header(&header, item->bytes));
    OV_AUTO_FD fd =
        openat(s->fd, t.name,
               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return errno_status();
    OV_TRY(ov_write_all(fd, ov_buf_span(&header)));
    OV_TRY(ov_write_all(fd, item->bytes));
    /* A hint; the sync that follows is what counts. */
    (void)!sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    return OV_OK;
}

static enum ov_status sync_one(const struct ov_ledger *s,
                               const struct ov_ledger_item *item)
{
    struct temporary t;

    if (!make_temporary(item->name, &t))
        return OV_USAGE;
    OV_AUTO_FD fd = openat(s->fd, t.name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && fsync(fd) == 0 ? OV_OK : OV_IO;
}

static enum ov_status replace_one(const struct ov_ledger *s,
                                  const struct ov_ledger_item *item)
{
    struct temporary t;

    if (!make_temporary(item->name, &t))
        return OV_USAGE;
    return renameat(s->fd, t.name, s->fd, item->name) == 0 ? OV_OK : OV_IO;
}

static void take_back(const struct ov_ledger *s,
                      const struct ov_ledger_item *item)
{
    struct temporary t;

    /* What is left over is written anew the next time. */
    if (make_temporary(item->name, &t))
        (void)!unlinkat(s->fd, t.name, 0);
}

enum ov_status ov_ledger_write(const struct ov_ledger *s,
                               struct ov_ledger_item *items, size_t n)
{
    static enum ov_status (*const steps[])(const struct ov_ledger *,
                                           const struct ov_ledger_item *) = {
        begin, sync_one, replace_one};

    bool is_synced;

    for (size_t i = 0; i < n; i++)
        items[i] = (struct ov_ledger_item){.name = items[i].name,
                                           .bytes = items[i].bytes};
    for (size_t step = 0; step < sizeof(steps) / sizeof(steps[0]); step++) {
        for (size_t i = 0; i < n; i++) {
            if (items[i].status == OV_OK)
                items[i].status = steps[step](s, &items[i]);
        }
    }
    is_synced = fsync(s->fd) == 0;
    for (size_t i = 0; i < n; i++) {
        if (items[i].status != OV_OK) {
            take_back(s, &items[i]);
            continue;
        }
        items[i].is_replaced = true;
        if (!is_synced)
            items[i].status = OV_IO;
    }
    for (size_t i = 0; i < n; i++) {
        if (items[i].status != OV_OK)
            return items[i].status;
    }
    return OV_OK;
}
