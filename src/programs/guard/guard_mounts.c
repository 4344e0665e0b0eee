/* SPDX-License-Identifier: Apache-2.0 */

/* A mark on a file system (FAN_MARK_FILESYSTEM) covers its files by whatever
 * path, hard link, bind mount or namespace they are reached, also later ones.
 * What it does not cover is another file system that shows the same files: an
 * overlay. Some kernels ask about the file below when an overlay opens it, some
 * do not (guard_probe.c). Where they do not, overlays are guarded wherever
 * anything is; and lists of mounts are read again whenever they change (the
 * kernel wakes a poll on them).
 *
 * A path from a list is opened first and believed only if it leads to the mount
 * of that line: another may be mounted over it.
 *
 * Limits: on a kernel that asks below, an overlay upon an overlay that are both
 * named hold the pump's thread up until the guard ends itself (guard.c). What
 * holds no files, or none of its own, is left out (proc, sysfs and
 * their like). File systems of other machines and of programs (FUSE) are
 * guarded only if their mount point is named, as opening their files for a look
 * can take for ever.
 *
 * Source: proc(5) on mountinfo; fanotify_mark(2). */
#include "guard_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/text.h"
#include "guard_memory.h"
#include "sys/fd.h"
#include "sys/file.h"

#define PIECE 16384

enum type_class {
    TYPE_FILES,
    TYPE_OVERLAY,
    TYPE_FOREIGN, /* of another machine, or of a program */
    TYPE_PSEUDO,
};

static const struct {
    const char *name;
    enum type_class is;
} types[] = {
    {"overlay", TYPE_OVERLAY},   {"aufs", TYPE_OVERLAY},
    {"nfs", TYPE_FOREIGN},       {"nfs4", TYPE_FOREIGN},
    {"cifs", TYPE_FOREIGN},      {"smb3", TYPE_FOREIGN},
    {"9p", TYPE_FOREIGN},        {"afs", TYPE_FOREIGN},
    {"ceph", TYPE_FOREIGN},      {"coda", TYPE_FOREIGN},
    {"lustre", TYPE_FOREIGN},    {"gpfs", TYPE_FOREIGN},
    {"autofs", TYPE_PSEUDO},     {"binfmt_misc", TYPE_PSEUDO},
    {"bpf", TYPE_PSEUDO},        {"cgroup", TYPE_PSEUDO},
    {"cgroup2", TYPE_PSEUDO},    {"configfs", TYPE_PSEUDO},
    {"debugfs", TYPE_PSEUDO},    {"devpts", TYPE_PSEUDO},
    {"devtmpfs", TYPE_PSEUDO},   {"efivarfs", TYPE_PSEUDO},
    {"fusectl", TYPE_PSEUDO},    {"hugetlbfs", TYPE_PSEUDO},
    {"mqueue", TYPE_PSEUDO},     {"nfsd", TYPE_PSEUDO},
    {"nsfs", TYPE_PSEUDO},       {"proc", TYPE_PSEUDO},
    {"pstore", TYPE_PSEUDO},     {"resctrl", TYPE_PSEUDO},
    {"rpc_pipefs", TYPE_PSEUDO}, {"securityfs", TYPE_PSEUDO},
    {"selinuxfs", TYPE_PSEUDO},  {"smackfs", TYPE_PSEUDO},
    {"sysfs", TYPE_PSEUDO},      {"tracefs", TYPE_PSEUDO},
};

/* One line: "36 35 98:0 /root /mount/point rw,... master:1 - ext4 /dev/x rw" */
struct mount_line {
    uint64_t id;
    uint64_t device;
    struct ov_span point; /* as it is written */
    struct ov_span type;
};

static enum type_class class_of(struct ov_span type)
{
    if (ov_span_equal(type, OV_SPAN_LIT("fuseblk")))
        return TYPE_FILES; /* a disk, such as ntfs-3g's */
    if (ov_span_starts(type, OV_SPAN_LIT("fuse")))
        return ov_span_equal(type, OV_SPAN_LIT("fuse.fuse-overlayfs"))
                   ? TYPE_OVERLAY
                   : TYPE_FOREIGN;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (ov_span_equal(type, ov_span_str(types[i].name)))
            return types[i].is;
    return TYPE_FILES;
}

static bool read_device(struct ov_span s, uint64_t *ret)
{
    struct ov_span major;
    uint64_t high;
    uint64_t low;

    if (!ov_span_cut(&s, ':', &major) ||
        !ov_parse_uint(major, UINT32_MAX - 1, &high) ||
        !ov_parse_uint(s, UINT32_MAX, &low))
        return false;
    *ret = (high + 1) << 32 | low; /* never 0 */
    return true;
}

static bool read_line(struct ov_span line, struct mount_line *ret)
{
    size_t dash = ov_span_find(line, OV_SPAN_LIT(" - "), 0);
    struct ov_span rest = line;
    struct ov_span word;

    if (dash == SIZE_MAX)
        return false;
    (void)ov_span_cut(&rest, ' ', &word);
    if (!ov_parse_uint(word, INT32_MAX, &ret->id))
        return false;
    (void)ov_span_cut(&rest, ' ', &word); /* the parent's */
    (void)ov_span_cut(&rest, ' ', &word);
    if (!read_device(word, &ret->device))
        return false;
    (void)ov_span_cut(&rest, ' ', &word); /* what of it is shown */
    (void)ov_span_cut(&rest, ' ', &ret->point);
    rest = ov_span_clip(line, dash + 3, SIZE_MAX);
    (void)ov_span_cut(&rest, ' ', &ret->type);
    return ov_span_byte(ret->point, 0) == '/' && ret->type.len > 0;
}

/* Spaces, tabs, newlines and backslashes are written \040 and so on. */
static void put_point(struct ov_buf *b, struct ov_span point)
{
    for (uint64_t i = 0; i < point.len; i++) {
        int c = ov_span_byte(point, i);

        if (c == '\\' && i + 3 < point.len) {
            c = (ov_span_byte(point, i + 1) & 3) << 6 |
                (ov_span_byte(point, i + 2) & 7) << 3 |
                (ov_span_byte(point, i + 3) & 7);
            i += 3;
        }
        ov_put_u8(b, (uint8_t)c);
    }
}

/* Whether it was in there already. Without room, what is new stays so. */
static bool see(struct seen *s, uint64_t device)
{
    size_t at = (size_t)(device * UINT64_C(0x9e3779b97f4a7c15) >> 54);

    for (size_t i = 0; i < SEEN_MAX; i++, at++) {
        uint64_t *slot = &s->devices[at & (SEEN_MAX - 1)];

        if (*slot == device)
            return true;
        if (*slot == 0) {
            if (s->n < SEEN_MAX / 2) {
                *slot = device;
                s->n++;
            }
            return false;
        }
    }
    return false;
}

static enum ov_status error_status(void)
{
    return errno == ENOENT       ? OV_NOT_FOUND
           : errno == EACCES     ? OV_DENIED
           : errno == EINVAL     ? OV_UNSUPPORTED
           : errno == EOPNOTSUPP ? OV_UNSUPPORTED
           : errno == ENODEV     ? OV_UNSUPPORTED
                                 : OV_IO;
}

static int mark(int group, uint64_t mask, const char *path)
{
    if (mask == 0)
        return 0;
    return fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, mask,
                         AT_FDCWD, path);
}

static enum guard_level level_of(const char *path)
{
    struct statfs fs;

    return statfs(path, &fs) != 0 || fs.f_type == OVERLAYFS_SUPER_MAGIC ||
                   ov_is_remote((uint32_t)fs.f_type)
               ? LEVEL_STACKED
               : LEVEL_PLAIN;
}

static enum ov_status mark_filesystem(struct guard_mounts *m, const char *path)
{
    const struct guard_groups *groups = &m->groups[level_of(path)];
    uint32_t when = m->rules->settings.when;
    uint64_t openings = 0;

    if ((when & OV_GUARD_EXEC) != 0)
        openings |= FAN_OPEN_EXEC_PERM;
    if ((when & OV_GUARD_OPEN) != 0)
        openings |= FAN_OPEN_PERM;
    if (mark(groups->openings, openings, path) != 0 ||
        mark(groups->written,
             (when & OV_GUARD_WRITTEN) != 0 ? FAN_CLOSE_WRITE : 0, path) != 0)
        return error_status();
    return OV_OK;
}

/* Tells once of each file system. */
static void tell(struct guard_mounts *m, uint64_t device, enum ov_status status,
                 struct ov_span path)
{
    if (see(&m->told, device << 8 | (uint64_t)status))
        return;
    if (status == OV_OK)
        m->n_guarded++;
    m->tell(m->data, status, path,
            status == OV_OK ? "is guarded" : "cannot be guarded");
}

/* Whether the path leads into that very mount. */
static bool is_mount(int fd, uint64_t id)
{
    struct statx st;

    return statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0 &&
           (st.stx_mask & STATX_MNT_ID) != 0 && st.stx_mnt_id == id;
}

/* Whether a place is this mount point, or (if not exactly) above it. */
static bool is_named(const struct guard_rules *r, struct ov_span point,
                     bool exactly)
{
    for (size_t i = 0; i < r->n_places; i++) {
        const struct place *p = &r->places[i];

        if (p->kind == OV_GUARD_PATH && path_is_below(point, p->text) &&
            (!exactly || point.len <= strlen(p->text)))
            return true;
    }
    return false;
}

static void follow_one(struct guard_mounts *m, const struct mount_line *line,
                       const char *root)
{
    enum ov_status status;
    char through[32];

    ov_buf_clear(&m->path);
    ov_put_str(&m->path, root);
    put_point(&m->path, line->point);
    ov_put_u8(&m->path, 0);
    if (ov_buf_status(&m->path) != OV_OK)
        return;
    OV_AUTO_FD fd = open((char *)m->path.ptr, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || !is_mount(fd, line->id))
        return;
    (void)!snprintf(through, sizeof(through), "/proc/self/fd/%d", fd);
    status = mark_filesystem(m, through);
    if (root[0] != '\0' || !is_named(m->rules, line->point, true))
        tell(m, line->device, status, ov_span_of(m->path.ptr, m->path.len - 1));
}

static bool is_guarded(const struct guard_mounts *m,
                       const struct mount_line *line, bool is_ours)
{
    const struct guard_rules *r = m->rules;

    switch (class_of(line->type)) {
    case TYPE_PSEUDO:
        return false;
    case TYPE_FOREIGN:
        return is_ours && is_named(r, line->point, true);
    case TYPE_OVERLAY:
        if (m->asks_below)
            return is_ours && is_named(r, line->point, false);
        /* Our own root shows what lies below it to nobody but us. */
        return r->settings.guards_all || !is_ours || line->point.len > 1 ||
               is_named(r, line->point, false);
    case TYPE_FILES:
    default:
        return r->settings.guards_all ||
               (is_ours && is_named(r, line->point, false));
    }
}

static bool read_list(struct guard_mounts *m, int fd)
{
    ov_buf_clear(&m->list);
    if (lseek(fd, 0, SEEK_SET) != 0)
        return false;
    for (;;) {
        uint8_t *to = ov_buf_room(&m->list, PIECE);
        ssize_t got = to == NULL ? -1 : read(fd, to, PIECE);

        if (got <= 0)
            return got == 0;
        ov_buf_added(&m->list, (size_t)got);
    }
}

/* The places themselves, wherever they lie. */
static void follow_places(struct guard_mounts *m)
{
    for (size_t i = 0; i < m->rules->n_places; i++) {
        const struct place *p = &m->rules->places[i];

        if (p->kind == OV_GUARD_PATH)
            tell(m, UINT64_C(1) << 52 | i, mark_filesystem(m, p->text),
                 ov_span_str(p->text));
    }
}

void mounts_ask_below(struct guard_mounts *m)
{
    const struct guard_groups *groups = &m->groups[LEVEL_STACKED];

    m->asks_below = true;
    (void)!fanotify_mark(groups->openings, FAN_MARK_FLUSH | FAN_MARK_FILESYSTEM,
                         0, AT_FDCWD, NULL);
    (void)!fanotify_mark(groups->written, FAN_MARK_FLUSH | FAN_MARK_FILESYSTEM,
                         0, AT_FDCWD, NULL);
}

void mounts_follow(struct guard_mounts *m, int list_fd, const char *root)
{
    bool is_ours = root[0] == '\0';
    struct ov_span rest;
    struct ov_span line;

    if (is_ours)
        follow_places(m);
    if (!read_list(m, list_fd))
        m->tell(m->data, OV_LIMIT_SIZE, OV_SPAN_LIT("/proc/self/mountinfo"),
                "is too long to be read to its end");
    m->round = (struct seen){.n = 0};
    rest = ov_buf_span(&m->list);
    while (rest.len > 0) {
        struct mount_line l;

        (void)ov_span_cut(&rest, '\n', &line);
        if (read_line(line, &l) && is_guarded(m, &l, is_ours) &&
            !see(&m->round, l.device))
            follow_one(m, &l, root);
    }
}
