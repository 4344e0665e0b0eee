/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file_place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "sys/fd.h"

/* openat2(2) with RESOLVE_NO_SYMLINKS does it in one call; where it is not to
 * be had (a container's filter), the path is walked name by name. */

void ov_place_done(struct ov_place *p)
{
    ov_fd_cleanup(&p->folder);
    ov_free(p->path);
    *p = (struct ov_place){-1, NULL, NULL};
}

enum ov_status ov_place_path(int fd, char ret[static PATH_MAX])
{
    char link[40];
    struct stat st;
    ssize_t len;

    if (fstat(fd, &st) != 0)
        return OV_IO;
    if (st.st_nlink == 0)
        return OV_NOT_FOUND;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, ret, PATH_MAX);
    if (len < 0)
        return OV_IO;
    if (len == PATH_MAX || ret[0] != '/')
        return OV_NOT_FOUND;
    ret[len] = '\0';
    return OV_OK;
}

static enum ov_status status_of(int error)
{
    if (error == ENOENT)
        return OV_NOT_FOUND;
    return error == EACCES || error == EPERM || error == ELOOP ||
                   error == ENOTDIR
               ? OV_DENIED
               : OV_IO;
}

static int open_at_once(const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_NO_SYMLINKS};

    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

static int open_step_by_step(const char *path)
{
    OV_AUTO_FD fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    char name[NAME_MAX + 1];

    while (fd >= 0 && *path != '\0') {
        size_t len = strcspn(path, "/");
        int next;

        if (len > NAME_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(name, path, len);
        name[len] = '\0';
        path += len + (path[len] == '/');
        if (len == 0)
            continue;
        next = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        ov_fd_cleanup(&fd);
        fd = next;
    }
    return fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

enum ov_status ov_folder_open(const char *path, int *ret_fd)
{
    int fd = open_at_once(path);

    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = open_step_by_step(path);
    if (fd < 0)
        return status_of(errno);
    *ret_fd = fd;
    return OV_OK;
}

static bool is_plain(const char *path)
{
    return path[0] == '/' && strlen(path) < PATH_MAX &&
           strstr(path, "/../") == NULL && strstr(path, "/./") == NULL &&
           strstr(path, "//") == NULL;
}

enum ov_status ov_place_open(const char *path, struct ov_place *ret)
{
    OV_AUTO_PTR char *copy = NULL;
    size_t len = strlen(path);
    size_t name;
    int folder;
    enum ov_status status;

    if (!is_plain(path))
        return OV_USAGE;
    name = (size_t)(strrchr(path, '/') - path) + 1;
    if (path[name] == '\0' || strcmp(path + name, ".") == 0 ||
        strcmp(path + name, "..") == 0)
        return OV_USAGE;
    copy = ov_alloc(len + 1);
    if (copy == NULL)
        return OV_NO_MEMORY;
    memcpy(copy, path, name > 1 ? name - 1 : name);
    status = ov_folder_open(copy, &folder);
    if (status != OV_OK)
        return status;
    memcpy(copy, path, len);
    *ret = (struct ov_place){folder, copy + name, copy};
    copy = NULL;
    return OV_OK;
}
