/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "host/quarantine_store.h"
#include "sys/fd.h"
#include "sys/file.h"

/* Into the quarantine. The descriptor that was scanned is the file; its name is
 * what others may play with.
 *
 * 1. The content is encrypted from the descriptor to "new-RANDOM", which is
 *    synced and renamed to "taking-RANDOM": from here on the item is whole.
 * 2. The name is moved into a folder of our own beside it, where nobody can
 *    exchange it: only there it can be asked without a race whether it is the
 *    file that was scanned. If so it is unlinked, else moved back.
 * 3. "taking-RANDOM" becomes "ID.item".
 *
 * Until 2 the file is in its place; quarantine_tidy.c does what is left. */

#define MAX_ATTRIBUTE ((size_t)64 << 10)
#define FILE_ASIDE "file"

static enum ov_status check_unchanged(const struct quarantine_request *r,
                                      struct ov_diag *diag)
{
    struct stat now;

    if (fstat(r->fd, &now) == 0 && ov_file_is_same(&now, r->scanned))
        return OV_OK;
    return ov_diag_set(diag, OV_MISMATCH, 0,
                       "has changed since it was scanned; scan it again");
}

/* What a person can do about it. */
static const char *remedy(int error)
{
    switch (error) {
    case EROFS:
        return "; the file system is read-only: mount it to be written, or "
               "remove the file where it comes from";
    case EACCES:
    case EPERM:
        return "; may not be taken out of its folder: try as root, and if the "
               "file or folder is immutable, chattr -i";
    case ENOSPC:
    case EDQUOT:
        return "; no room in the quarantine: purge items, or choose another "
               "folder";
    default:
        return "";
    }
}

static enum ov_status fail(struct ov_diag *diag, enum ov_status status)
{
    int error = errno;

    if (status == OV_IO || status == OV_DENIED)
        return ov_diag_set(diag, status, 0, "%s%s", strerror(error),
                           remedy(error));
    return ov_diag_set(diag, status, 0, "%s", ov_status_name(status));
}

/* ---- what the file is ---- */

static enum ov_status put_attribute(int fd, const char *name, uint8_t *room,
                                    struct ov_buf *to)
{
    ssize_t len = fgetxattr(fd, name, room, MAX_ATTRIBUTE);

    if (len < 0)
        return errno == ENODATA ? OV_OK : OV_IO;
    ov_put_block(to, ov_span_str(name));
    ov_put_block(to, ov_span_of(room, (size_t)len));
    return ov_buf_status(to);
}

static enum ov_status put_attributes(int fd, struct ov_buf *to)
{
    OV_AUTO_PTR char *names = ov_alloc(MAX_ATTRIBUTE + 1);
    OV_AUTO_PTR uint8_t *room = ov_alloc(MAX_ATTRIBUTE);
    ssize_t len;

    if (names == NULL || room == NULL)
        return OV_NO_MEMORY;
    len = flistxattr(fd, names, MAX_ATTRIBUTE);
    if (len < 0)
        return errno == ENOTSUP ? OV_OK : OV_IO;
    for (const char *at = names; at < names + len; at += strlen(at) + 1)
        OV_TRY(put_attribute(fd, at, room, to));
    return OV_OK;
}

/* What lasts as long as the metadata that point to it. */
struct about {
    struct ov_buf attributes;
    struct quarantine_meta meta;
};

static void about_done(struct about *a)
{
    ov_buf_done(&a->attributes);
}

static void describe_names(const struct stat *st, struct quarantine_meta *m)
{
    const struct passwd *user = getpwuid(st->st_uid);
    const struct group *group = getgrgid(st->st_gid);

    if (user != NULL)
        m->owner = ov_span_clip(ov_span_str(user->pw_name), 0, 255);
    if (group != NULL)
        m->group = ov_span_clip(ov_span_str(group->gr_name), 0, 255);
}

static enum ov_status describe(const struct quarantine_request *r,
                               const struct ov_place *place, struct about *a)
{
    const struct finding *f = r->finding;
    const struct stat *st = r->scanned;

    OV_TRY(put_attributes(r->fd, &a->attributes));
    a->meta = (struct quarantine_meta){
        .path = ov_span_str(place->path),
        .uid = st->st_uid,
        .gid = st->st_gid,
        .mode = st->st_mode & 07777U,
        .inode = st->st_ino,
        .n_links = st->st_nlink,
        .accessed = quarantine_time_of(st->st_atim),
        .modified = quarantine_time_of(st->st_mtim),
        .changed = quarantine_time_of(st->st_ctim),
        .attributes = ov_buf_span(&a->attributes),
        .rule = ov_buf_span(&f->rule),
        .source = ov_buf_span(&f->source),
        .line = f->line,
        .kind = ov_buf_span(&f->kind),
        .explanation = ov_buf_span(&f->explanation),
        .when = (int64_t)time(NULL),
        .by_uid = getuid(),
        .by = ov_span_str(r->by),
    };
    describe_names(st, &a->meta);
    return quarantine_digest(r->fd, UINT64_MAX, a->meta.digest, &a->meta.size);
}

/* ---- out of its folder ---- */

static bool is_our_folder(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
           (st.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

static enum ov_status make_aside(const struct ov_place *place, const char *name,
                                 int *ret_fd)
{
    OV_AUTO_FD fd = -1;

    if (mkdirat(place->folder, name, 0700) != 0 && errno != EEXIST)
        return OV_DENIED;
    fd = openat(place->folder, name,
                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return OV_DENIED;
    if (!is_our_folder(fd)) {
        /* A file system without owners (FAT), where a folder is everybody's; or
         * a stranger's folder, which is not removed if there is something in
         * it. */
        (void)unlinkat(place->folder, name, AT_REMOVEDIR);
        errno = EPERM;
        return OV_DENIED;
    }
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}

/* The file of the metadata; its content is compared as well, so that this holds
 * whenever it is asked. */
static bool is_the_file(int aside, const struct quarantine_meta *m)
{
    OV_AUTO_FD fd = openat(aside, FILE_ASIDE,
                           O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    uint8_t digest[OV_DIGEST_MAX];
    struct stat st;
    uint64_t len;

    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           st.st_ino == m->inode && (uint64_t)st.st_size == m->size &&
           quarantine_digest(fd, m->size, digest, &len) == OV_OK &&
           len == m->size && memcmp(digest, m->digest, sizeof(digest)) == 0;
}

/* Never over a file that came there meanwhile. */
static bool move_back(const struct ov_place *place, int aside)
{
    if (renameat2(aside, FILE_ASIDE, place->folder, place->name,
                  RENAME_NOREPLACE) == 0)
        return true;
    return errno == EINVAL &&
           linkat(aside, FILE_ASIDE, place->folder, place->name, 0) == 0 &&
           unlinkat(aside, FILE_ASIDE, 0) == 0;
}

static enum ov_status settle(const struct ov_place *place, int aside,
                             const struct quarantine_meta *m,
                             const char *aside_name, struct ov_diag *diag)
{
    if (is_the_file(aside, m)) {
        if (unlinkat(aside, FILE_ASIDE, 0) == 0)
            return OV_OK;
        (void)fail(diag, OV_DENIED);
        (void)move_back(place, aside); /* or it stays there, whole */
        return OV_DENIED;
    }
    if (move_back(place, aside))
        return ov_diag_set(diag, OV_MISMATCH, 0,
                           "is another file than the one that was scanned; it "
                           "is left alone");
    return ov_diag_set(diag, OV_MISMATCH, 0,
                       "was exchanged twice meanwhile; what was there for a "
                       "moment is beside it in %s",
                       aside_name);
}

enum ov_status quarantine_remove_file(const struct ov_place *place,
                                      const char *digits,
                                      const struct quarantine_meta *m,
                                      struct ov_diag *diag)
{
    OV_AUTO_FD aside = -1;
    enum ov_status status;
    struct stat st;
    char name[32];

    (void)snprintf(name, sizeof(name), ".overt-%s", digits);
    status = make_aside(place, name, &aside);
    if (status != OV_OK)
        return fail(diag, status);
    /* One that was moved there before has yet to be looked at. */
    if (fstatat(aside, FILE_ASIDE, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
        renameat(place->folder, place->name, aside, FILE_ASIDE) == 0)
        status = settle(place, aside, m, name, diag);
    else
        status = fail(diag, errno == ENOENT ? OV_NOT_FOUND : OV_DENIED);
    /* Not if there is something in it. */
    (void)unlinkat(place->folder, name, AT_REMOVEDIR);
    (void)fsync(place->folder); /* what was undone is done by the next tidy */
    return status;
}

/* ---- into the quarantine ---- */

static enum ov_status find_place(const struct quarantine_request *r,
                                 struct ov_place *ret, struct ov_diag *diag)
{
    char path[PATH_MAX];
    enum ov_status status = ov_place_path(r->fd, path);
    struct stat st;

    if (status == OV_OK)
        status = ov_place_open(path, ret);
    if (status != OV_OK)
        return status == OV_NOT_FOUND
                   ? ov_diag_set(diag, status, 0, "is gone already")
                   : fail(diag, status);
    if (fstatat(ret->folder, ret->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        st.st_dev == r->scanned->st_dev && st.st_ino == r->scanned->st_ino)
        return OV_OK;
    ov_place_done(ret);
    return ov_diag_set(diag, OV_MISMATCH, 0,
                       "is another file than the one that was scanned; it is "
                       "left alone");
}

static enum ov_status write_item(struct quarantine *q,
                                 const struct quarantine_request *r,
                                 const struct quarantine_meta *m,
                                 const char *new_name)
{
    OV_AUTO_FD fd = openat(q->folder, new_name,
                           O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return OV_IO;
    OV_TRY(quarantine_item_write(fd, q->key, m, r->fd));
    return fsync(fd) == 0 ? OV_OK : OV_IO;
}

/* To "taking-DIGITS", or nothing is left of it. */
static enum ov_status store(struct quarantine *q,
                            const struct quarantine_request *r,
                            const struct quarantine_meta *m,
                            const char *taking_name, struct ov_diag *diag)
{
    struct quarantine_temporary new;
    enum ov_status status = quarantine_make_name("new-", &new);

    if (status == OV_OK)
        status = write_item(q, r, m, new.name);
    if (status == OV_OK)
        status = check_unchanged(r, diag);
    if (status == OV_OK &&
        (renameat(q->folder, new.name, q->folder, taking_name) != 0 ||
         fsync(q->folder) != 0))
        status = OV_IO;
    if (status == OV_OK)
        return OV_OK;
    (void)fail(diag, status);
    (void)unlinkat(q->folder, new.name, 0); /* else the next tidy does it */
    (void)unlinkat(q->folder, taking_name, 0);
    return status;
}

static enum ov_status take(struct quarantine *q,
                           const struct quarantine_request *r,
                           const struct ov_place *place, struct about *a,
                           char ret_id[static QUARANTINE_ID_MAX],
                           struct ov_diag *diag)
{
    struct quarantine_temporary taking;
    enum ov_status status = describe(r, place, a);
    const char *digits;

    if (status == OV_OK)
        status = quarantine_make_name("taking-", &taking);
    if (status != OV_OK)
        return fail(diag, status);
    if (!quarantine_is_name(taking.name, "taking-", &digits))
        return OV_IO;
    OV_TRY(store(q, r, &a->meta, taking.name, diag));
    status = quarantine_remove_file(place, digits, &a->meta, diag);
    if (status != OV_OK) {
        (void)unlinkat(q->folder, taking.name, 0); /* the next tidy does it */
        return status;
    }
    status = quarantine_finish(q, digits, &a->meta, ret_id);
    return status == OV_OK ? OV_OK : fail(diag, status);
}

enum ov_status quarantine_take(struct quarantine *q,
                               const struct quarantine_request *request,
                               struct quarantine_taken *ret,
                               struct ov_diag *diag)
{
    __attribute__((cleanup(about_done))) struct about about = {
        .attributes = ov_buf_with_max(QUARANTINE_META_MAX / 2)};
    __attribute__((cleanup(ov_place_done))) struct ov_place place = {-1, NULL,
                                                                     NULL};

    if (q->lock < 0)
        return OV_USAGE;
    OV_TRY(check_unchanged(request, diag));
    OV_TRY(find_place(request, &place, diag));
    OV_TRY(take(q, request, &place, &about, ret->id, diag));
    ret->n_other_links = about.meta.n_links > 1 ? about.meta.n_links - 1 : 0;
    return OV_OK;
}
