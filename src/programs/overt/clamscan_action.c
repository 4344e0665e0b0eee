/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "clamscan.h"
#include "sys/fd.h"

/* --move, --copy, --remove. Between the scan and now somebody may have put
 * another file, or a link, in the place of the one that was scanned. So the
 * folder is opened, and the name in it must still be the very file that was
 * scanned (device and inode of the descriptor); all that follows is relative to
 * that folder. Copies are made from the descriptor. */
#define MAX_COPIES 1000

struct place {
    char real[PATH_MAX];
    const char *name; /* behind the last slash of real */
    int folder;
};

static bool fail(const char *path, const char *what)
{
    out_error("clamscan: %s: %s: %s", path, what, strerror(errno));
    return false;
}

static bool find_place(const char *path, int fd, struct place *ret)
{
    struct stat scanned;
    struct stat now;
    char *slash;

    ret->folder = -1;
    if (realpath(path, ret->real) == NULL)
        return fail(path, "cannot be found any more");
    slash = strrchr(ret->real, '/');
    *slash = '\0';
    ret->folder = open(slash == ret->real ? "/" : ret->real,
                       O_PATH | O_DIRECTORY | O_CLOEXEC);
    *slash = '/';
    ret->name = slash + 1;
    if (ret->folder < 0 || fstat(fd, &scanned) != 0 ||
        fstatat(ret->folder, ret->name, &now, AT_SYMLINK_NOFOLLOW) != 0)
        return fail(path, "cannot be looked at any more");
    if (scanned.st_dev != now.st_dev || scanned.st_ino != now.st_ino) {
        out_error("clamscan: %s: is another file than the one that was "
                  "scanned; it is left alone",
                  path);
        return false;
    }
    return true;
}

static bool copy_bytes(int from, int to)
{
    off_t at = 0;
    char chunk[4096];

    for (;;) {
        ssize_t n = pread(from, chunk, sizeof(chunk), at);

        if (n <= 0)
            return n == 0 && fsync(to) == 0;
        for (ssize_t done = 0; done < n;) {
            ssize_t put = write(to, chunk + done, (size_t)(n - done));

            if (put < 0)
                return false;
            done += put;
        }
        at += n;
    }
}

static void make_name(char *ret, size_t len, const char *name, unsigned n)
{
    if (n == 0)
        (void)snprintf(ret, len, "%s", name);
    else
        (void)snprintf(ret, len, "%s.%03u", name, n);
}

static bool copy_to(int fd, int folder, const char *name, char *ret, size_t len)
{
    for (unsigned n = 0; n < MAX_COPIES; n++) {
        OV_AUTO_FD to = -1;

        make_name(ret, len, name, n);
        to = openat(folder, ret,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (to < 0 && errno == EEXIST)
            continue;
        if (to < 0)
            return false;
        if (copy_bytes(fd, to))
            return true;
        (void)unlinkat(folder, ret, 0);
        return false;
    }
    errno = EEXIST;
    return false;
}

static bool move_to(const struct place *p, int fd, int folder, char *ret,
                    size_t len)
{
    for (unsigned n = 0; n < MAX_COPIES; n++) {
        make_name(ret, len, p->name, n);
        if (renameat2(p->folder, p->name, folder, ret, RENAME_NOREPLACE) == 0)
            return true;
        if (errno != EEXIST)
            break;
    }
    if (errno != EXDEV)
        return false;
    return copy_to(fd, folder, p->name, ret, len) &&
           unlinkat(p->folder, p->name, 0) == 0;
}

static void tell(struct clamscan *c, const char *path, const struct place *p,
                 const char *what)
{
    OV_AUTO_PTR char *text = NULL;

    if (asprintf(&text, " (real path: '%s'): %s", p->real, what) < 0)
        text = NULL;
    if (text != NULL)
        clamscan_print(c, path, text);
}

static void put_away(struct clamscan *c, const char *path, int fd,
                     const struct place *p)
{
    OV_AUTO_PTR char *folder_path = NULL;
    char name[NAME_MAX + 8];
    OV_AUTO_PTR char *what = NULL;
    OV_AUTO_FD folder =
        open(c->action_folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool is_move = c->action == CLAMSCAN_MOVE;

    folder_path = realpath(c->action_folder, NULL);
    if (folder < 0 || folder_path == NULL ||
        !(is_move ? move_to(p, fd, folder, name, sizeof(name))
                  : copy_to(fd, folder, p->name, name, sizeof(name)))) {
        c->n_errors++;
        (void)fail(path, is_move ? "cannot be moved" : "cannot be copied");
        return;
    }
    if (asprintf(&what, "%s to '%s/%s'", is_move ? "moved" : "copied",
                 folder_path, name) < 0)
        what = NULL;
    if (what != NULL)
        tell(c, path, p, what);
}

void clamscan_act(struct clamscan *c, const char *path, int fd)
{
    struct place p;

    if (c->action == CLAMSCAN_LEAVE || fd < 0)
        return;
    if (!find_place(path, fd, &p)) {
        c->n_errors++;
    } else if (c->action != CLAMSCAN_REMOVE) {
        put_away(c, path, fd, &p);
    } else if (unlinkat(p.folder, p.name, 0) != 0) {
        c->n_errors++;
        (void)fail(path, "cannot be removed");
    } else {
        tell(c, path, &p, "Removed.");
    }
    ov_fd_cleanup(&p.folder);
}

bool clamscan_action_ready(const struct clamscan *c)
{
    struct stat st;

    if (c->action_folder == NULL)
        return true;
    if (stat(c->action_folder, &st) != 0)
        return fail(c->action_folder, "not a folder for infected files");
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return fail(c->action_folder, "not a folder for infected files");
    }
    return true;
}
