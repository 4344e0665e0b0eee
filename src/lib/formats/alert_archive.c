/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/reader.h"
#include "formats/alert.h"
#include "formats/zip.h"

/* Alerts about archives.
 *
 * ZIP: in an honest archive each member has its own bytes. One in which many
 * members share theirs unpacks to any size. Members of the central directory
 * are put in the order of their local headers; more than five that begin before
 * the one before them ends are told. Two bytes less are forgiven, and members
 * that are the same are counted, but not told.
 *
 * XZ: memory for a dictionary is what a decoder must give before the first
 * byte.
 *
 * Sources: PKWARE APPNOTE.TXT 4.3; the .xz file format 1.1, sections 3.1 and
 * 5.3.1; thresholds: clamscan 1.4.6 (tests/oracle/alerts.py). */

#define CENTRAL_MAGIC 0x02014b50u
#define LOCAL_MAGIC 0x04034b50u
#define END_MAGIC OV_SPAN_LIT("PK\5\6")
#define END_DIRECTORY_AT 16
#define LOCAL_LEN 30
#define MEMBERS_MAX 65536
#define FORGIVEN_BYTES 2
#define FORGIVEN_MEMBERS 5
#define STEPS_PER_MEMBER 100

struct extent {
    uint64_t at;
    uint64_t header_len;
    uint64_t data_len;
};

/* The extent by the local header; all zero but for its place if there is none
 * or it does not fit into the file. */
static struct extent local_extent(struct ov_span bytes, uint64_t at,
                                  uint32_t directory_size)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct extent e = {.at = at};
    uint16_t flags, name_len, extra_len;
    uint32_t size;
    uint64_t header_len;

    ov_reader_seek(&r, at);
    ov_reader_require(&r, ov_read_u32le(&r) == LOCAL_MAGIC, OV_MALFORMED);
    ov_reader_skip(&r, 2);
    flags = ov_read_u16le(&r);
    ov_reader_skip(&r, 10); /* method ... CRC */
    size = ov_read_u32le(&r);
    ov_reader_skip(&r, 4);
    name_len = ov_read_u16le(&r);
    extra_len = ov_read_u16le(&r);
    if (flags & OV_ZIP_DESCRIBED)
        size = directory_size;
    header_len = (uint64_t)LOCAL_LEN + name_len + extra_len;
    if (ov_reader_status(&r) != OV_OK || header_len + size > bytes.len - at)
        return e;
    e.header_len = header_len;
    e.data_len = size;
    return e;
}

/* One entry of the central directory. */
static bool next_member(struct ov_reader *r, struct extent *ret)
{
    uint16_t name_len, extra_len, comment_len;
    uint32_t size, at;

    if (!ov_reader_more(r) || ov_read_u32le(r) != CENTRAL_MAGIC)
        return false;
    ov_reader_skip(r, 16);
    size = ov_read_u32le(r);
    ov_reader_skip(r, 4);
    name_len = ov_read_u16le(r);
    extra_len = ov_read_u16le(r);
    comment_len = ov_read_u16le(r);
    ov_reader_skip(r, 8);
    at = ov_read_u32le(r);
    ov_reader_skip(r, (uint64_t)name_len + extra_len + comment_len);
    if (ov_reader_status(r) != OV_OK)
        return false;
    *ret = local_extent(r->all, at, size);
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct extent *x = a;
    const struct extent *y = b;

    return x->at < y->at ? -1 : x->at > y->at;
}

static bool is_overlapping(const struct extent *before, const struct extent *e)
{
    uint64_t end = before->at + before->header_len + before->data_len;

    return e->at + FORGIVEN_BYTES < end;
}

static bool is_same(const struct extent *a, const struct extent *b)
{
    return a->at == b->at && a->header_len == b->header_len &&
           a->data_len == b->data_len;
}

static const char *judge(struct extent *members, size_t n)
{
    size_t n_overlapping = 0;

    qsort(members, n, sizeof(*members), by_place);
    for (size_t i = 1; i < n; i++) {
        if (!is_overlapping(&members[i - 1], &members[i]))
            continue;
        n_overlapping++;
        if (n_overlapping > FORGIVEN_MEMBERS &&
            !is_same(&members[i - 1], &members[i]))
            return "Heuristics.Zip.OverlappingFiles";
    }
    return NULL;
}

/* Where the last end record says that the directory is. */
static bool find_directory(struct ov_span bytes, uint32_t *ret_at)
{
    size_t tail = bytes.len > 65557 ? bytes.len - 65557 : 0;
    size_t found = SIZE_MAX;

    for (size_t at = tail;
         (at = ov_span_find(bytes, END_MAGIC, at)) != SIZE_MAX; at++)
        found = at;
    return found != SIZE_MAX &&
           ov_span_u32le(bytes, (uint64_t)found + END_DIRECTORY_AT, ret_at);
}

enum ov_status ov_alert_zip(const struct ov_alert_job *job, const char **ret)
{
    struct ov_reader r = ov_reader_over(job->bytes);
    struct extent *members;
    struct extent one;
    size_t cap = 0;
    size_t n = 0;
    uint32_t at;

    *ret = NULL;
    if (!find_directory(job->bytes, &at))
        return OV_OK;
    ov_reader_seek(&r, at);
    while (cap < MEMBERS_MAX && next_member(&r, &one))
        cap++;
    OV_TRY(ov_budget_spend(job->budget, OV_COST_STEPS, STEPS_PER_MEMBER * cap));
    if (cap < 2)
        return OV_OK;
    members = ov_arena_array(job->arena, cap, sizeof(*members));
    if (members == NULL)
        return OV_NO_MEMORY;
    r = ov_reader_over(job->bytes);
    ov_reader_seek(&r, at);
    while (n < cap && next_member(&r, &members[n]))
        n++;
    *ret = judge(members, n);
    return OV_OK;
}

/* ---- xz ---- */

#define XZ_BLOCK_AT 12
#define XZ_FLAGS_AT 1
#define XZ_HAS_PACKED 0x40
#define XZ_HAS_REAL 0x80
#define XZ_LZMA2 0x21
#define XZ_BITS_OK 36 /* 1 GiB */
#define XZ_BITS_MAX 40

enum ov_status ov_alert_xz(const struct ov_alert_job *job, const char **ret)
{
    struct ov_reader r = ov_reader_over(job->bytes);
    uint8_t flags;
    uint64_t filter;
    uint8_t bits;

    *ret = NULL;
    ov_reader_seek(&r, XZ_BLOCK_AT + XZ_FLAGS_AT);
    flags = ov_read_u8(&r);
    if (flags & XZ_HAS_PACKED)
        (void)ov_read_varint(&r);
    if (flags & XZ_HAS_REAL)
        (void)ov_read_varint(&r);
    filter = ov_read_varint(&r);
    ov_reader_skip(&r, 1);
    bits = ov_read_u8(&r);
    if (ov_reader_status(&r) == OV_OK && filter == XZ_LZMA2 &&
        bits > XZ_BITS_OK && bits <= XZ_BITS_MAX)
        *ret = "Heuristics.XZ.DicSizeLimit";
    return OV_OK;
}
