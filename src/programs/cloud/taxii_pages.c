/* SPDX-License-Identifier: Apache-2.0 */
#include "taxii_pages.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/file.h"

/*
 * A position is a record's number in its collection's index. Positions never
 * change, as an edition only adds: so a position is what "next" says, and a
 * client that comes back after a week goes on where it was. As each object has
 * its own time, "added_after" with the last time seen gives the same.
 *
 * Work for an answer is bounded by MAX_WALK records, whatever the filter is;
 * who gets an empty page with "more" asks on. A file of an edition that has
 * gone meanwhile is OV_NOT_FOUND, and the next request sees the newer one.
 */

#define MAX_WALK 65536
#define CHUNK 512
#define MAX_HEAD 64
#define MAX_OBJECT ((uint32_t)64 << 10)
#define MAX_VERSIONS 4096 /* that are looked at for ids */
#define N_BUNDLES 16

struct bundle {
    int fd; /* -1: none */
    uint32_t edition;
    uint32_t part;
    uint64_t used;
};

struct file {
    int fd;
    uint64_t n; /* records */
};

struct taxii_store {
    int dir;
    uint32_t edition;
    struct file index[INTEL_N_COLLECTIONS];
    struct file ids[INTEL_N_COLLECTIONS];
    struct bundle bundles[N_BUNDLES];
    uint64_t turn;
};

static void close_all(struct taxii_store *s)
{
    for (unsigned c = 0; c < INTEL_N_COLLECTIONS; c++) {
        ov_fd_cleanup(&s->index[c].fd);
        ov_fd_cleanup(&s->ids[c].fd);
    }
    s->edition = 0;
}

struct taxii_store *taxii_store_new(int dir)
{
    struct taxii_store *s = ov_alloc(sizeof(*s));

    if (s == NULL)
        return NULL;
    s->dir = dir;
    for (unsigned c = 0; c < INTEL_N_COLLECTIONS; c++) {
        s->index[c].fd = -1;
        s->ids[c].fd = -1;
    }
    for (size_t i = 0; i < N_BUNDLES; i++)
        s->bundles[i].fd = -1;
    return s;
}

void taxii_store_free(struct taxii_store *s)
{
    if (s == NULL)
        return;
    close_all(s);
    for (size_t i = 0; i < N_BUNDLES; i++)
        ov_fd_cleanup(&s->bundles[i].fd);
    ov_free(s);
}

/* ---- files ---- */

static int open_file(const struct taxii_store *s, const char *name,
                     uint64_t *ret_size)
{
    OV_AUTO_FD fd = openat(s->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return -1;
    *ret_size = (uint64_t)st.st_size;
    return ov_fd_steal(&fd);
}

static bool open_records(struct taxii_store *s, uint32_t edition,
                         enum intel_collection c)
{
    char name[128];
    uint64_t size = 0;

    (void)snprintf(name, sizeof(name), "intel/%u/%s", edition,
                   intel_collection_name(c));
    s->index[c].fd = open_file(s, name, &size);
    s->index[c].n = size / OV_INTEL_RECORD;
    (void)snprintf(name, sizeof(name), "intel/%u/%s.ids", edition,
                   intel_collection_name(c));
    s->ids[c].fd = open_file(s, name, &size);
    s->ids[c].n = size / OV_INTEL_ID_RECORD;
    return s->index[c].fd >= 0 && s->ids[c].fd >= 0;
}

/* "edition E" */
static bool read_head(const struct taxii_store *s, uint32_t *ret)
{
    struct ov_span word = OV_SPAN_LIT("edition ");
    uint8_t bytes[MAX_HEAD];
    uint64_t size;
    OV_AUTO_FD fd = open_file(s, "tree/intel/head", &size);
    struct ov_span left;
    struct ov_span line;
    uint64_t number;
    size_t got;

    if (fd < 0 || ov_read_at(fd, 0, bytes, sizeof(bytes), &got) != OV_OK)
        return false;
    left = ov_span_of(bytes, got);
    if (!ov_span_cut(&left, '\n', &line) || !ov_span_starts(line, word) ||
        !ov_parse_uint(ov_span_clip(line, word.len, line.len), UINT32_MAX,
                       &number))
        return false;
    *ret = (uint32_t)number;
    return true;
}

enum ov_status taxii_store_turn(struct taxii_store *s)
{
    uint32_t edition;

    if (!read_head(s, &edition))
        return OV_NOT_FOUND;
    if (edition == s->edition)
        return OV_OK;
    close_all(s);
    for (unsigned c = 0; c < INTEL_N_COLLECTIONS; c++) {
        if (!open_records(s, edition, (enum intel_collection)c)) {
            close_all(s);
            return OV_NOT_FOUND;
        }
    }
    s->edition = edition;
    return OV_OK;
}

static enum ov_status read_exactly(int fd, uint64_t at, uint8_t *to, size_t len)
{
    size_t got = 0;

    OV_TRY(ov_read_at(fd, at, to, len, &got));
    return got == len ? OV_OK : OV_TRUNCATED;
}

/* ---- finding ---- */

static enum ov_status record_at(const struct file *f, uint64_t n,
                                struct ov_intel_record *ret)
{
    uint8_t bytes[OV_INTEL_RECORD];

    OV_TRY(read_exactly(f->fd, n * OV_INTEL_RECORD, bytes, OV_INTEL_RECORD));
    return ov_intel_record_at(ov_span_of(bytes, sizeof(bytes)), 0, ret)
               ? OV_OK
               : OV_MALFORMED;
}

/* The first position that was added later than `after`. */
static enum ov_status find_after(const struct file *f, uint64_t after,
                                 uint64_t *ret)
{
    uint64_t low = 0;
    uint64_t high = f->n;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct ov_intel_record r;

        OV_TRY(record_at(f, middle, &r));
        if (r.added <= after)
            low = middle + 1;
        else
            high = middle;
    }
    *ret = low;
    return OV_OK;
}

static uint32_t page_limit(const struct ov_taxii_query *q)
{
    return q->limit == 0 || q->limit > TAXII_PAGE ? TAXII_PAGE : q->limit;
}

/* Takes one that is wanted; false if the page is full: it is the next. */
static bool take(struct taxii_page *page, const struct ov_taxii_query *q,
                 const struct ov_intel_record *r, uint64_t position)
{
    if (!ov_taxii_is_wanted(q, r->type, r->flags, r->version))
        return true;
    if (page->n == page_limit(q)) {
        page->has_more = true;
        page->next = position;
        return false;
    }
    page->all[page->n++] = *r;
    return true;
}

static enum ov_status walk(const struct file *f, uint64_t from,
                           const struct ov_taxii_query *q,
                           struct taxii_page *page)
{
    OV_AUTO_PTR uint8_t *bytes = ov_alloc(CHUNK * OV_INTEL_RECORD);
    uint64_t end = f->n - from > MAX_WALK ? from + MAX_WALK : f->n;

    if (bytes == NULL)
        return OV_NO_MEMORY;
    while (from < end) {
        size_t n = end - from < CHUNK ? (size_t)(end - from) : CHUNK;

        OV_TRY(read_exactly(f->fd, from * OV_INTEL_RECORD, bytes,
                            n * OV_INTEL_RECORD));
        for (size_t i = 0; i < n; i++, from++) {
            struct ov_intel_record r;

            if (!ov_intel_record_at(ov_span_of(bytes, n * OV_INTEL_RECORD), i,
                                    &r))
                return OV_MALFORMED;
            if (!take(page, q, &r, from))
                return OV_OK;
        }
    }
    page->has_more = from < f->n;
    page->next = from;
    return OV_OK;
}

/* ---- by ids ---- */

static enum ov_status id_at(const struct file *f, uint64_t n,
                            struct ov_uuid *ret_id, uint64_t *ret_position)
{
    uint8_t bytes[OV_INTEL_ID_RECORD];

    OV_TRY(read_exactly(f->fd, n * OV_INTEL_ID_RECORD, bytes, sizeof(bytes)));
    return ov_intel_id_at(ov_span_of(bytes, sizeof(bytes)), 0, ret_id,
                          ret_position)
               ? OV_OK
               : OV_MALFORMED;
}

struct positions {
    uint64_t all[MAX_VERSIONS];
    size_t n;
};

/* Adds those of an id's versions. */
static enum ov_status find_id(const struct file *f, const struct ov_uuid *id,
                              struct positions *to)
{
    uint64_t low = 0;
    uint64_t high = f->n;
    struct ov_uuid other;
    uint64_t position;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        OV_TRY(id_at(f, middle, &other, &position));
        if (memcmp(&other, id, sizeof(other)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < f->n; low++) {
        OV_TRY(id_at(f, low, &other, &position));
        if (memcmp(&other, id, sizeof(other)) != 0)
            break;
        if (to->n == MAX_VERSIONS)
            return OV_LIMIT_SIZE;
        to->all[to->n++] = position;
    }
    return OV_OK;
}

static int compare_positions(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;

    return (*left > *right) - (*left < *right);
}

static enum ov_status walk_ids(struct taxii_store *s, enum intel_collection c,
                               uint64_t from, const struct ov_taxii_query *q,
                               struct taxii_page *page)
{
    OV_AUTO_PTR struct positions *found = ov_alloc(sizeof(*found));

    if (found == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < q->n_ids; i++)
        OV_TRY(find_id(&s->ids[c], &q->ids[i].id, found));
    page->is_known = found->n > 0;
    if (found->n > 0)
        qsort(found->all, found->n, sizeof(found->all[0]), compare_positions);
    for (size_t i = 0; i < found->n; i++) {
        struct ov_intel_record r;

        if (found->all[i] < from ||
            (i > 0 && found->all[i] == found->all[i - 1]))
            continue;
        OV_TRY(record_at(&s->index[c], found->all[i], &r));
        if (!take(page, q, &r, found->all[i]))
            return OV_OK;
    }
    return OV_OK;
}

enum ov_status taxii_store_find(struct taxii_store *s, enum intel_collection c,
                                const struct ov_taxii_query *q,
                                struct taxii_page *ret)
{
    const struct file *f = &s->index[c];
    uint64_t from = 0;

    ret->n = 0;
    ret->has_more = false;
    ret->is_known = false;
    if (q->has_after)
        OV_TRY(find_after(f, q->after, &from));
    if (q->has_next && q->next > from)
        from = q->next < f->n ? q->next : f->n;
    return q->has_ids ? walk_ids(s, c, from, q, ret) : walk(f, from, q, ret);
}

/* ---- objects ---- */

static int find_bundle(struct taxii_store *s, uint32_t edition, uint32_t part)
{
    struct bundle *oldest = &s->bundles[0];
    char name[128];
    uint64_t size;

    s->turn++;
    for (size_t i = 0; i < N_BUNDLES; i++) {
        struct bundle *b = &s->bundles[i];

        if (b->fd >= 0 && b->edition == edition && b->part == part) {
            b->used = s->turn;
            return b->fd;
        }
        if (b->fd < 0 || (oldest->fd >= 0 && b->used < oldest->used))
            oldest = b;
    }
    ov_fd_cleanup(&oldest->fd);
    (void)snprintf(name, sizeof(name), "tree/intel/stix/%u-%u.json", edition,
                   part);
    oldest->fd = open_file(s, name, &size);
    oldest->edition = edition;
    oldest->part = part;
    oldest->used = s->turn;
    return oldest->fd;
}

enum ov_status taxii_store_put(struct taxii_store *s,
                               const struct ov_intel_record *r,
                               struct ov_buf *b)
{
    int fd = find_bundle(s, r->edition, r->part);
    uint8_t *room = r->len <= MAX_OBJECT ? ov_buf_room(b, r->len) : NULL;

    if (fd < 0)
        return OV_NOT_FOUND;
    if (room == NULL)
        return OV_LIMIT_SIZE;
    OV_TRY(read_exactly(fd, r->offset, room, r->len));
    ov_buf_added(b, r->len);
    return OV_OK;
}
