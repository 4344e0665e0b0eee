/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "intel.h"
#include "sys/fd.h"
#include "sys/file.h"

/*
 * The indexes of an edition: those of the one before, copied, with what is new
 * behind them; and their ids, merged. So memory grows with what is new, not
 * with what there is. Who reads the edition before reads files that nobody
 * touches.
 *
 * What the copy changes: records that are the last version of their object no
 * more. Flags are told for each collection by itself.
 */

#define FLAGS_AT 102 /* in a record */
#define COPY ((size_t)1 << 20)

static bool failed(const char *path)
{
    (void)cloud_say("%s: %s", path, strerror(errno));
    return false;
}

static bool out_of_memory(void)
{
    (void)cloud_say("out of memory");
    return false;
}

/* ---- views ---- */

bool intel_view_open(const char *path, struct intel_view *ret)
{
    OV_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    void *at;

    *ret = (struct intel_view){0};
    if (fd < 0 || fstat(fd, &st) != 0)
        return failed(path);
    if (st.st_size == 0)
        return true;
    at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return failed(path);
    ret->bytes = ov_span_of(at, (size_t)st.st_size);
    return true;
}

void intel_view_done(struct intel_view *v)
{
    if (v->bytes.len > 0)
        (void)munmap((void *)(uintptr_t)v->bytes.ptr, v->bytes.len);
    *v = (struct intel_view){0};
}

/* ---- collections ---- */

static const char *const names[] = {
#define INTEL_COLLECTION(id, name, title, description) name,
#include "intel_collection.def"
#undef INTEL_COLLECTION
};

const char *intel_collection_name(enum intel_collection c)
{
    return names[c];
}

bool intel_is_in(enum intel_collection c, const struct ov_intel_record *r)
{
    if (r->type == OV_STIX_IDENTITY || r->type == OV_STIX_MARKING)
        return true;
    switch (c) {
    case INTEL_INDICATORS:
        return true;
    case INTEL_FAMILIES:
        return r->type == OV_STIX_MALWARE;
    case INTEL_FALSE_POSITIVES:
        return r->type == OV_STIX_INDICATOR &&
               (r->flags & OV_INTEL_REVOKED) != 0;
    case INTEL_N_COLLECTIONS:
        break;
    }
    return false;
}

struct fresh {
    struct ov_uuid id;
    uint64_t position;
};

struct writer {
    const struct intel *i;
    enum intel_collection collection;
    struct intel_view index; /* before */
    struct intel_view ids;
    struct ov_buf records; /* what is new */
    struct fresh *fresh;   /* by id */
    size_t n;
    uint64_t *superseded; /* positions before */
    size_t n_superseded;
};

static int compare_fresh(const void *a, const void *b)
{
    const struct fresh *left = a;
    const struct fresh *right = b;
    int order = memcmp(&left->id, &right->id, sizeof(left->id));

    if (order != 0)
        return order;
    return (left->position > right->position) -
           (left->position < right->position);
}

/* The position of the last version before, if there is one. */
static bool find_before(const struct writer *w, const struct ov_uuid *id,
                        uint64_t *ret)
{
    uint64_t at = ov_intel_id_find(w->ids.bytes, id);
    struct ov_uuid other;
    uint64_t position;
    bool is_found = false;

    for (; ov_intel_id_at(w->ids.bytes, at, &other, &position) &&
           memcmp(&other, id, sizeof(other)) == 0;
         at++) {
        *ret = position;
        is_found = true;
    }
    return is_found;
}

static bool collect(struct writer *w)
{
    const struct intel *i = w->i;
    uint64_t position = w->index.bytes.len / OV_INTEL_RECORD;

    w->records = ov_buf_with_max((i->n_records + 1) * OV_INTEL_RECORD);
    w->fresh = ov_alloc_array(i->n_records + 1, sizeof(*w->fresh));
    w->superseded = ov_alloc_array(i->n_records + 1, sizeof(*w->superseded));
    if (w->fresh == NULL || w->superseded == NULL)
        return out_of_memory();
    for (size_t n = 0; n < i->n_records; n++) {
        struct ov_intel_record r = i->records[n];

        if (!intel_is_in(w->collection, &r))
            continue;
        r.flags |= OV_INTEL_LAST;
        if (find_before(w, &r.id, &w->superseded[w->n_superseded]))
            w->n_superseded++;
        else
            r.flags |= OV_INTEL_FIRST;
        ov_put_intel_record(&w->records, &r);
        w->fresh[w->n++] = (struct fresh){r.id, position++};
    }
    if (w->n > 0)
        qsort(w->fresh, w->n, sizeof(*w->fresh), compare_fresh);
    return ov_buf_status(&w->records) == OV_OK || out_of_memory();
}

/* ---- files ---- */

static int create(const struct writer *w, const char *end,
                  char path[static CLOUD_PATH_MAX])
{
    int fd;

    if (!cloud_path(w->i->c, path, "intel/%u/%s%s", w->i->now.number,
                    names[w->collection], end))
        return -1;
    ov_folders_make(path);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        (void)failed(path);
    return fd;
}

static bool clear_last(const struct writer *w, int fd, uint64_t position)
{
    struct ov_intel_record r;
    uint8_t flags;

    if (!ov_intel_record_at(w->index.bytes, position, &r))
        return false;
    flags = (uint8_t)(r.flags & ~OV_INTEL_LAST);
    return pwrite(fd, &flags, 1,
                  (off_t)(position * OV_INTEL_RECORD + FLAGS_AT)) == 1;
}

static bool write_index(const struct writer *w)
{
    char path[CLOUD_PATH_MAX];
    OV_AUTO_FD fd = create(w, "", path);

    if (fd < 0)
        return false;
    if (ov_write_all(fd, w->index.bytes) != OV_OK ||
        ov_write_all(fd, ov_buf_span(&w->records)) != OV_OK)
        return failed(path);
    for (size_t n = 0; n < w->n_superseded; n++) {
        if (!clear_last(w, fd, w->superseded[n]))
            return failed(path);
    }
    return true;
}

/* Appends to the file what has come together. */
static bool flush(int fd, struct ov_buf *b)
{
    bool ok =
        ov_buf_status(b) == OV_OK && ov_write_all(fd, ov_buf_span(b)) == OV_OK;

    ov_buf_clear(b);
    return ok;
}

static bool write_ids(const struct writer *w)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(2 * COPY);
    char path[CLOUD_PATH_MAX];
    OV_AUTO_FD fd = create(w, ".ids", path);
    uint64_t old = 0;
    bool ok = fd >= 0;

    for (size_t n = 0; ok && n <= w->n; n++) {
        struct ov_uuid id;
        uint64_t position;

        while (ok && ov_intel_id_at(w->ids.bytes, old, &id, &position) &&
               (n == w->n || memcmp(&id, &w->fresh[n].id, sizeof(id)) <= 0)) {
            ov_put_intel_id(&b, &id, position);
            old++;
            ok = b.len < COPY || flush(fd, &b);
        }
        if (n < w->n)
            ov_put_intel_id(&b, &w->fresh[n].id, w->fresh[n].position);
        ok = ok && (b.len < COPY || flush(fd, &b));
    }
    if (fd < 0)
        return false;
    return (ok && flush(fd, &b)) || failed(path);
}

static bool open_before(struct writer *w)
{
    char path[CLOUD_PATH_MAX];

    if (w->i->now.number == 1)
        return true;
    return cloud_path(w->i->c, path, "intel/%u/%s", w->i->now.number - 1,
                      names[w->collection]) &&
           intel_view_open(path, &w->index) &&
           cloud_path(w->i->c, path, "intel/%u/%s.ids", w->i->now.number - 1,
                      names[w->collection]) &&
           intel_view_open(path, &w->ids);
}

bool intel_write_indexes(struct intel *i)
{
    bool ok = true;

    for (unsigned c = 0; ok && c < INTEL_N_COLLECTIONS; c++) {
        struct writer w = {.i = i, .collection = (enum intel_collection)c};

        ok = open_before(&w) && collect(&w) && write_index(&w) && write_ids(&w);
        intel_view_done(&w.index);
        intel_view_done(&w.ids);
        ov_buf_done(&w.records);
        ov_free(w.fresh);
        ov_free(w.superseded);
    }
    return ok;
}
