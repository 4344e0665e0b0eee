/* SPDX-License-Identifier: Apache-2.0
 *
 * Text is what holds none of the control characters that never occur in it, in
 * the first KiB; every byte from 0x80 on may be a letter of some character set,
 * so UTF-8 needs no test of its own. UTF-16 is known by its mark; without one,
 * whatever shows no such control character at two bytes a character is taken
 * for UTF-16BE, much binary data too. That is generous, but it is what rules
 * for text were written against.
 *
 * Source: ClamAV manual, "File types"; behavior found with clamscan
 * (tests/oracle/file_types.py).
 */
#include "formats/type_text.h"

/* Control characters that never occur in text. Written so that the compiler
 * makes vector code of the loop over it. */
static inline unsigned is_control(unsigned c)
{
    return (c < 7) | (c == 11) | ((c > 13) & (c < 27)) | ((c > 27) & (c < 32)) |
           (c == 127);
}

static bool is_text(struct ov_span head)
{
    unsigned bad = 0;

    for (size_t i = 0; i < head.len; i++)
        bad |= is_control((unsigned)ov_span_byte(head, i));
    return bad == 0;
}

static bool is_utf16(struct ov_span head, bool is_le, bool has_mark)
{
    size_t n_bad = 0;

    for (size_t i = 2; i + 1 < head.len; i += 2) {
        uint16_t c = 0;

        if (is_le)
            (void)ov_span_u16le(head, i, &c);
        else
            (void)ov_span_u16be(head, i, &c);
        if (c == 0xfffe)
            return false;
        n_bad += c < 128 && is_control(c);
    }
    return has_mark ? n_bad < head.len / 2 : n_bad == 0;
}

enum ov_type ov_type_of_text(struct ov_span head)
{
    bool is_le = ov_span_starts(head, OV_SPAN_LIT("\xff\xfe"));
    bool is_be = ov_span_starts(head, OV_SPAN_LIT("\xfe\xff"));

    if (is_text(head))
        return OV_TYPE_ASCII;
    if (head.len >= 2 && is_utf16(head, is_le, is_le || is_be))
        return is_le ? OV_TYPE_UTF16LE : OV_TYPE_UTF16BE;
    return OV_TYPE_DATA;
}
