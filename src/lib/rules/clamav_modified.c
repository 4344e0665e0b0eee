/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav_modified.h"

#include "rules/clamav_hex.h"

/* Modifiers of subsignatures, "hex::iwfa".
 *
 * ClamAV defines f and w by rewriting the text: f puts "(W)" before and behind
 * it, w puts "00" behind each byte (not into gaps, so "{2}" stays two bytes);
 * a "[n-m]" becomes "{n-m}", since what it stands next to is no longer a single
 * byte; "!(" is refused with w. With both w and a, both forms are looked for:
 * then the matcher makes the wide form of our cells. i is left to the matcher.
 *
 * Source: ClamAV manual, "Subsignature modifiers"; clamscan 1.4.6. */

#define MAX_TEXT ((size_t)1 << 20)

/* Copies s up to and with the byte `until`; how much that was. */
static size_t copy_until(struct ov_span s, uint8_t until, struct ov_buf *out)
{
    size_t at = ov_span_find_byte(s, until, 0);
    size_t len = at == SIZE_MAX ? s.len : at + 1;

    ov_put_span(out, ov_span_clip(s, 0, len));
    return len;
}

static size_t copy_bracket(struct ov_span s, struct ov_buf *out)
{
    size_t at = ov_span_find_byte(s, ']', 0);
    size_t len = at == SIZE_MAX ? s.len : at;

    ov_put_u8(out, '{');
    ov_put_span(out, ov_span_clip(s, 1, len - 1));
    ov_put_u8(out, '}');
    return at == SIZE_MAX ? len : len + 1;
}

/* "(" with a boundary's letter if there is one. */
static size_t copy_open(struct ov_span s, struct ov_buf *out)
{
    int c = ov_span_byte(s, 1);
    size_t len = c == 'B' || c == 'L' || c == 'W' ? 2 : 1;

    ov_put_span(out, ov_span_clip(s, 0, len));
    return len;
}

static void put_wide(struct ov_span s, struct ov_buf *out)
{
    while (s.len > 0) {
        size_t len = 1;

        switch (ov_span_byte(s, 0)) {
        case '*':
        case '|':
        case ')':
            ov_put_span(out, ov_span_clip(s, 0, 1));
            break;
        case '[':
            len = copy_bracket(s, out);
            break;
        case '{':
            len = copy_until(s, '}', out);
            break;
        case '(':
            len = copy_open(s, out);
            break;
        default:
            len = 2;
            ov_put_span(out, ov_span_clip(s, 0, 2));
            ov_put_str(out, "00");
            break;
        }
        s = ov_span_clip(s, len, s.len);
    }
}

/* As a word of its own; the first bracket becomes a gap. */
static void put_word(struct ov_span s, struct ov_buf *out)
{
    size_t at = ov_span_find_byte(s, '[', 0);

    ov_put_str(out, "(W)");
    ov_put_span(out, ov_span_clip(s, 0, at));
    if (at != SIZE_MAX) {
        struct ov_span rest = ov_span_clip(s, at, s.len);
        size_t len = copy_bracket(rest, out);

        ov_put_span(out, ov_span_clip(rest, len, rest.len));
    }
    ov_put_str(out, "(W)");
}

/* The text after `put`, in the arena, so that faults may point to it. */
static enum ov_status rewrite(void (*put)(struct ov_span, struct ov_buf *),
                              struct ov_arena *arena, struct ov_span *text)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_TEXT);

    put(*text, &b);
    OV_TRY(ov_buf_status(&b));
    return ov_arena_copy(arena, ov_buf_span(&b), text) ? OV_OK : OV_NO_MEMORY;
}

enum ov_status ov_clam_modified(struct ov_span hex, uint32_t flags,
                                struct ov_arena *arena, struct ov_pattern *ret,
                                struct ov_clam_fault *fault)
{
    struct ov_span wide;

    if (flags & OV_PATTERN_FULLWORD)
        OV_TRY(rewrite(put_word, arena, &hex));
    wide = hex;
    if (flags & OV_PATTERN_WIDE) {
        if (ov_span_find_byte(hex, '!', 0) != SIZE_MAX)
            return ov_clam_fault(fault, "no negation with the modifier w", hex);
        OV_TRY(rewrite(put_wide, arena, &wide));
        OV_TRY(ov_clam_hex(wide, false, arena, ret, fault));
    }
    if (!(flags & OV_PATTERN_WIDE) || flags & OV_PATTERN_ASCII)
        OV_TRY(ov_clam_hex(hex, false, arena, ret, fault));
    ret->flags = flags & OV_PATTERN_NOCASE;
    if (flags & OV_PATTERN_WIDE && flags & OV_PATTERN_ASCII)
        ret->flags |= OV_PATTERN_WIDE | OV_PATTERN_ASCII;
    return OV_OK;
}
