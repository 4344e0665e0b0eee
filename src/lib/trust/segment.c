/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/segment.h"

/*
 * A segment ends behind a record whose leaf, read as a number, is small: below
 * a part of the whole range that is as large as the record's part of 1 MiB. So
 * long records end segments more often than short ones, the mean is 1 MiB of
 * bytes, and whether a segment ends depends on nothing but the record itself
 * and the two limits: none ends below 256 KiB, any does above 4 MiB. Behind a
 * change the cuts fall in step again at the next end that both sides see.
 */

#define SEGMENT_MEAN ((uint64_t)768 << 10) /* behind the least */
#define SEGMENT_LEAST ((uint64_t)256 << 10)
#define SEGMENT_MOST ((uint64_t)4 << 20)

static uint64_t leaf_number(const struct ov_record_entry *e)
{
    return (uint64_t)e->leaf[0] << 24 | (uint64_t)e->leaf[1] << 16 |
           (uint64_t)e->leaf[2] << 8 | e->leaf[3];
}

static bool ends_here(const struct ov_record_entry *e, uint64_t len)
{
    if (len >= SEGMENT_MOST)
        return true;
    return len >= SEGMENT_LEAST &&
           leaf_number(e) * SEGMENT_MEAN < (ov_record_len(&e->record) << 32);
}

enum ov_status ov_segment_cut(const struct ov_record_set *s,
                              struct ov_segment **ret, size_t *ret_n)
{
    size_t n;
    const struct ov_record_entry *items = ov_record_set_list(s, &n);
    struct ov_segment *segments = ov_alloc_array(n + 1, sizeof(*segments));
    size_t n_segments = 0;
    size_t from = 0;
    uint64_t len = 0;

    if (segments == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        len += ov_record_len(&items[i].record);
        if (i + 1 < n && !ends_here(&items[i], len))
            continue;
        segments[n_segments++] = (struct ov_segment){.from = from, .to = i + 1};
        from = i + 1;
        len = 0;
    }
    *ret = segments;
    *ret_n = n_segments;
    return OV_OK;
}

void ov_put_segment(struct ov_buf *b, const struct ov_record_set *s,
                    const struct ov_segment *segment)
{
    size_t n;
    const struct ov_record_entry *items = ov_record_set_list(s, &n);

    for (size_t i = segment->from; i < segment->to && i < n; i++)
        ov_put_record(b, &items[i].record);
}

enum ov_status ov_segment_read(struct ov_span bytes, struct ov_record_set *s)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_span last = {NULL, 0};

    if (bytes.len > OV_SEGMENT_MAX)
        return OV_LIMIT_SIZE;
    while (ov_reader_more(&r)) {
        struct ov_record record;

        OV_TRY(ov_record_read(&r, &record));
        if (ov_span_compare(last, record.id) >= 0)
            return OV_MALFORMED;
        last = record.id;
        OV_TRY(ov_record_set_add(s, &record));
    }
    return ov_reader_end(&r);
}

void ov_put_segment_list(struct ov_buf *b, const struct ov_blob *blobs,
                         size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ov_put_blob(b, &blobs[i]);
        ov_put_u8(b, '\n');
    }
}

/* The shortest line: "sha256:" with 64 digits, a space, a digit, the end. */
#define LINE_LEAST 74

enum ov_status ov_segment_list_read(struct ov_span bytes, struct ov_blob **ret,
                                    size_t *ret_n)
{
    struct ov_reader r = ov_reader_over(bytes);
    OV_AUTO_PTR struct ov_blob *blobs =
        ov_alloc_array(bytes.len / LINE_LEAST + 1, sizeof(*blobs));
    size_t n = 0;

    if (blobs == NULL)
        return OV_NO_MEMORY;
    while (ov_reader_more(&r)) {
        struct ov_span line = ov_read_line(&r);

        OV_TRY(ov_reader_status(&r));
        if (!ov_blob_parse(line, &blobs[n]))
            return OV_MALFORMED;
        if (blobs[n++].len > OV_SEGMENT_MAX)
            return OV_LIMIT_SIZE;
    }
    OV_TRY(ov_reader_end(&r));
    *ret = OV_STEAL(blobs);
    *ret_n = n;
    return OV_OK;
}
