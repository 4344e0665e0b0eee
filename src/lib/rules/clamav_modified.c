/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav_modified.h"

#include "rules/clamav_hex.h"

/* Modifiers of subsignatures, "hex::iwfa".
 *
 * ClamAV defines w by rewriting the text: "00" behind each byte, not into gaps,
 * so that "{2}" stays two bytes; a "[n-m]" becomes "{n-m}", since what it
 * stands next to is no longer a single byte (with f, too); "!(" is refused. So
 * do we; but with f or a besides it the matcher makes the wide form of our
 * cells, since it has to know what a wide character is, or has to look for both
 * forms. i and f are left to the matcher.
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

/* The first bracket becomes a gap. */
static void put_word(struct ov_span s, struct ov_buf *out)
{
    size_t at = ov_span_find_byte(s, '[', 0);
    size_t len;

    ov_put_span(out, ov_span_clip(s, 0, at));
    if (at == SIZE_MAX)
        return;
    s = ov_span_clip(s, at, s.len);
    len = copy_bracket(s, out);
    ov_put_span(out, ov_span_clip(s, len, s.len));
}

/* The text after `put`, in the arena, so that faults may point to it. */
static enum ov_status rewrite(void (*put)(struct ov_span, struct ov_buf *),
                              struct ov_span hex, struct ov_arena *arena,
                              struct ov_span *ret)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_TEXT);

    put(hex, &b);
    OV_TRY(ov_buf_status(&b));
    return ov_arena_copy(arena, ov_buf_span(&b), ret) ? OV_OK : OV_NO_MEMORY;
}

static enum ov_status read_wide(struct ov_span hex, uint32_t flags,
                                struct ov_arena *arena, struct ov_pattern *ret,
                                struct ov_clam_fault *fault)
{
    struct ov_span wide;
    enum ov_status s;

    if (ov_span_find_byte(hex, '!', 0) != SIZE_MAX)
        return ov_clam_fault(fault, "no negation with the modifier w", hex);
    OV_TRY(rewrite(put_wide, hex, arena, &wide));
    OV_TRY(ov_clam_hex(wide, false, arena, ret, fault));
    if (flags == OV_PATTERN_WIDE)
        return OV_OK;
    s = ov_clam_hex(hex, false, arena, ret, fault);
    if (s == OV_OK)
        ret->flags = flags;
    /* Too short but in the wide form, which is all that is asked for. */
    else if (s == OV_MALFORMED && !(flags & OV_PATTERN_ASCII))
        s = OV_OK;
    return s;
}

enum ov_status ov_clam_modified(struct ov_span hex, uint32_t flags,
                                struct ov_arena *arena, struct ov_pattern *ret,
                                struct ov_clam_fault *fault)
{
    uint32_t nocase = flags & OV_PATTERN_NOCASE;

    flags &= ~(uint32_t)OV_PATTERN_NOCASE;
    ret->flags = 0;
    if (flags & OV_PATTERN_FULLWORD)
        OV_TRY(rewrite(put_word, hex, arena, &hex));
    if (flags & OV_PATTERN_WIDE) {
        OV_TRY(read_wide(hex, flags, arena, ret, fault));
    } else {
        OV_TRY(ov_clam_hex(hex, false, arena, ret, fault));
        ret->flags = flags & OV_PATTERN_FULLWORD;
    }
    ret->flags |= nocase;
    return OV_OK;
}
