/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/record.h"

#include "base/text.h"

/*
 * A record's canonical bytes are one line and its source:
 *
 *     record clamav/daily.ndb/0f3a... 1 81240 ndb 4113\n
 *     <4113 bytes>
 *
 * The line says how long the source is, so that a source may hold anything, and
 * records stand one after the other without a mark between them. Numbers have
 * one spelling, so that a record has one, too, and its leaf in the Merkle tree
 * over the set (RFC 6962 section 2.1) is a fact that anyone can compute with
 * head, cat and sha256sum.
 */

static bool is_graphic(uint8_t c)
{
    return c > ' ' && c < 0x7f;
}

bool ov_record_id_is_valid(struct ov_span id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!is_graphic((uint8_t)ov_span_byte(id, i)))
            return false;
    return id.len > 0 && id.len <= OV_RECORD_ID_MAX;
}

static bool is_kind(struct ov_span kind)
{
    for (size_t i = 0; i < kind.len; i++) {
        uint8_t c = (uint8_t)ov_span_byte(kind, i);

        if (!ov_is_digit(c) && (c < 'a' || c > 'z'))
            return false;
    }
    return kind.len > 0 && kind.len <= OV_RECORD_KIND_MAX;
}

enum ov_status ov_record_check(const struct ov_record *r)
{
    if (r->source.len > OV_RECORD_SOURCE_MAX)
        return OV_LIMIT_SIZE;
    return ov_record_id_is_valid(r->id) && is_kind(r->kind) && r->rev > 0
               ? OV_OK
               : OV_MALFORMED;
}

static void put_line(struct ov_buf *b, const struct ov_record *r)
{
    ov_put_str(b, "record ");
    ov_put_span(b, r->id);
    ov_put_format(b, " %llu %llu ", (unsigned long long)r->rev,
                  (unsigned long long)r->index);
    ov_put_span(b, r->kind);
    ov_put_format(b, " %zu\n", r->source.len);
}

void ov_put_record(struct ov_buf *b, const struct ov_record *r)
{
    put_line(b, r);
    ov_put_span(b, r->source);
}

static unsigned count_digits(uint64_t n)
{
    unsigned digits = 1;

    for (; n > 9; n /= 10)
        digits++;
    return digits;
}

uint64_t ov_record_len(const struct ov_record *r)
{
    return strlen("record     \n") + r->id.len + count_digits(r->rev) +
           count_digits(r->index) + r->kind.len + count_digits(r->source.len) +
           r->source.len;
}

struct ov_span ov_read_line(struct ov_reader *r)
{
    struct ov_span rest = ov_reader_rest(r);
    size_t end = ov_span_find_byte(rest, '\n', 0);
    struct ov_span line;

    if (end == SIZE_MAX) {
        ov_reader_skip(r, rest.len);
        ov_reader_require(r, false, OV_TRUNCATED);
        return (struct ov_span){NULL, 0};
    }
    line = ov_read_span(r, end);
    ov_reader_skip(r, 1);
    return line;
}

struct ov_span ov_line_word(struct ov_span *line)
{
    struct ov_span word;

    (void)ov_span_cut(line, ' ', &word);
    return word;
}

bool ov_parse_plain(struct ov_span s, uint64_t max, uint64_t *ret)
{
    return s.len > 0 && (s.len == 1 || ov_span_byte(s, 0) != '0') &&
           ov_parse_uint(s, max, ret);
}

enum ov_status ov_record_read(struct ov_reader *r, struct ov_record *ret)
{
    struct ov_span line = ov_read_line(r);
    struct ov_record record = {0};
    uint64_t len;

    OV_TRY(ov_reader_status(r));
    if (!ov_span_equal(ov_line_word(&line), OV_SPAN_LIT("record")))
        return OV_MALFORMED;
    record.id = ov_line_word(&line);
    if (!ov_parse_plain(ov_line_word(&line), UINT64_MAX, &record.rev) ||
        !ov_parse_plain(ov_line_word(&line), UINT64_MAX, &record.index))
        return OV_MALFORMED;
    record.kind = ov_line_word(&line);
    if (!ov_parse_plain(line, UINT64_MAX, &len))
        return OV_MALFORMED;
    if (len > OV_RECORD_SOURCE_MAX)
        return OV_LIMIT_SIZE;
    record.source = ov_read_span(r, len);
    OV_TRY(ov_reader_status(r));
    OV_TRY(ov_record_check(&record));
    *ret = record;
    return OV_OK;
}

enum ov_status ov_record_leaf(const struct ov_record *r, uint8_t ret[static 32])
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(1 + ov_record_len(r));

    ov_put_u8(&bytes, 0);
    ov_put_record(&bytes, r);
    OV_TRY(ov_buf_status(&bytes));
    return ov_digest(OV_SHA256, ov_buf_span(&bytes), ret);
}
