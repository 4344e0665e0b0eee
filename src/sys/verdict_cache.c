/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/verdict_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/file.h"

/* A hash table with open addressing; the file is the table as it is, with a
 * header: magic, key, size, checksum. It stays on one machine, so it is in the
 * machine's own byte order (the magic tells). The checksum is against damage.
 * Against forgery there is the owner check: who can write this file can turn
 * the scanner off as well. */

#define MAGIC UINT64_C(0x3365686361637600) /* "\0vcache3" */
#define KEY_MAX 512
#define FIRST_SLOTS 1024
#define MAX_SLOTS ((size_t)1 << 22)
#define KEEP_FILES 16
#define SETTLED_SECONDS 2
#define PREFIX "verdicts-"

struct slot {
    uint64_t dev;
    uint64_t ino; /* 0: empty */
    uint64_t size;
    uint64_t changed_ns;
    uint64_t modified_ns;
    uint64_t name; /* a digest of what it was called; 0: that did not count */
};

struct header {
    uint64_t magic;
    uint64_t n_slots;
    uint64_t n_used;
    uint64_t checksum;
    uint64_t key_len;
    uint8_t key[KEY_MAX];
    uint8_t note[OV_VERDICT_CACHE_NOTE];
};

struct ov_verdict_cache {
    struct header header;
    struct slot *slots;
    size_t n_added;
    time_t started;
    char path[PATH_MAX];
    char folder[PATH_MAX];
};

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

static uint64_t hash_slots(const struct slot *slots, size_t n)
{
    uint64_t h = 1;

    for (size_t i = 0; i < n; i++) {
        h = mix(h, slots[i].dev ^ slots[i].size << 20);
        h = mix(h, slots[i].ino);
        h = mix(h, slots[i].changed_ns);
        h = mix(h, slots[i].modified_ns + slots[i].size);
        h = mix(h, slots[i].name);
    }
    return h;
}

static uint64_t hash_bytes(struct ov_span s)
{
    uint64_t h = 2;

    for (size_t i = 0; i < s.len; i++)
        h = mix(h, s.ptr[i]);
    return h;
}

static uint64_t nanoseconds(struct timespec t)
{
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static struct slot slot_of(const struct stat *st, uint64_t name)
{
    return (struct slot){
        .dev = st->st_dev,
        .ino = st->st_ino,
        .size = (uint64_t)st->st_size,
        .changed_ns = nanoseconds(st->st_ctim),
        .modified_ns = nanoseconds(st->st_mtim),
        .name = name,
    };
}

/* The slot of this file, or the empty one where it would be. */
static size_t find(const struct slot *slots, size_t n, const struct slot *key)
{
    size_t at = (size_t)mix(mix(3, key->dev), key->ino) & (n - 1);

    while (slots[at].ino != 0 &&
           (slots[at].ino != key->ino || slots[at].dev != key->dev))
        at = (at + 1) & (n - 1);
    return at;
}

static bool grow(struct ov_verdict_cache *c)
{
    size_t n = (size_t)c->header.n_slots * 2;
    struct slot *slots;

    if (n > MAX_SLOTS)
        return false;
    slots = ov_alloc_array(n, sizeof(*slots));
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < c->header.n_slots; i++) {
        if (c->slots[i].ino != 0)
            slots[find(slots, n, &c->slots[i])] = c->slots[i];
    }
    ov_free(c->slots);
    c->slots = slots;
    c->header.n_slots = n;
    return true;
}

bool ov_verdict_cache_has(const struct ov_verdict_cache *c,
                          const struct stat *st, uint64_t name)
{
    const struct slot key = slot_of(st, name);
    const struct slot *slot =
        &c->slots[find(c->slots, (size_t)c->header.n_slots, &key)];

    return slot->ino == key.ino && slot->dev == key.dev &&
           slot->size == key.size && slot->changed_ns == key.changed_ns &&
           slot->modified_ns == key.modified_ns && slot->name == name &&
           key.ino != 0;
}

void ov_verdict_cache_add(struct ov_verdict_cache *c, const struct stat *st,
                          uint64_t name)
{
    const struct slot key = slot_of(st, name);
    struct slot *slot;

    if (key.ino == 0 || st->st_ctim.tv_sec + SETTLED_SECONDS >= c->started)
        return;
    if (c->header.n_used * 2 >= c->header.n_slots && !grow(c))
        return;
    slot = &c->slots[find(c->slots, (size_t)c->header.n_slots, &key)];
    if (slot->ino == 0)
        c->header.n_used++;
    *slot = key;
    c->n_added++;
}

static bool is_plausible(const struct ov_verdict_cache *c,
                         const struct header *h, uint64_t file_len)
{
    return h->magic == MAGIC && h->n_slots >= FIRST_SLOTS &&
           h->n_slots <= MAX_SLOTS && (h->n_slots & (h->n_slots - 1)) == 0 &&
           h->n_used * 2 <= h->n_slots &&
           file_len == sizeof(*h) + h->n_slots * sizeof(struct slot) &&
           h->key_len == c->header.key_len &&
           memcmp(h->key, c->header.key, KEY_MAX) == 0;
}

static bool read_exactly(int fd, void *to, size_t len)
{
    size_t at = 0;

    while (at < len) {
        ssize_t got = read(fd, (uint8_t *)to + at, len - at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += (size_t)got;
    }
    return true;
}

static size_t count_used(const struct slot *slots, size_t n)
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++)
        used += slots[i].ino != 0;
    return used;
}

/* Takes over what the file holds, or leaves the cache as it is. */
static void load(struct ov_verdict_cache *c)
{
    OV_AUTO_FD fd =
        open(c->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    OV_AUTO_PTR struct slot *slots = NULL;
    struct header h;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return;
    if (!read_exactly(fd, &h, sizeof(h)) ||
        !is_plausible(c, &h, (uint64_t)st.st_size))
        return;
    slots = ov_alloc_array((size_t)h.n_slots, sizeof(*slots));
    if (slots == NULL ||
        !read_exactly(fd, slots, (size_t)h.n_slots * sizeof(*slots)))
        return;
    /* A table without an empty slot would be searched for ever. */
    if (hash_slots(slots, (size_t)h.n_slots) != h.checksum ||
        count_used(slots, (size_t)h.n_slots) != h.n_used)
        return;
    ov_free(c->slots);
    c->slots = OV_STEAL(slots);
    c->header = h;
}

enum ov_status ov_verdict_cache_open(const char *folder, struct ov_span key,
                                     struct ov_verdict_cache **ret)
{
    OV_AUTO(verdict_cache) c = ov_alloc(sizeof(*c));
    int len;

    if (c == NULL)
        return OV_NO_MEMORY;
    if (key.len > KEY_MAX)
        return OV_USAGE;
    c->started = time(NULL);
    c->header = (struct header){
        .magic = MAGIC, .n_slots = FIRST_SLOTS, .key_len = key.len};
    memcpy(c->header.key, key.ptr, key.len);
    c->slots = ov_alloc_array(FIRST_SLOTS, sizeof(*c->slots));
    if (c->slots == NULL)
        return OV_NO_MEMORY;
    len = snprintf(c->path, sizeof(c->path), "%s/" PREFIX "%016llx", folder,
                   (unsigned long long)hash_bytes(key));
    if (len < 0 || (size_t)len >= sizeof(c->path))
        return OV_USAGE;
    memcpy(c->folder, folder, strlen(folder) + 1);
    load(c);
    *ret = OV_STEAL(c);
    return OV_OK;
}

uint8_t *ov_verdict_cache_note(struct ov_verdict_cache *c)
{
    return c->header.note;
}

enum ov_status ov_verdict_cache_save(struct ov_verdict_cache *c)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(SIZE_MAX);
    size_t n = (size_t)c->header.n_slots;

    if (c->n_added == 0)
        return OV_OK;
    c->header.checksum = hash_slots(c->slots, n);
    ov_put_span(&bytes, ov_span_of(&c->header, sizeof(c->header)));
    ov_put_span(&bytes, ov_span_of(c->slots, n * sizeof(*c->slots)));
    OV_TRY(ov_buf_status(&bytes));
    OV_TRY(ov_file_write(c->path, ov_buf_span(&bytes), 0600, NULL));
    c->n_added = 0;
    ov_prune_folder(c->folder, PREFIX, KEEP_FILES);
    return OV_OK;
}

void ov_verdict_cache_free(struct ov_verdict_cache *c)
{
    if (c == NULL)
        return;
    ov_free(c->slots);
    ov_free(c);
}

/* The oldest file that begins with prefix, and how many there are. */
static size_t find_oldest(DIR *folder, const char *prefix, char *ret,
                          size_t size)
{
    struct timespec oldest = {0};
    struct dirent *e;
    size_t n = 0;

    rewinddir(folder);
    while ((e = readdir(folder)) != NULL) {
        struct stat st;

        if (strncmp(e->d_name, prefix, strlen(prefix)) != 0 ||
            fstatat(dirfd(folder), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (n++ == 0 || st.st_mtim.tv_sec < oldest.tv_sec) {
            oldest = st.st_mtim;
            (void)!snprintf(ret, size, "%s", e->d_name); /* it fits */
        }
    }
    return n;
}

void ov_prune_folder(const char *folder, const char *prefix, size_t keep)
{
    char name[NAME_MAX + 1];
    DIR *d = opendir(folder);

    if (d == NULL)
        return;
    while (find_oldest(d, prefix, name, sizeof(name)) > keep) {
        if (unlinkat(dirfd(d), name, 0) != 0)
            break;
    }
    (void)!closedir(d); /* only read */
}
