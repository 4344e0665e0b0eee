/* SPDX-License-Identifier: Apache-2.0 */

/* Remembering clean files by ignore marks of fanotify.
 *
 * An ignore mark on an inode ends all questions about it, at no cost to whoever
 * opens it, and the kernel drops the mark when the file is written to, cut or
 * grown. It does not see a change through a shared mapping. So a file is only
 * remembered if nobody could be writing to it:
 *
 *  - before the check nobody had it open to write (a read lease tells: the
 *    kernel grants none then), and its times are older than their own grain, so
 *    that any change since would have changed them;
 *  - the mark is set first, and then its times and its writers are looked at
 *    once more, so that whatever changed before the mark is seen here and
 *    whatever changes later is seen by the kernel;
 *  - who opens it to write later and changes it through a mapping only is seen
 *    when that writer closes it: the same mark asks for that event, upon which
 *    the file is forgotten.
 *
 * Between such a writer's change and its close the file is taken for what it
 * was. Files on other machines are never remembered, as they change without a
 * word to us.
 *
 * Source: fanotify_mark(2), fcntl(2) on leases; Linux, fs/notify/fsnotify.c. */
#include "guard_memory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <sys/fanotify.h>
#include <sys/vfs.h>
#include <time.h>

#include "sys/file.h"
#include "sys/file_writers.h"

#ifndef FAN_MARK_EVICTABLE
#define FAN_MARK_EVICTABLE 0x00000200
#endif

/* The grain of a file's times: a tick of the kernel where they have parts of a
 * second, else two seconds (FAT). */
#define GRAIN_FINE_MS 40
#define GRAIN_COARSE_MS 3000

#define QUESTIONS (FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM)

/* A stacked file system's files change below it, which its own inode does not
 * show: neither to a lease nor to an ignore mark. */
static bool is_stacked_type(uint32_t type)
{
    return type == OVERLAYFS_SUPER_MAGIC || type == ECRYPTFS_SUPER_MAGIC;
}

static bool is_local(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) == 0 && !ov_is_remote((uint32_t)fs.f_type) &&
           !is_stacked_type((uint32_t)fs.f_type);
}

/* Where no lease can be had for another reason, somebody may be writing. */
static bool may_have_writers(int fd)
{
    return ov_file_writers(fd) != OV_WRITERS_NONE;
}

static int64_t in_ms(const struct timespec *t)
{
    return (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000;
}

static bool is_settled(const struct timespec *changed)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return false;
    return in_ms(&now) - in_ms(changed) >
           (changed->tv_nsec != 0 ? GRAIN_FINE_MS : GRAIN_COARSE_MS);
}

bool file_state_take(int fd, struct file_state *ret, mode_t *ret_mode)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return false;
    *ret_mode = st.st_mode;
    *ret =
        (struct file_state){.len = (uint64_t)st.st_size, .changed = st.st_ctim};
    ret->is_still =
        S_ISREG(st.st_mode) && is_settled(&st.st_ctim) && !may_have_writers(fd);
    return true;
}

static bool is_unchanged(int fd, const struct file_state *before)
{
    struct stat st;

    return fstat(fd, &st) == 0 && (uint64_t)st.st_size == before->len &&
           st.st_ctim.tv_sec == before->changed.tv_sec &&
           st.st_ctim.tv_nsec == before->changed.tv_nsec &&
           !may_have_writers(fd);
}

void memory_add(int group, int fd, const struct file_state *before)
{
    if (!before->is_still || !is_local(fd))
        return;
    if (fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_EVICTABLE, FAN_CLOSE_WRITE,
                      fd, NULL) != 0)
        return; /* a kernel before 5.19: nothing is remembered */
    if (fanotify_mark(group,
                      FAN_MARK_ADD | FAN_MARK_EVICTABLE | FAN_MARK_IGNORED_MASK,
                      QUESTIONS, fd, NULL) != 0 ||
        !is_unchanged(fd, before))
        memory_remove(group, fd);
}

void memory_remove(int group, int fd)
{
    /* Either may have gone already. */
    (void)!fanotify_mark(group, FAN_MARK_REMOVE | FAN_MARK_IGNORED_MASK,
                         QUESTIONS, fd, NULL);
    (void)!fanotify_mark(group, FAN_MARK_REMOVE, FAN_CLOSE_WRITE, fd, NULL);
}

void memory_clear(int group)
{
    (void)!fanotify_mark(group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
}
