/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/fields.h"

#include "base/text.h"
#include "trust/entry.h"

/* Every line ends with a newline; a name and its value have one space between
 * them; numbers have no leading zero and digests are in lower case, so that
 * there are no two spellings. */

void ov_fields_require(struct ov_fields *f, bool cond, enum ov_status s)
{
    if (!cond && f->status == OV_OK)
        f->status = s;
}

/* The next line without its newline; empty and failed at the end. */
static struct ov_span next_line(struct ov_fields *f)
{
    struct ov_span line = ov_span_of(NULL, 0);

    if (f->status != OV_OK)
        return line;
    f->line++;
    ov_fields_require(f, f->rest.len > 0, OV_TRUNCATED);
    if (f->status == OV_OK && !ov_span_cut(&f->rest, '\n', &line))
        ov_fields_require(f, false, OV_TRUNCATED);
    return line;
}

static bool is_printable(struct ov_span s)
{
    size_t at = 0;

    while (at < s.len) {
        size_t len = ov_utf8_len(ov_span_clip(s, at, s.len));
        int c = ov_span_byte(s, at);

        if (len == 0 || c < 0x20 || c == 0x7f)
            return false;
        at += len;
    }
    return true;
}

bool ov_field_follows(const struct ov_fields *f, const char *name)
{
    struct ov_span n = ov_span_str(name);

    return f->status == OV_OK && ov_span_starts(f->rest, n) &&
           ov_span_byte(f->rest, n.len) == ' ';
}

struct ov_span ov_field_text(struct ov_fields *f, const char *name)
{
    bool is_it = ov_field_follows(f, name);
    struct ov_span line = next_line(f);
    struct ov_span value = ov_span_clip(line, strlen(name) + 1, line.len);

    ov_fields_require(f, is_it && value.len > 0 && is_printable(value),
                      OV_MALFORMED);
    return f->status == OV_OK ? value : ov_span_of(NULL, 0);
}

struct ov_span ov_field_word(struct ov_fields *f, const char *name)
{
    struct ov_span value = ov_field_text(f, name);

    ov_fields_require(f, ov_span_find_byte(value, ' ', 0) == SIZE_MAX,
                      OV_MALFORMED);
    return f->status == OV_OK ? value : ov_span_of(NULL, 0);
}

uint64_t ov_field_number(struct ov_fields *f, const char *name, uint64_t max)
{
    struct ov_span value = ov_field_text(f, name);
    uint64_t number = 0;
    bool is_good = ov_parse_uint(value, max, &number) &&
                   (value.len == 1 || ov_span_byte(value, 0) != '0');

    ov_fields_require(f, is_good, OV_MALFORMED);
    return f->status == OV_OK ? number : 0;
}

void ov_field_hex(struct ov_fields *f, const char *name, uint8_t *ret,
                  size_t len)
{
    struct ov_span value = ov_field_text(f, name);
    bool is_lower = true;

    for (size_t i = 0; i < value.len; i++)
        is_lower &= ov_span_byte(value, i) >= 'a' ||
                    ov_is_digit((uint8_t)ov_span_byte(value, i));
    ov_fields_require(f, is_lower && ov_hex_decode(value, ret, len),
                      OV_MALFORMED);
}

uint64_t ov_field_time(struct ov_fields *f, const char *name)
{
    struct ov_span value = ov_field_text(f, name);
    uint64_t time = 0;

    ov_fields_require(f, ov_time_parse(value, &time), OV_MALFORMED);
    return f->status == OV_OK ? time : 0;
}

void ov_field_line(struct ov_fields *f, const char *line)
{
    struct ov_span have = next_line(f);

    ov_fields_require(f, ov_span_equal(have, ov_span_str(line)),
                      OV_UNSUPPORTED);
}

enum ov_status ov_fields_end(struct ov_fields *f, struct ov_diag *diag)
{
    if (f->status == OV_OK && f->rest.len > 0) {
        f->line++;
        f->status = OV_MALFORMED;
    }
    if (f->status == OV_OK)
        return OV_OK;
    return ov_diag_set(diag, f->status, f->line, "line %u: %s", f->line,
                       ov_status_name(f->status));
}
