/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "base/text.h"
#include "match/compiled.h"
#include "match/program.h"
#include "rules/describe_out.h"

/* Patterns as text, from their programs in the section match, in the notation
 * of ClamAV's body signatures: "68??6c{2-4}(6f|70)*77". What that notation has
 * no word for is written as "[mask 0f value 04]", a gap without a least and
 * largest count as "*". What is nothing but text is shown as text, too.
 * Programs lie in the order of pattern IDs, so a walk from the first finds one.
 */

#define BOUNDARY_WORDS "BLW"

static void put_masked(struct ov_buf *b, uint8_t mask, uint8_t value)
{
    static const char digits[] = "0123456789abcdef";

    if ((mask & 0xf0) % 0xf0 != 0 || (mask & 0x0f) % 0x0f != 0) {
        ov_put_format(b, "[mask %02x value %02x]", mask, value);
        return;
    }
    ov_put_u8(b, (uint8_t)(mask & 0xf0 ? digits[value >> 4] : '?'));
    ov_put_u8(b, (uint8_t)(mask & 0x0f ? digits[value & 15] : '?'));
}

static void put_pairs(struct ov_buf *b, struct ov_reader *r, uint64_t n)
{
    for (uint64_t i = 0; i < n && ov_reader_status(r) == OV_OK; i++) {
        uint8_t mask = ov_read_u8(r);
        uint8_t value = ov_read_u8(r);

        put_masked(b, mask, value);
    }
}

static void put_range(struct ov_buf *b, uint64_t min, uint64_t max)
{
    if (max == min)
        ov_put_format(b, "{%llu}", (unsigned long long)min);
    else
        ov_put_format(b, "{%llu-%llu}", (unsigned long long)min,
                      (unsigned long long)max);
}

static void put_special(struct ov_buf *b, struct ov_reader *r, unsigned what)
{
    if (what == OV_SPECIAL_NOT) {
        ov_put_str(b, "!(");
        put_pairs(b, r, 1);
        ov_put_u8(b, ')');
        return;
    }
    ov_reader_require(r, what < OV_N_SPECIALS, OV_MALFORMED);
    if (ov_reader_status(r) != OV_OK)
        return;
    what -= OV_SPECIAL_BOUNDARY;
    ov_put_format(b, "%s(%c)", what >= 6 ? "!" : "", BOUNDARY_WORDS[what % 3]);
}

static void put_any(struct ov_buf *b, uint64_t n)
{
    if (n > 4) {
        put_range(b, n, n);
        return;
    }
    for (uint64_t i = 0; i < n; i++)
        ov_put_str(b, "??");
}

static void put_op(struct ov_buf *b, struct ov_reader *r)
{
    uint8_t head = ov_read_u8(r);
    uint64_t n = (head & OV_OP_COUNT) + 1u;
    uint64_t min;

    if (n == OV_OP_COUNT + 1)
        n += ov_read_varint(r);
    switch ((enum ov_op)(head >> 5)) {
    case OV_OP_BYTES:
        ov_put_hex(b, ov_read_span(r, n));
        return;
    case OV_OP_MASKED:
        put_pairs(b, r, n);
        return;
    case OV_OP_ANY:
        put_any(b, n);
        return;
    case OV_OP_GAP:
        min = ov_read_varint(r);
        put_range(b, min, min + ov_read_varint(r));
        return;
    case OV_OP_OPEN:
        ov_put_str(b, n == 2 ? "!(" : "(");
        return;
    case OV_OP_NEXT:
        ov_put_u8(b, '|');
        return;
    case OV_OP_CLOSE:
        ov_put_u8(b, ')');
        return;
    case OV_OP_SPECIAL:
        put_special(b, r, (unsigned)(n - 1));
        return;
    }
}

static bool put_parts(struct ov_buf *b, const struct ov_program *p)
{
    struct ov_reader r = ov_reader_over(p->parts);

    for (uint32_t i = 0; i < p->n_parts; i++) {
        struct ov_program_part part;
        struct ov_reader code;

        if (!ov_program_part(p, &r, i, &part))
            return false;
        if (i > 0 && part.gap_min == 0)
            ov_put_u8(b, '*');
        else if (i > 0)
            ov_put_format(b, "{%llu-}", (unsigned long long)part.gap_min);
        code = ov_reader_over(part.code);
        while (ov_reader_more(&code))
            put_op(b, &code);
        if (ov_reader_end(&code) != OV_OK)
            return false;
    }
    return true;
}

/* Goes through a part that is nothing but text, in wide text of two bytes a
 * character, and appends it to b unless that is NULL. False if it is not. */
static bool walk_text(const struct ov_program *p, struct ov_buf *b)
{
    size_t step = p->flags & OV_PROGRAM_WIDE ? 2 : 1;
    struct ov_reader parts = ov_reader_over(p->parts);
    struct ov_program_part part;
    struct ov_reader code;
    size_t at = 0;

    if (p->n_parts != 1 || !ov_program_part(p, &parts, 0, &part))
        return false;
    code = ov_reader_over(part.code);
    while (ov_reader_more(&code)) {
        uint8_t head = ov_read_u8(&code);
        uint64_t n = (head & OV_OP_COUNT) + 1u;

        if (n == OV_OP_COUNT + 1)
            n += ov_read_varint(&code);
        if (head >> 5 != OV_OP_BYTES)
            return false;
        for (; n > 0 && ov_reader_status(&code) == OV_OK; n--) {
            uint8_t c = ov_read_u8(&code);

            if (at++ % step != 0 ? c != 0 : c < ' ' || c > '~')
                return false;
            if (b != NULL && c != 0)
                ov_put_u8(b, c);
        }
    }
    return ov_reader_status(&code) == OV_OK && at > 0;
}

static void put_text(struct ov_buf *b, const struct ov_program *p)
{
    if (!walk_text(p, NULL))
        return;
    ov_put_str(b, "  \"");
    (void)walk_text(p, b); /* as before */
    ov_put_u8(b, '"');
}

static bool put_regex(struct ov_buf *b, const struct ov_program *p)
{
    struct ov_reader r = ov_reader_over(p->parts);

    ov_put_u8(b, '/');
    ov_put_span(b, ov_read_block(&r));
    ov_put_str(b, p->flags & OV_PROGRAM_DOT_ALL ? "/s" : "/");
    return ov_reader_status(&r) == OV_OK;
}

static bool put_program(struct ov_buf *b, const struct ov_program *p)
{
    bool is_regex = p->flags & OV_PROGRAM_REGEX;

    ov_put_str(b, p->flags & OV_PROGRAM_WIDE ? "wide: " : "");
    if (!(is_regex ? put_regex(b, p) : put_parts(b, p)))
        return false;
    if (!is_regex)
        put_text(b, p);
    ov_put_str(b, p->flags & OV_PROGRAM_NOCASE ? "  nocase" : "");
    ov_put_str(b, p->flags & OV_PROGRAM_FULLWORD ? "  fullword" : "");
    if (p->flags & OV_PROGRAM_XOR)
        ov_put_format(b, "  xor(%u-%u)", p->xor_min, p->xor_max);
    ov_put_u8(b, '\n');
    return true;
}

/* Starts over with the first program. */
static bool rewind_programs(struct ov_describe *d)
{
    struct ov_span header;
    struct ov_span programs;

    if (!ov_image_at(d->image, OV_SECTION_MATCH, 0, OV_COMPILED_HEADER,
                     &header) ||
        !ov_image_at(d->image, OV_SECTION_MATCH, ov_load64le(header.ptr + 32),
                     ov_load64le(header.ptr + 40), &programs))
        return false;
    d->programs = ov_reader_over(programs);
    d->walked = 0;
    return true;
}

bool ov_describe_next_program(struct ov_describe *d, uint32_t *ret_id,
                              uint64_t *ret_len)
{
    struct ov_program p;
    size_t at;

    if (d->programs.all.len == 0 && !rewind_programs(d)) {
        ov_describe_damaged(d);
        return false;
    }
    at = d->programs.at;
    if (!ov_reader_more(&d->programs) ||
        !ov_program_read(ov_read_block(&d->programs), &p))
        return false; /* behind the last one there are lists */
    d->walked = *ret_id = p.id;
    *ret_len = d->programs.at - at;
    return true;
}

void ov_describe_put_pattern(struct ov_describe *d, uint32_t id,
                             const char *indent)
{
    if ((d->programs.all.len == 0 || d->walked > id) && !rewind_programs(d)) {
        ov_describe_damaged(d);
        return;
    }
    while (ov_reader_more(&d->programs)) {
        size_t at = d->programs.at;
        struct ov_program p;

        if (!ov_program_read(ov_read_block(&d->programs), &p))
            return;
        d->walked = p.id;
        if (p.id > id) {
            ov_reader_seek(&d->programs, at);
            return;
        }
        if (p.id != id)
            continue;
        ov_put_str(&d->text, indent);
        if (!put_program(&d->text, &p))
            ov_describe_damaged(d);
    }
}

void ov_describe_put_offset(struct ov_buf *b, const struct ov_place *p)
{
    long long at = (long long)p->at;

    switch (p->kind) {
    case OV_PLACE_ANY:
        ov_put_u8(b, '*');
        return;
    case OV_PLACE_START:
        ov_put_format(b, "%lld", at);
        break;
    case OV_PLACE_END:
        ov_put_format(b, "EOF-%lld", at);
        break;
    case OV_PLACE_ENTRY:
        ov_put_format(b, "EP%+lld", at);
        break;
    case OV_PLACE_SECTION:
        ov_put_format(b, "S%u%+lld", p->section, at);
        break;
    case OV_PLACE_LAST_SECTION:
        ov_put_format(b, "SL%+lld", at);
        break;
    case OV_PLACE_IN_SECTION:
        ov_put_format(b, "SE%u", p->section);
        break;
    case OV_PLACE_VERSION_INFO:
        ov_put_str(b, "VI");
        break;
    case OV_PLACE_MACRO:
        ov_put_format(b, "$%lld", at);
        break;
    }
    if (p->shift != 0)
        ov_put_format(b, ",%u", p->shift);
}
