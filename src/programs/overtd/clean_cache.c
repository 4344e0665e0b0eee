/* SPDX-License-Identifier: Apache-2.0 */
#include "clean_cache.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "sys/file.h"
#include "sys/file_writers.h"

/* Since Linux 6.8; before, a number may come back for another mount. */
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x00004000U
#endif

/* Sets of WAYS entries; a new one takes the place of the file's own, of an
 * empty one, or of the one that is next in turn. So a look costs a few
 * comparisons, whoever chooses the files. */

#define WAYS 8u
#define MAX_SETS ((size_t)1 << 19)
#define SETTLED_SECONDS 2

struct entry {
    uint64_t dev;
    struct clean_place place;
    uint64_t ino; /* 0: empty */
    uint64_t size;
    uint64_t changed_ns;
    uint64_t modified_ns;
};

struct clean_cache {
    struct entry *entries;
    size_t n_sets; /* a power of two */
    unsigned turn;
};

static uint64_t nanoseconds(struct timespec t)
{
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static struct entry entry_of(const struct stat *st,
                             const struct clean_place *place)
{
    return (struct entry){
        .dev = st->st_dev,
        .place = *place,
        .ino = st->st_ino,
        .size = (uint64_t)st->st_size,
        .changed_ns = nanoseconds(st->st_ctim),
        .modified_ns = nanoseconds(st->st_mtim),
    };
}

static struct entry *set_of(const struct clean_cache *c, const struct entry *e)
{
    uint64_t h = (e->dev * 31 + e->ino) * UINT64_C(0x9e3779b97f4a7c15);

    return &c->entries[(size_t)(h >> 40 & (c->n_sets - 1)) * WAYS];
}

static bool is_same_file(const struct entry *a, const struct entry *b)
{
    return a->ino == b->ino && a->dev == b->dev;
}

struct clean_cache *clean_cache_new(unsigned n)
{
    struct clean_cache *c;
    size_t n_sets = 1;

    if (n == 0)
        return NULL;
    while (n_sets * WAYS < n && n_sets < MAX_SETS)
        n_sets *= 2;
    c = ov_alloc(sizeof(*c));
    if (c == NULL)
        return NULL;
    c->n_sets = n_sets;
    c->entries = ov_alloc_array(n_sets * WAYS, sizeof(*c->entries));
    if (c->entries != NULL)
        return c;
    ov_free(c);
    return NULL;
}

void clean_cache_free(struct clean_cache *c)
{
    if (c == NULL)
        return;
    ov_free(c->entries);
    ov_free(c);
}

void clean_cache_clear(struct clean_cache *c)
{
    memset(c->entries, 0, c->n_sets * WAYS * sizeof(*c->entries));
}

bool clean_cache_has(const struct clean_cache *c, const struct stat *st,
                     const struct clean_place *place)
{
    const struct entry e = entry_of(st, place);
    const struct entry *set = set_of(c, &e);

    for (unsigned i = 0; e.ino != 0 && i < WAYS; i++)
        if (is_same_file(&set[i], &e))
            return set[i].place.mount == e.place.mount &&
                   set[i].place.name == e.place.name && set[i].size == e.size &&
                   set[i].changed_ns == e.changed_ns &&
                   set[i].modified_ns == e.modified_ns;
    return false;
}

void clean_cache_add(struct clean_cache *c, const struct stat *st,
                     const struct clean_place *place, int64_t began)
{
    const struct entry e = entry_of(st, place);
    struct entry *set = set_of(c, &e);
    unsigned at = WAYS;

    if (e.ino == 0 || st->st_ctim.tv_sec + SETTLED_SECONDS >= began)
        return;
    for (unsigned i = 0; i < WAYS && at == WAYS; i++)
        if (is_same_file(&set[i], &e))
            at = i;
    for (unsigned i = 0; i < WAYS && at == WAYS; i++)
        if (set[i].ino == 0)
            at = i;
    if (at == WAYS)
        at = c->turn++ % WAYS;
    set[at] = e;
}

/* Whether each change shows in the times: not where pages are written behind
 * the kernel's back (FUSE, other machines), where their writing leaves no trace
 * (memory), and where writers are those of another inode (stacked). */
static bool tells_changes(int fd)
{
    struct statfs fs;

    if (fstatfs(fd, &fs) != 0)
        return false;
    switch ((uint32_t)fs.f_type) {
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
    case OVERLAYFS_SUPER_MAGIC:
    case ECRYPTFS_SUPER_MAGIC:
        return false;
    default:
        return !ov_is_remote((uint32_t)fs.f_type);
    }
}

static bool mount_of(int fd, uint64_t *ret)
{
    struct statx x;

    if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID | STATX_MNT_ID_UNIQUE, &x) !=
            0 ||
        (x.stx_mask & (STATX_MNT_ID | STATX_MNT_ID_UNIQUE)) == 0)
        return false;
    *ret = x.stx_mnt_id;
    return true;
}

bool clean_cache_is_still(int fd, uint64_t *ret_mount)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink > 0 &&
           tells_changes(fd) && mount_of(fd, ret_mount) &&
           ov_file_writers(fd) == OV_WRITERS_NONE;
}
