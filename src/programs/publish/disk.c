/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/file.h"
#include "tell.h"

#define MAX_PATH 2048

/* Whatever happens to the program or the machine, a file is the old or the new
 * one: a repository that is being written is one that clients read. */

bool disk_read(const char *path, struct ov_buf *into)
{
    enum ov_status status = ov_file_read(path, into);

    if (status != OV_OK)
        return tell_error("%s: %s", path, ov_status_name(status));
    return true;
}

bool disk_exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

bool disk_make_folder(const char *path, unsigned mode)
{
    char part[MAX_PATH];
    size_t len = strlen(path);

    if (len >= sizeof(part))
        return tell_error("%s: the path is too long", path);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, path[i] == '\0' ? mode : 0755) != 0 && errno != EEXIST)
            return tell_error("%s: %s", part, strerror(errno));
    }
    return true;
}

/* The folder that a path stands in. */
static bool parent_of(const char *path, char ret[static MAX_PATH])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash != NULL ? (size_t)(slash - path) : 0;

    if (len >= MAX_PATH)
        return tell_error("%s: the path is too long", path);
    if (slash == NULL) {
        memcpy(ret, ".", 2);
        return true;
    }
    memcpy(ret, len > 0 ? path : "/", len > 0 ? len : 1);
    ret[len > 0 ? len : 1] = '\0';
    return true;
}

static bool sync_folder(const char *path)
{
    OV_AUTO_FD fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        return tell_error("%s: %s", path, strerror(errno));
    return true;
}

/* A new file beside path becomes path. */
static bool replace(const char *path, struct ov_span bytes, unsigned mode,
                    bool is_synced)
{
    char temporary[MAX_PATH + 32];
    char folder[MAX_PATH];

    if (!parent_of(path, folder) || !disk_make_folder(folder, 0755))
        return false;
    if (snprintf(temporary, sizeof(temporary), "%s/.new.%ld", folder,
                 (long)getpid()) >= (int)sizeof(temporary))
        return tell_error("%s: the path is too long", path);
    OV_AUTO_FD fd =
        open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ov_write_all(fd, bytes) != OV_OK || fchmod(fd, mode) != 0 ||
        (is_synced && fsync(fd) != 0) || rename(temporary, path) != 0) {
        int why = errno;

        (void)!unlink(temporary); /* may not even be there */
        return tell_error("%s: %s", path, strerror(why));
    }
    return !is_synced || sync_folder(folder);
}

bool disk_write(const char *path, struct ov_span bytes, unsigned mode)
{
    return replace(path, bytes, mode, true);
}

bool disk_put(const char *path, struct ov_span bytes, unsigned mode)
{
    return replace(path, bytes, mode, false);
}

bool disk_sync(const char *folder)
{
    OV_AUTO_FD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || syncfs(fd) != 0)
        return tell_error("%s: %s", folder, strerror(errno));
    return true;
}

bool disk_link(const char *from, const char *to)
{
    char folder[MAX_PATH];

    if (!parent_of(to, folder) || !disk_make_folder(folder, 0755))
        return false;
    return link(from, to) == 0 || errno == EEXIST ||
           tell_error("%s: %s", to, strerror(errno));
}

bool disk_remove(const char *path)
{
    char folder[MAX_PATH];

    if (!parent_of(path, folder))
        return false;
    if (unlink(path) != 0 && errno != ENOENT)
        return tell_error("%s: %s", path, strerror(errno));
    return sync_folder(folder);
}

bool disk_move(const char *from, const char *to)
{
    char folder[MAX_PATH];

    if (!parent_of(to, folder) || !disk_make_folder(folder, 0755))
        return false;
    if (rename(from, to) != 0)
        return tell_error("%s to %s: %s", from, to, strerror(errno));
    return sync_folder(folder);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_name(struct disk_names *names, const char *name)
{
    char **more =
        ov_realloc_array(names->names, names->n + 1, sizeof(*names->names));

    if (more == NULL)
        return tell_error("out of memory");
    names->names = more;
    names->names[names->n] = ov_alloc(strlen(name) + 1);
    if (names->names[names->n] == NULL)
        return tell_error("out of memory");
    memcpy(names->names[names->n++], name, strlen(name) + 1);
    return true;
}

bool disk_list(const char *folder, const char *suffix, struct disk_names *ret)
{
    DIR *d = opendir(folder);
    size_t end = strlen(suffix);
    bool ok = true;
    struct dirent *e;

    *ret = (struct disk_names){0};
    if (d == NULL)
        return errno == ENOENT || tell_error("%s: %s", folder, strerror(errno));
    while (ok && (e = readdir(d)) != NULL) {
        size_t len = strlen(e->d_name);

        if (e->d_name[0] != '.' && len >= end &&
            strcmp(e->d_name + len - end, suffix) == 0)
            ok = add_name(ret, e->d_name);
    }
    (void)!closedir(d); /* was only read */
    if (ret->n > 0)
        qsort(ret->names, ret->n, sizeof(*ret->names), compare_names);
    return ok;
}

void disk_names_done(struct disk_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        ov_free(names->names[i]);
    ov_free(names->names);
    *names = (struct disk_names){0};
}
