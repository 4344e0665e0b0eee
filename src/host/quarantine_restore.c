/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "host/quarantine_store.h"
#include "sys/fd.h"

/* Out of the quarantine: a file without a name is filled in the folder where it
 * shall be, gets all that belongs to it, is synced, and only then is linked to
 * its name, so that nobody sees a part of it and a crash leaves nothing. A link
 * never replaces; to replace, it is linked to a name of our own first. Where
 * the file system has no files without a name, ours is one from the start.
 *
 * Owner before mode and attributes: changing it takes set-user-id bits and
 * capabilities away. ACLs are extended attributes; one that was inherited from
 * the folder is taken away. */

#define ACL "system.posix_acl_access"
#define MAX_NAME 256

struct restore {
    struct ov_place place;
    struct quarantine_item item;
    struct quarantine_temporary temporary;
    int fd;
    bool is_named; /* the temporary name is there */
    unsigned flags;
};

static void restore_done(struct restore *r)
{
    if (r->is_named) /* else it is left beside its place */
        (void)unlinkat(r->place.folder, r->temporary.name, 0);
    ov_fd_cleanup(&r->fd);
    quarantine_item_done(&r->item);
    ov_place_done(&r->place);
}

static enum ov_status fail(const char *path, struct ov_diag *diag)
{
    int error = errno;

    return ov_diag_set(diag,
                       error == EACCES || error == EPERM ? OV_DENIED : OV_IO, 0,
                       "%s: %s", path, strerror(error));
}

static enum ov_status make_file(struct restore *r, struct ov_diag *diag)
{
    r->fd = openat(r->place.folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (r->fd < 0) {
        r->fd = openat(r->place.folder, r->temporary.name,
                       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        r->is_named = r->fd >= 0;
    }
    return r->fd >= 0 ? OV_OK : fail(r->place.path, diag);
}

/* ---- what belongs to it ---- */

static enum ov_status refuse(const struct restore *r, const char *what,
                             struct ov_diag *diag)
{
    int error = errno;

    if ((r->flags & QUARANTINE_PARTIAL) != 0)
        return OV_OK;
    return ov_diag_set(diag, OV_DENIED, 0,
                       "its %s cannot be set: %s; try as root, or give "
                       "--partial to go without",
                       what, strerror(error));
}

static enum ov_status set_owner(const struct restore *r, struct ov_diag *diag)
{
    const struct quarantine_meta *m = &r->item.meta;
    struct stat st;

    if (fstat(r->fd, &st) == 0 && st.st_uid == m->uid && st.st_gid == m->gid)
        return OV_OK;
    return fchown(r->fd, m->uid, m->gid) == 0 ? OV_OK
                                              : refuse(r, "owner", diag);
}

/* With --partial a file that could not be given its owner is not given that
 * owner's set-user-id bit either. */
static enum ov_status set_mode(const struct restore *r, struct ov_diag *diag)
{
    const struct quarantine_meta *m = &r->item.meta;
    mode_t mode = m->mode;
    struct stat st;

    if (fstat(r->fd, &st) != 0)
        return fail(r->place.path, diag);
    if (st.st_uid != m->uid || st.st_gid != m->gid)
        mode &= 0777;
    return fchmod(r->fd, mode) == 0 ? OV_OK : refuse(r, "mode", diag);
}

static enum ov_status set_attributes(const struct restore *r,
                                     struct ov_diag *diag)
{
    struct ov_reader reader = ov_reader_over(r->item.meta.attributes);
    char what[MAX_NAME + 16];
    char name[MAX_NAME + 1];
    struct ov_span text;
    struct ov_span value;

    if (fremovexattr(r->fd, ACL) != 0 && errno != ENODATA && errno != ENOTSUP)
        OV_TRY(refuse(r, "ACL", diag));
    while (quarantine_attribute(&reader, &text, &value)) {
        (void)snprintf(name, sizeof(name), "%.*s", (int)text.len,
                       (const char *)text.ptr); /* the reader saw to it */
        (void)snprintf(what, sizeof(what), "attribute %s", name);
        if (fsetxattr(r->fd, name, value.ptr, value.len, 0) != 0)
            OV_TRY(refuse(r, what, diag));
    }
    return ov_reader_status(&reader);
}

static struct timespec time_of(struct quarantine_time t)
{
    return (struct timespec){(time_t)t.seconds, (long)t.nanoseconds};
}

static enum ov_status set_all(const struct restore *r, struct ov_diag *diag)
{
    const struct timespec times[2] = {time_of(r->item.meta.accessed),
                                      time_of(r->item.meta.modified)};

    OV_TRY(set_owner(r, diag));
    OV_TRY(set_mode(r, diag));
    OV_TRY(set_attributes(r, diag));
    return futimens(r->fd, times) == 0 ? OV_OK : refuse(r, "times", diag);
}

/* ---- into its place ---- */

static bool link_to(const struct restore *r, const char *name)
{
    char path[40];

    if (r->is_named)
        return linkat(r->place.folder, r->temporary.name, r->place.folder, name,
                      0) == 0;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", r->fd);
    if (linkat(AT_FDCWD, path, r->place.folder, name, AT_SYMLINK_FOLLOW) == 0)
        return true;
    /* Root needs no /proc for it. */
    return errno == ENOENT &&
           linkat(r->fd, "", r->place.folder, name, AT_EMPTY_PATH) == 0;
}

static bool put_in_place(struct restore *r)
{
    if ((r->flags & QUARANTINE_OVERWRITE) == 0)
        return link_to(r, r->place.name);
    if (!r->is_named && !link_to(r, r->temporary.name))
        return false;
    r->is_named = true;
    if (renameat(r->place.folder, r->temporary.name, r->place.folder,
                 r->place.name) != 0)
        return false;
    r->is_named = false;
    return true;
}

static enum ov_status put_back(struct restore *r, struct ov_diag *diag)
{
    enum ov_status status;

    OV_TRY(quarantine_make_name(".overt-", &r->temporary));
    OV_TRY(make_file(r, diag));
    status = quarantine_item_read(&r->item, r->fd);
    if (status == OV_IO)
        return fail(r->place.path, diag);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "the item is damaged: %s",
                           ov_status_name(status));
    OV_TRY(set_all(r, diag));
    if (fsync(r->fd) != 0)
        return fail(r->place.path, diag);
    if (put_in_place(r))
        return fsync(r->place.folder) == 0 ? OV_OK : fail(r->place.path, diag);
    if (errno == EEXIST)
        return ov_diag_set(diag, OV_USAGE, 0,
                           "%s: there is a file already; move it away, or "
                           "give --to or --overwrite",
                           r->place.path);
    return fail(r->place.path, diag);
}

static enum ov_status open_place(const char *path, struct restore *r,
                                 struct ov_diag *diag)
{
    char own[PATH_MAX];
    enum ov_status status;

    if (path == NULL) {
        (void)snprintf(own, sizeof(own), "%.*s", (int)r->item.meta.path.len,
                       (const char *)r->item.meta.path.ptr); /* fits */
        path = own;
    }
    status = ov_place_open(path, &r->place);
    if (status == OV_OK)
        return OV_OK;
    return ov_diag_set(diag, status, 0,
                       "%s: its folder cannot be opened (%s), or a symbolic "
                       "link leads to it; give another place with --to",
                       path,
                       status == OV_USAGE ? "not a path" : strerror(errno));
}

enum ov_status quarantine_restore(struct quarantine *q, const char *id,
                                  const char *path, unsigned flags,
                                  struct ov_diag *diag)
{
    __attribute__((cleanup(restore_done))) struct restore r = {
        .place = {-1, NULL, NULL},
        .item = {.fd = -1},
        .fd = -1,
        .flags = flags};
    char found[QUARANTINE_ID_MAX];
    enum ov_status status;

    if (q->lock < 0)
        return OV_USAGE;
    OV_TRY(quarantine_get(q, id, found, &r.item, diag));
    OV_TRY(open_place(path, &r, diag));
    OV_TRY(put_back(&r, diag));
    if ((flags & QUARANTINE_KEEP) != 0)
        return OV_OK;
    status = quarantine_purge(q, found);
    if (status == OV_OK)
        return OV_OK;
    return ov_diag_set(diag, status, 0,
                       "%s is back, but its item could not be removed: %s",
                       r.place.path, strerror(errno));
}
