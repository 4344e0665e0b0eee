/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/head.h"

#include "base/text.h"
#include "trust/record.h"

/*
 * Lines, an empty line, and the note to the end, so that
 * sed '1,/^$/d' HEAD gives what was logged:
 *
 *     overt-head/v1
 *     base 20900 104871
 *     segments sha256:... 24961
 *     delta sha256:... 4113
 *
 *     overt.example/release/v1
 *     ...
 */

#define FIRST_LINE "overt-head/v1"

void ov_put_head(struct ov_buf *b, const struct ov_head *h)
{
    ov_put_format(b, FIRST_LINE "\nbase %llu %llu\nsegments ",
                  (unsigned long long)h->base,
                  (unsigned long long)h->base_records);
    ov_put_blob(b, &h->segments);
    ov_put_str(b, "\ndelta ");
    ov_put_blob(b, &h->delta);
    ov_put_str(b, "\n\n");
    ov_put_span(b, h->note);
}

/* What follows a word at the beginning of the next line; else *is_bad. */
static struct ov_span read_value(struct ov_reader *r, const char *word,
                                 bool *is_bad)
{
    struct ov_span line = ov_read_line(r);

    if (!ov_span_equal(ov_line_word(&line), ov_span_str(word)))
        *is_bad = true;
    return line;
}

enum ov_status ov_head_parse(struct ov_span bytes, struct ov_head *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_head h = {0};
    bool is_bad = false;
    struct ov_span line;

    if (bytes.len > OV_HEAD_MAX)
        return OV_LIMIT_SIZE;
    is_bad |= !ov_span_equal(ov_read_line(&r), OV_SPAN_LIT(FIRST_LINE));
    line = read_value(&r, "base", &is_bad);
    is_bad |= !ov_parse_plain(ov_line_word(&line), UINT64_MAX, &h.base) ||
              !ov_parse_plain(line, UINT64_MAX, &h.base_records);
    line = read_value(&r, "segments", &is_bad);
    is_bad |= !ov_blob_parse(line, &h.segments);
    line = read_value(&r, "delta", &is_bad);
    is_bad |= !ov_blob_parse(line, &h.delta);
    is_bad |= ov_read_line(&r).len != 0;
    OV_TRY(ov_reader_status(&r));
    h.note = ov_reader_rest(&r);
    if (is_bad || h.note.len == 0)
        return OV_MALFORMED;
    *ret = h;
    return OV_OK;
}

void ov_put_blob_path(struct ov_buf *b, const struct ov_blob *blob)
{
    ov_put_str(b, "seg/");
    ov_put_hex(b, ov_span_of(blob->digest, 32));
}
