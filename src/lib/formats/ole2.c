/* SPDX-License-Identifier: Apache-2.0
 *
 * OLE2 compound files: documents of Word, Excel and PowerPoint 97, msi, msg.
 *
 * A compound file is a small file system: a table of next-sector numbers
 * (FAT), a directory of 128-byte entries, and for short streams a second level
 * of 64-byte sectors in a stream of its own. Every stream entry of the
 * directory is a member, whether the tree reaches it or not. What lies in a
 * stream in wrapped form (macros, packages, PowerPoint's objects) follows it as
 * further members: ole2_inner.c finds them in the bytes that were read.
 *
 * No library: libgsf and libole2 bring GLib and want files that are whole.
 *
 * A chain of sectors may run in circles or cross others; it ends where the
 * stream's size is reached, or after as many sectors as the file has.
 *
 * Format: [MS-CFB] sections 2.2 to 2.6. */
#include "base/reader.h"
#include "formats/codec.h"
#include "formats/ole2_inner.h"
#include "formats/unpacker.h"

#define END_OF_CHAIN 0xfffffffeu
#define SECTOR_MAX 0xfffffffau
#define HEADER_LEN 512
#define DIFAT_IN_HEADER 109
#define ENTRY_LEN 128
#define MINI_SHIFT 6
#define TYPE_STREAM 2
#define TYPE_ROOT 5
#define NAME_UNITS 32

struct entry {
    uint8_t type;
    uint32_t start;
    uint64_t size;
    struct ov_span name; /* UTF-16LE */
};

struct ole2 {
    struct ov_span all;
    struct ov_budget *budget;
    unsigned shift;  /* of sectors */
    uint32_t cutoff; /* shorter streams are in mini sectors */
    uint32_t n_sectors;
    struct ov_buf fat; /* 32-bit little-endian numbers */
    struct ov_buf mini_fat;
    struct ov_buf directory;
    struct ov_buf mini; /* the stream that holds mini sectors */
    size_t at;          /* of the next directory entry */
    struct entry current;
    struct ov_buf name;
    struct ov_ole2_inner inner; /* what is in the stream that was read */
    size_t inner_at;
    bool is_inner; /* the current member is one of them */
};

static void free_ole2(void *state)
{
    struct ole2 *o = state;

    ov_buf_done(&o->fat);
    ov_buf_done(&o->mini_fat);
    ov_buf_done(&o->directory);
    ov_buf_done(&o->mini);
    ov_buf_done(&o->name);
    ov_ole2_inner_done(&o->inner);
    ov_free(o);
}

/* As much of a sector as there is. */
static struct ov_span sector(const struct ole2 *o, uint32_t number)
{
    return ov_span_clip(o->all, ((uint64_t)number + 1) << o->shift,
                        (uint64_t)1 << o->shift);
}

static uint32_t next_of(const struct ov_buf *fat, uint32_t number)
{
    uint32_t next = END_OF_CHAIN;

    (void)ov_span_u32le(ov_buf_span(fat), (uint64_t)number * 4, &next);
    return next;
}

/* Appends a chain of sectors, at most size bytes. Not counted as produced:
 * tables are no larger than the file. */
static enum ov_status read_chain(struct ole2 *o, uint32_t number, uint64_t size,
                                 struct ov_buf *into)
{
    for (uint32_t n = 0; n < o->n_sectors && size > 0; n++) {
        struct ov_span s = sector(o, number);

        if (number > SECTOR_MAX || s.len == 0)
            break;
        if (s.len > size)
            s.len = (size_t)size;
        ov_put_span(into, s);
        size -= s.len;
        number = next_of(&o->fat, number);
        OV_TRY(ov_buf_status(into));
    }
    return ov_budget_spend(o->budget, OV_COST_STEPS, into->len);
}

/* [MS-CFB] 2.5: which sectors the FAT is in; the first in the header, others
 * in a chain whose sectors end with the next one's number. */
static enum ov_status read_fat(struct ole2 *o, struct ov_span header)
{
    struct ov_span list = ov_span_clip(header, 76, DIFAT_IN_HEADER * 4);
    uint32_t next = END_OF_CHAIN;

    (void)ov_span_u32le(header, 68, &next);
    for (uint32_t n = 0; n <= o->n_sectors; n++) {
        struct ov_reader r = ov_reader_over(list);

        while (ov_reader_more(&r)) {
            uint32_t number = ov_read_u32le(&r);

            if (number > SECTOR_MAX || o->fat.len >= (size_t)4 * o->n_sectors)
                break;
            ov_put_span(&o->fat, sector(o, number));
        }
        if (next > SECTOR_MAX || o->fat.len >= (size_t)4 * o->n_sectors)
            break;
        list = sector(o, next);
        next = END_OF_CHAIN;
        if (list.len > 4) {
            list.len -= 4;
            (void)ov_span_u32le(ov_span_of(list.ptr, list.len + 4), list.len,
                                &next);
        }
    }
    return ov_buf_status(&o->fat);
}

static bool read_entry(const struct ole2 *o, size_t at, struct entry *ret)
{
    struct ov_reader r;
    struct ov_span bytes;
    struct entry e = {0};
    uint16_t name_len;

    if (!ov_span_sub(ov_buf_span(&o->directory), at, ENTRY_LEN, &bytes))
        return false;
    r = ov_reader_over(bytes);
    e.name = ov_read_span(&r, NAME_UNITS * 2);
    name_len = ov_read_u16le(&r);
    e.name = ov_span_clip(e.name, 0, name_len >= 2 ? name_len - 2u : 0);
    e.type = ov_read_u8(&r);
    ov_reader_skip(&r, 49);
    e.start = ov_read_u32le(&r);
    e.size = ov_read_u32le(&r);
    *ret = e;
    return true;
}

static enum ov_status read_header(struct ole2 *o)
{
    struct ov_span header;
    uint16_t shift = 0;
    uint32_t directory = 0;
    uint32_t mini_fat = 0;
    struct entry root;

    if (!ov_span_sub(o->all, 0, HEADER_LEN, &header))
        return OV_TRUNCATED;
    (void)ov_span_u16le(header, 30, &shift);
    (void)ov_span_u32le(header, 48, &directory);
    (void)ov_span_u32le(header, 56, &o->cutoff);
    (void)ov_span_u32le(header, 60, &mini_fat);
    if (shift < 7 || shift > 20)
        return OV_MALFORMED;
    o->shift = shift;
    o->n_sectors = (uint32_t)(o->all.len >> shift) + 1;
    o->fat = ov_buf_with_max(o->all.len + ((size_t)1 << shift) * 4);
    o->directory = ov_buf_with_max(o->all.len + 1);
    o->mini_fat = ov_buf_with_max(o->all.len + 1);
    o->mini = ov_buf_with_max(o->all.len + 1);
    OV_TRY(read_fat(o, header));
    OV_TRY(read_chain(o, directory, o->all.len, &o->directory));
    OV_TRY(read_chain(o, mini_fat, o->all.len, &o->mini_fat));
    if (!read_entry(o, 0, &root))
        return OV_TRUNCATED;
    return read_chain(o, root.start,
                      root.size < o->all.len ? root.size : o->all.len,
                      &o->mini);
}

static enum ov_status open_ole2(const struct ov_unpack_job *job,
                                void **ret_state)
{
    struct ole2 *o = ov_alloc(sizeof(*o));
    enum ov_status status;

    if (o == NULL)
        return OV_NO_MEMORY;
    o->all = job->bytes;
    o->budget = job->budget;
    o->name = ov_buf_with_max(4 * NAME_UNITS);
    status = read_header(o);
    if (status != OV_OK) {
        free_ole2(o);
        return status;
    }
    *ret_state = o;
    return OV_OK;
}

/* The entry's name as ASCII, other characters as "?", control characters as
 * they are ("\1Ole10Native" is one). */
static void set_name(struct ole2 *o, struct ov_span utf16)
{
    struct ov_reader r = ov_reader_over(utf16);

    ov_buf_clear(&o->name);
    while (ov_reader_more(&r)) {
        uint16_t c = ov_read_u16le(&r);

        if (ov_reader_status(&r) == OV_OK)
            ov_put_u8(&o->name, c < 0x80 ? (uint8_t)c : '?');
    }
}

static bool is_named(const struct ole2 *o, const char *name)
{
    return ov_span_equal(ov_buf_span(&o->name), ov_span_str(name));
}

static enum ov_status next_ole2(void *state, struct ov_member *ret)
{
    struct ole2 *o = state;

    o->is_inner = o->inner_at < o->inner.n;
    if (o->is_inner) {
        const struct ov_ole2_part *part = &o->inner.parts[o->inner_at++];

        ret->name = part->name.len > 0 ? part->name : ov_buf_span(&o->name);
        ret->type = part->type;
        return OV_OK;
    }
    ov_ole2_inner_clear(&o->inner);
    o->inner_at = 0;
    while (read_entry(o, o->at, &o->current)) {
        o->at += ENTRY_LEN;
        OV_TRY(ov_budget_spend(o->budget, OV_COST_STEPS, ENTRY_LEN));
        if (o->current.type != TYPE_STREAM || o->current.size == 0)
            continue;
        set_name(o, o->current.name);
        ret->name = ov_buf_span(&o->name);
        ret->packed_size = o->current.size;
        ret->real_size = o->current.size;
        ret->is_encrypted = is_named(o, "EncryptedPackage");
        return OV_OK;
    }
    ret->is_end = true;
    return OV_OK;
}

/* Sectors of the current stream, from the mini stream if it is short. */
static enum ov_status read_stream(struct ole2 *o, struct ov_buf *into)
{
    bool is_mini = o->current.size < o->cutoff;
    struct ov_span mini = ov_buf_span(&o->mini);
    uint64_t left = o->current.size;
    uint32_t number = o->current.start;
    uint64_t n_max = is_mini ? (mini.len >> MINI_SHIFT) + 1 : o->n_sectors;

    for (uint64_t n = 0; n < n_max && left > 0; n++) {
        struct ov_span s =
            is_mini ? ov_span_clip(mini, (uint64_t)number << MINI_SHIFT,
                                   1u << MINI_SHIFT)
                    : sector(o, number);

        if (number > SECTOR_MAX || s.len == 0)
            return OV_TRUNCATED;
        if (s.len > left)
            s.len = (size_t)left;
        OV_TRY(ov_produce(into, o->budget, s));
        left -= s.len;
        number = next_of(is_mini ? &o->mini_fat : &o->fat, number);
    }
    return left == 0 ? OV_OK : OV_TRUNCATED;
}

static enum ov_status read_ole2(void *state, struct ov_buf *into)
{
    struct ole2 *o = state;
    size_t before = into->len;
    enum ov_status status;
    struct ov_span made;

    if (o->is_inner)
        return ov_produce(into, o->budget,
                          ov_buf_span(&o->inner.parts[o->inner_at - 1].bytes));
    status = read_stream(o, into);
    made = ov_span_clip(ov_buf_span(into), before, into->len);
    if (is_named(o, "EncryptedPackage"))
        return status == OV_OK ? OV_ENCRYPTED : status;
    OV_TRY(
        ov_ole2_inner_find(&o->inner, ov_buf_span(&o->name), made, o->budget));
    if (status == OV_OK && ov_ole2_is_encrypted(ov_buf_span(&o->name), made))
        return OV_ENCRYPTED;
    return status;
}

const struct ov_unpack_ops ov_unpack_ole2 = {
    .open = open_ole2,
    .next = next_ole2,
    .read = read_ole2,
    .free = free_ole2,
};
