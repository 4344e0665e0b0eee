/* SPDX-License-Identifier: Apache-2.0 */
#include "host/quarantine_meta.h"

#include <limits.h>

/* docs/protocol-quarantine.md, "Metadata": a version, then every field in the
 * order of the struct. Whoever could write it has the key of the quarantine, so
 * this reader is strict for the sake of damage and of later versions. */

#define VERSION 1
#define MAX_NAME 256
#define MODE_BITS 07777U
#define NANOSECONDS 1000000000U

static void put_time(struct ov_buf *b, struct quarantine_time t)
{
    ov_put_u64(b, (uint64_t)t.seconds);
    ov_put_u32(b, t.nanoseconds);
}

void quarantine_put_meta(struct ov_buf *b, const struct quarantine_meta *m)
{
    ov_put_u8(b, VERSION);
    ov_put_block(b, m->path);
    ov_put_u64(b, m->size);
    ov_put_span(b, ov_span_of(m->digest, sizeof(m->digest)));
    ov_put_u32(b, m->uid);
    ov_put_u32(b, m->gid);
    ov_put_block(b, m->owner);
    ov_put_block(b, m->group);
    ov_put_u32(b, m->mode);
    ov_put_u64(b, m->inode);
    ov_put_u64(b, m->n_links);
    put_time(b, m->accessed);
    put_time(b, m->modified);
    put_time(b, m->changed);
    ov_put_block(b, m->attributes);
    ov_put_block(b, m->rule);
    ov_put_block(b, m->source);
    ov_put_u32(b, m->line);
    ov_put_block(b, m->kind);
    ov_put_block(b, m->explanation);
    ov_put_u64(b, (uint64_t)m->when);
    ov_put_u32(b, m->by_uid);
    ov_put_block(b, m->by);
}

static struct quarantine_time read_time(struct ov_reader *r)
{
    struct quarantine_time t;

    t.seconds = (int64_t)ov_read_u64le(r);
    t.nanoseconds = ov_read_u32le(r);
    ov_reader_require(r, t.nanoseconds < NANOSECONDS, OV_MALFORMED);
    return t;
}

/* Bytes that become a C string somewhere. */
static struct ov_span read_text(struct ov_reader *r, size_t max)
{
    struct ov_span s = ov_read_block(r);

    ov_reader_require(r, s.len <= max && ov_span_find_byte(s, 0, 0) == SIZE_MAX,
                      OV_MALFORMED);
    return s;
}

bool quarantine_attribute(struct ov_reader *r, struct ov_span *ret_name,
                          struct ov_span *ret_value)
{
    struct ov_span name;
    struct ov_span value;

    if (!ov_reader_more(r))
        return false;
    name = read_text(r, MAX_NAME);
    ov_reader_require(r, name.len > 0, OV_MALFORMED);
    value = ov_read_block(r);
    if (ov_reader_status(r) != OV_OK)
        return false;
    *ret_name = name;
    *ret_value = value;
    return true;
}

static bool are_attributes(struct ov_span attributes)
{
    struct ov_reader r = ov_reader_over(attributes);
    struct ov_span name;
    struct ov_span value;

    while (quarantine_attribute(&r, &name, &value))
        continue;
    return ov_reader_status(&r) == OV_OK;
}

/* A path that openat could take one by one: absolute, no "." or "..". */
static bool is_path(struct ov_span path)
{
    struct ov_span name;

    if (!ov_span_starts(path, OV_SPAN_LIT("/")) || path.len >= PATH_MAX)
        return false;
    path = ov_span_clip(path, 1, path.len);
    do {
        (void)ov_span_cut(&path, '/', &name);
        if (name.len == 0 || name.len > NAME_MAX ||
            ov_span_equal(name, OV_SPAN_LIT(".")) ||
            ov_span_equal(name, OV_SPAN_LIT("..")))
            return false;
    } while (path.ptr != NULL);
    return true;
}

static void read_file(struct ov_reader *r, struct quarantine_meta *m)
{
    struct ov_span digest;

    m->path = read_text(r, PATH_MAX);
    m->size = ov_read_u64le(r);
    ov_reader_require(r, m->size <= INT64_MAX, OV_MALFORMED);
    digest = ov_read_span(r, sizeof(m->digest));
    if (digest.len == sizeof(m->digest))
        memcpy(m->digest, digest.ptr, sizeof(m->digest));
    m->uid = ov_read_u32le(r);
    m->gid = ov_read_u32le(r);
    m->owner = read_text(r, MAX_NAME);
    m->group = read_text(r, MAX_NAME);
    m->mode = ov_read_u32le(r);
    ov_reader_require(r, (m->mode & ~MODE_BITS) == 0, OV_MALFORMED);
    m->inode = ov_read_u64le(r);
    m->n_links = ov_read_u64le(r);
    m->accessed = read_time(r);
    m->modified = read_time(r);
    m->changed = read_time(r);
    m->attributes = ov_read_block(r);
}

static void read_reason(struct ov_reader *r, struct quarantine_meta *m)
{
    m->rule = read_text(r, QUARANTINE_TEXT_MAX);
    m->source = read_text(r, QUARANTINE_TEXT_MAX);
    m->line = ov_read_u32le(r);
    m->kind = read_text(r, QUARANTINE_TEXT_MAX);
    m->explanation = read_text(r, QUARANTINE_TEXT_MAX);
    m->when = (int64_t)ov_read_u64le(r);
    m->by_uid = ov_read_u32le(r);
    m->by = read_text(r, QUARANTINE_TEXT_MAX);
}

enum ov_status quarantine_read_meta(struct ov_span bytes,
                                    struct quarantine_meta *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct quarantine_meta m = {.mode = 0};

    if (bytes.len > QUARANTINE_META_MAX)
        return OV_LIMIT_SIZE;
    ov_reader_require(&r, ov_read_u8(&r) == VERSION, OV_UNSUPPORTED);
    read_file(&r, &m);
    read_reason(&r, &m);
    OV_TRY(ov_reader_end(&r));
    if (!is_path(m.path) || !are_attributes(m.attributes))
        return OV_MALFORMED;
    *ret = m;
    return OV_OK;
}
