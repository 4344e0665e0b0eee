/* SPDX-License-Identifier: Apache-2.0
 *
 * ZIP archives: where the members are.
 *
 * Two lists tell: the central directory at the end, and a local header before
 * each member's data. Readers differ in which one they believe, and malware
 * lives in the difference: a member that is only in one of them, or described
 * differently. So all of the central directory is taken, then every gap between
 * its members (and a file without a directory is one gap) is searched for local
 * headers, and where the two descriptions of a member differ it is given twice.
 * Members come in the order of their place in the file, as clamscan counts
 * them. That is why no library does: none tells both lists.
 *
 * Overlapping members (one deflate stream used by a million entries) are each
 * unpacked; the budget ends that.
 *
 * Limits: at most ENTRIES_MAX members; several volumes are read as far as they
 * are in this file. CRCs are handed on, not checked.
 * Format: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 to 4.5. */
#include "formats/zip.h"

#include "base/reader.h"
#include "formats/unpacker.h"

#define LOCAL_MAGIC OV_SPAN_LIT("PK\3\4")
#define CENTRAL_MAGIC 0x02014b50u
#define END_MAGIC OV_SPAN_LIT("PK\5\6")
#define END64_MAGIC 0x06064b50u
#define LOCATOR64_MAGIC 0x07064b50u
#define LOCAL_LEN 30
#define END_LEN 22
#define LOCATOR64_LEN 20
#define IN_ZIP64 UINT32_MAX
#define EXTRA_ZIP64 1
#define ENTRIES_MAX ((size_t)1 << 20)
/* Highest "version needed" and method in use, to tell a local header from four
 * bytes that look like one. */
#define VERSION_MAX 63
#define METHOD_MAX 99

struct zip {
    struct ov_span bytes;
    struct ov_budget *budget;
    struct ov_zip_keys keys;
    struct ov_zip_entry *entries;
    size_t n;
    size_t cap;
    size_t at;             /* of the next one to give */
    enum ov_status status; /* what is told after the last member */
};

/* Where the directory is, and where its offsets count from. */
struct directory {
    struct ov_span bytes;
    uint64_t base;
};

static enum ov_status add(struct zip *z, const struct ov_zip_entry *e)
{
    if (z->n == ENTRIES_MAX)
        return OV_LIMIT_COUNT;
    if (z->n == z->cap) {
        size_t cap = z->cap ? z->cap * 2 : 16;
        struct ov_zip_entry *more =
            ov_realloc_array(z->entries, cap, sizeof(*more));

        if (more == NULL)
            return OV_NO_MEMORY;
        z->entries = more;
        z->cap = cap;
    }
    z->entries[z->n++] = *e;
    return OV_OK;
}

/* APPNOTE 4.5.3: 64-bit fields, in this order, for those that are all ones. */
static void read_zip64(struct ov_zip_entry *e, uint64_t *local_at)
{
    struct ov_reader r = ov_reader_over(e->extra);

    while (ov_reader_more(&r)) {
        uint16_t id = ov_read_u16le(&r);
        uint16_t len = ov_read_u16le(&r);
        struct ov_reader field = ov_reader_over(ov_read_span(&r, len));

        if (id != EXTRA_ZIP64)
            continue;
        if (e->real_size == IN_ZIP64)
            e->real_size = ov_read_u64le(&field);
        if (e->packed_size == IN_ZIP64)
            e->packed_size = ov_read_u64le(&field);
        if (local_at != NULL && *local_at == IN_ZIP64)
            *local_at = ov_read_u64le(&field);
        return;
    }
}

struct lens {
    uint16_t name;
    uint16_t extra;
};

/* What both headers of a member have in a row. */
static struct lens read_common(struct ov_reader *r, struct ov_zip_entry *e)
{
    struct lens lens;

    e->flags = ov_read_u16le(r);
    e->method = ov_read_u16le(r);
    e->time = ov_read_u16le(r);
    ov_reader_skip(r, 2);
    e->crc = ov_read_u32le(r);
    e->packed_size = ov_read_u32le(r);
    e->real_size = ov_read_u32le(r);
    lens.name = ov_read_u16le(r);
    lens.extra = ov_read_u16le(r);
    return lens;
}

/* APPNOTE 4.3.7. False if there is no local header at that place, or only a
 * part of one. */
static bool read_local(struct ov_span bytes, uint64_t at,
                       struct ov_zip_entry *ret)
{
    struct ov_zip_entry e = {.local_at = at};
    struct ov_reader r;
    struct lens lens;
    uint16_t version;

    if (!ov_span_has_at(bytes, at, LOCAL_MAGIC))
        return false;
    r = ov_reader_over(bytes);
    ov_reader_seek(&r, at + LOCAL_MAGIC.len);
    version = ov_read_u16le(&r);
    lens = read_common(&r, &e);
    e.name = ov_read_span(&r, lens.name);
    e.extra = ov_read_span(&r, lens.extra);
    ov_reader_require(&r, (version & 0xff) <= VERSION_MAX, OV_MALFORMED);
    ov_reader_require(&r, e.method <= METHOD_MAX, OV_MALFORMED);
    if (ov_reader_status(&r) != OV_OK)
        return false;
    read_zip64(&e, NULL);
    e.data = ov_reader_rest(&r);
    *ret = e;
    return true;
}

/* Whether the local header says something else that a reader could believe. */
static bool is_at_odds(const struct ov_zip_entry *central,
                       const struct ov_zip_entry *local)
{
    if (central->method != local->method)
        return true;
    if ((central->flags ^ local->flags) & OV_ZIP_ENCRYPTED)
        return true;
    return (local->flags & OV_ZIP_DESCRIBED) == 0 && local->packed_size != 0 &&
           local->packed_size != central->packed_size;
}

static void cut_data(struct ov_zip_entry *e)
{
    e->data = ov_span_clip(e->data, 0, e->packed_size);
}

/* Adds a member of the central directory, with the data its local header leads
 * to; base 0 is tried where the directory's base leads nowhere. */
static enum ov_status add_central(struct zip *z, struct ov_zip_entry *e,
                                  uint64_t local_at, uint64_t base)
{
    struct ov_zip_entry local;

    e->local_at = local_at + base;
    e->is_lost = !read_local(z->bytes, e->local_at, &local);
    if (e->is_lost && base != 0) {
        e->is_lost = !read_local(z->bytes, local_at, &local);
        if (!e->is_lost)
            e->local_at = local_at;
    }
    if (e->is_lost)
        return add(z, e);
    e->data = local.data;
    cut_data(e);
    OV_TRY(add(z, e));
    if (!is_at_odds(e, &local))
        return OV_OK;
    cut_data(&local);
    return add(z, &local);
}

/* APPNOTE 4.3.12. */
static enum ov_status read_directory(struct zip *z, const struct directory *d)
{
    struct ov_reader r = ov_reader_over(d->bytes);

    while (ov_reader_more(&r)) {
        struct ov_zip_entry e = {0};
        struct lens lens;
        uint16_t comment_len;
        uint64_t local_at;

        ov_reader_require(&r, ov_read_u32le(&r) == CENTRAL_MAGIC, OV_MALFORMED);
        ov_reader_skip(&r, 4);
        lens = read_common(&r, &e);
        comment_len = ov_read_u16le(&r);
        ov_reader_skip(&r, 8);
        local_at = ov_read_u32le(&r);
        e.name = ov_read_span(&r, lens.name);
        e.extra = ov_read_span(&r, lens.extra);
        ov_reader_skip(&r, comment_len);
        OV_TRY(ov_reader_status(&r));
        read_zip64(&e, &local_at);
        OV_TRY(add_central(z, &e, local_at, d->base));
    }
    return ov_reader_status(&r);
}

/* APPNOTE 4.3.14 and 4.3.15: the directory of a large archive. */
static bool find_directory64(struct ov_span bytes, uint64_t end_at,
                             struct directory *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    uint64_t record_at;
    uint64_t len;
    uint64_t at;

    if (end_at < LOCATOR64_LEN)
        return false;
    ov_reader_seek(&r, end_at - LOCATOR64_LEN);
    ov_reader_require(&r, ov_read_u32le(&r) == LOCATOR64_MAGIC, OV_MALFORMED);
    ov_reader_skip(&r, 4);
    record_at = ov_read_u64le(&r);
    ov_reader_seek(&r, record_at);
    ov_reader_require(&r, ov_read_u32le(&r) == END64_MAGIC, OV_MALFORMED);
    ov_reader_skip(&r, 36);
    len = ov_read_u64le(&r);
    at = ov_read_u64le(&r);
    ret->base = 0;
    return ov_reader_status(&r) == OV_OK &&
           ov_span_sub(bytes, at, len, &ret->bytes);
}

/* APPNOTE 4.3.16. The directory ends where its end record begins, so what
 * stands before the archive (a program that unpacks it) shifts all offsets. */
static bool read_end(struct ov_span bytes, uint64_t end_at,
                     struct directory *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    uint64_t len;
    uint64_t at;

    if (find_directory64(bytes, end_at, ret))
        return true;
    ov_reader_seek(&r, end_at + 12);
    len = ov_read_u32le(&r);
    at = ov_read_u32le(&r);
    if (ov_reader_status(&r) != OV_OK || len > end_at || at > end_at - len)
        return false;
    ret->base = end_at - len - at;
    return ov_span_sub(bytes, end_at - len, len, &ret->bytes);
}

/* The last end record that leads to a directory. */
static bool find_directory(struct ov_span bytes, struct directory *ret)
{
    struct ov_span before = bytes;

    while (before.len >= END_LEN) {
        const uint8_t *hit = memrchr(before.ptr, 'P', before.len);
        size_t at;

        if (hit == NULL)
            return false;
        at = (size_t)(hit - bytes.ptr);
        if (ov_span_has_at(bytes, at, END_MAGIC) && read_end(bytes, at, ret))
            return true;
        before = ov_span_clip(bytes, 0, at);
    }
    return false;
}

/* Local headers in [from, to) that no directory names. Data of unknown length
 * may reach up to `to`; headers are searched in it, too. */
static enum ov_status search_gap(struct zip *z, uint64_t from, uint64_t to)
{
    struct ov_span gap = ov_span_clip(z->bytes, 0, to);
    size_t at = ov_span_find(gap, LOCAL_MAGIC, (size_t)from);

    while (at != SIZE_MAX) {
        struct ov_zip_entry e;
        size_t next = at + LOCAL_MAGIC.len;

        if (read_local(gap, at, &e)) {
            e.is_local = true;
            e.is_unsized =
                (e.flags & OV_ZIP_DESCRIBED) != 0 && e.packed_size == 0;
            if (!e.is_unsized)
                cut_data(&e);
            OV_TRY(add(z, &e));
            next = at + LOCAL_LEN;
        }
        at = ov_span_find(gap, LOCAL_MAGIC, next);
    }
    return OV_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct ov_zip_entry *x = a;
    const struct ov_zip_entry *y = b;

    if (x->local_at != y->local_at)
        return x->local_at < y->local_at ? -1 : 1;
    if (x->packed_size != y->packed_size)
        return x->packed_size < y->packed_size ? -1 : 1;
    return (x->method > y->method) - (x->method < y->method);
}

static void sort(struct zip *z)
{
    for (size_t i = 1; i < z->n; i++) {
        if (by_place(&z->entries[i - 1], &z->entries[i]) > 0) {
            qsort(z->entries, z->n, sizeof(*z->entries), by_place);
            return;
        }
    }
}

static uint64_t end_of(const struct zip *z, const struct ov_zip_entry *e)
{
    if (e->is_lost || e->data.ptr == NULL)
        return e->local_at < z->bytes.len ? e->local_at : z->bytes.len;
    return (uint64_t)(e->data.ptr - z->bytes.ptr) + e->data.len;
}

static enum ov_status search_gaps(struct zip *z)
{
    size_t n = z->n;
    uint64_t end = 0;

    for (size_t i = 0; i < n; i++) {
        /* Adding moves the array. */
        uint64_t begin = z->entries[i].local_at;
        uint64_t to = end_of(z, &z->entries[i]);

        if (begin > end)
            OV_TRY(search_gap(z, end, begin));
        end = to > end ? to : end;
    }
    return search_gap(z, end, z->bytes.len);
}

static void drop_repeated(struct zip *z)
{
    size_t kept = 0;

    for (size_t i = 0; i < z->n; i++)
        if (kept == 0 || by_place(&z->entries[kept - 1], &z->entries[i]) != 0)
            z->entries[kept++] = z->entries[i];
    z->n = kept;
}

static enum ov_status collect(struct zip *z)
{
    struct directory d;
    enum ov_status status;

    if (!find_directory(z->bytes, &d))
        z->status = OV_TRUNCATED;
    else
        z->status = read_directory(z, &d);
    if (z->status == OV_NO_MEMORY)
        return z->status;
    sort(z);
    status = search_gaps(z);
    if (status == OV_NO_MEMORY)
        return status;
    if (z->status == OV_OK)
        z->status = status;
    sort(z);
    drop_repeated(z);
    return z->n == 0 ? z->status : OV_OK;
}

static void free_zip(void *state)
{
    struct zip *z = state;

    ov_free(z->entries);
    ov_free(z);
}

static enum ov_status open_zip(const struct ov_unpack_job *job,
                               void **ret_state)
{
    struct zip *z = ov_alloc(sizeof(*z));
    enum ov_status status;

    if (z == NULL)
        return OV_NO_MEMORY;
    z->bytes = job->bytes;
    z->budget = job->budget;
    z->keys.passwords = job->passwords;
    z->keys.n_passwords = job->n_passwords;
    status = collect(z);
    if (status != OV_OK) {
        free_zip(z);
        return status;
    }
    *ret_state = z;
    return OV_OK;
}

static bool is_folder(const struct ov_zip_entry *e)
{
    return e->packed_size == 0 && e->real_size == 0 && !e->is_unsized &&
           ov_span_ends(e->name, OV_SPAN_LIT("/"));
}

static enum ov_status next_zip(void *state, struct ov_member *ret)
{
    struct zip *z = state;
    const struct ov_zip_entry *e;

    while (z->at < z->n && is_folder(&z->entries[z->at]))
        z->at++;
    if (z->at == z->n) {
        ret->is_end = true;
        return z->status;
    }
    e = &z->entries[z->at++];
    ret->name = e->name;
    ret->packed_size = e->packed_size;
    if (!e->is_unsized)
        ret->real_size = e->real_size;
    ret->is_encrypted = (e->flags & OV_ZIP_ENCRYPTED) != 0;
    ret->has_checksum = !e->is_unsized;
    ret->checksum = e->crc;
    return OV_OK;
}

static enum ov_status read_zip(void *state, struct ov_buf *into)
{
    struct zip *z = state;

    return ov_zip_read(&z->entries[z->at - 1], &z->keys, z->budget, into);
}

static bool lend_zip(void *state, struct ov_span *ret)
{
    struct zip *z = state;
    const struct ov_zip_entry *e = &z->entries[z->at - 1];

    if (e->method != OV_ZIP_STORE || (e->flags & OV_ZIP_ENCRYPTED) != 0 ||
        e->is_lost || e->is_unsized || e->data.len < e->packed_size)
        return false;
    *ret = e->data;
    return true;
}

static bool total_zip(const void *state, uint64_t *ret_members,
                      uint64_t *ret_bytes)
{
    const struct zip *z = state;
    uint64_t bytes = 0;

    for (size_t i = 0; i < z->n; i++)
        if (z->entries[i].is_unsized ||
            __builtin_add_overflow(bytes, z->entries[i].real_size, &bytes))
            return false;
    *ret_members = z->n;
    *ret_bytes = bytes;
    return true;
}

const struct ov_unpack_ops ov_unpack_zip = {
    .totals = total_zip,
    .open = open_zip,
    .next = next_zip,
    .read = read_zip,
    .lend = lend_zip,
    .free = free_zip,
};
