/* SPDX-License-Identifier: Apache-2.0 */

/* Containers mount their overlays in namespaces of their own, which our list of
 * mounts does not show. One process of each such namespace is kept in sight:
 * its list is polled as our own is, and its mount points are reached through
 * /proc/PID/root.
 *
 * An open list keeps its namespace alive, and with it all its mounts. So it is
 * closed as soon as the process ends (its pidfd tells); if others live there,
 * the next search finds one of them.
 *
 * Namespaces are found when a process in one opens a guarded file, and by a
 * search through /proc every few seconds.
 *
 * Source: namespaces(7), mount_namespaces(7), pidfd_open(2). */
#include "guard_spaces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fd.h"

#define AT_ONCE 16

static bool space_of(pid_t pid, uint64_t *ret)
{
    char path[40];
    struct stat st;

    (void)!snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
    if (stat(path, &st) != 0)
        return false;
    *ret = (uint64_t)st.st_ino;
    return true;
}

enum ov_status spaces_make(struct guard_spaces *s, struct guard_mounts *m)
{
    *s = (struct guard_spaces){.mounts = m,
                               .epoll = epoll_create1(EPOLL_CLOEXEC)};
    if (s->epoll < 0 || !space_of(getpid(), &s->own))
        return OV_IO;
    return OV_OK;
}

static void follow(struct guard_spaces *s, const struct space *space)
{
    char root[32];

    (void)!snprintf(root, sizeof(root), "/proc/%d/root", (int)space->pid);
    mounts_follow(s->mounts, space->list, root);
}

void spaces_follow(struct guard_spaces *s)
{
    for (size_t i = 0; i < s->n; i++)
        follow(s, &s->spaces[i]);
}

static bool watch(const struct guard_spaces *s, int fd, uint32_t events,
                  uint64_t id)
{
    struct epoll_event e = {.events = events, .data.u64 = id};

    return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

static void add(struct guard_spaces *s, uint64_t id, pid_t pid)
{
    char path[32];

    (void)!snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
    OV_AUTO_FD pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    OV_AUTO_FD list = open(path, O_RDONLY | O_CLOEXEC);
    uint64_t again;

    /* With its pidfd in hand: is it still the same? */
    if (pidfd < 0 || list < 0 || !space_of(pid, &again) || again != id ||
        !watch(s, pidfd, EPOLLIN, id) || !watch(s, list, EPOLLPRI, id))
        return;
    s->spaces[s->n] =
        (struct space){id, pid, ov_fd_steal(&pidfd), ov_fd_steal(&list)};
    follow(s, &s->spaces[s->n++]);
}

static void meet(struct guard_spaces *s, pid_t pid, uint64_t id)
{
    if (id == s->own)
        return;
    for (size_t i = 0; i < s->n; i++)
        if (s->spaces[i].id == id)
            return;
    if (s->n < SPACES_MAX)
        add(s, id, pid);
}

void spaces_meet(struct guard_spaces *s, pid_t pid)
{
    uint64_t id;

    if (pid > 0 && space_of(pid, &id))
        meet(s, pid, id);
}

void spaces_search(struct guard_spaces *s)
{
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    uint64_t pid;

    if (folder == NULL)
        return;
    while ((entry = readdir(folder)) != NULL) {
        if (ov_parse_uint(ov_span_str(entry->d_name), INT32_MAX, &pid))
            spaces_meet(s, (pid_t)pid);
    }
    (void)!closedir(folder); /* was only read */
}

static void forget(struct guard_spaces *s, size_t at)
{
    ov_fd_cleanup(&s->spaces[at].pidfd);
    ov_fd_cleanup(&s->spaces[at].list);
    s->spaces[at] = s->spaces[--s->n];
}

static bool has_ended(const struct space *space)
{
    uint64_t id;

    return !space_of(space->pid, &id) || id != space->id;
}

void spaces_turn(struct guard_spaces *s)
{
    struct epoll_event events[AT_ONCE];
    int n = epoll_pwait(s->epoll, events, AT_ONCE, 0, NULL);

    for (int i = 0; i < n; i++) {
        size_t at = 0;

        while (at < s->n && s->spaces[at].id != events[i].data.u64)
            at++;
        if (at == s->n)
            continue;
        if (has_ended(&s->spaces[at]))
            forget(s, at);
        else
            follow(s, &s->spaces[at]);
    }
}
