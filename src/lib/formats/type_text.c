/* SPDX-License-Identifier: Apache-2.0
 *
 * Text, and what text is.
 *
 * Text is what holds none of the control characters that never occur in it, in
 * the first KiB; every byte from 0x80 on may be a letter of some character set,
 * so UTF-8 needs no test of its own. UTF-16 is known by its mark, or as
 * big-endian by its many Latin letters. (clamscan takes everything for
 * UTF-16BE in which no control character turns up at two bytes a character,
 * much binary data too. No rule can tell the difference: it has no target.)
 *
 * A second look is for words in the first KiB: HTML tags, mail headers on
 * lines that are not the first, and so on.
 *
 * Source: ClamAV manual, "File types"; behavior found with clamscan --debug
 * (tests/oracle).
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

/* With a mark a control character here and there is forgiven; without one
 * there must be none, and half of the characters must be Latin. */
static bool is_utf16(struct ov_span head, bool is_le, bool has_mark)
{
    size_t n_bad = 0;
    size_t n_latin = 0;

    for (size_t i = 2; i + 1 < head.len; i += 2) {
        uint16_t c = 0;

        if (is_le)
            (void)ov_span_u16le(head, i, &c);
        else
            (void)ov_span_u16be(head, i, &c);
        if (c == 0xfffe)
            return false;
        n_bad += c < 128 && is_control(c);
        n_latin += c < 256;
    }
    if (has_mark)
        return n_bad < head.len / 2;
    return n_bad == 0 && n_latin * 4 >= head.len;
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

/* Tags by which HTML is known, lower case; in the object they must be all
 * lower case, all upper case, or begin with one capital. */
static const char *const tags[] = {
    "<head>", "<html>", "<iframe", "<img", "<object", "<script", "<table",
};

static bool is_tag_at(struct ov_span s, size_t at, const char *tag)
{
    struct ov_span lower = ov_span_str(tag);
    struct ov_span found = ov_span_clip(s, at, lower.len);

    return ov_span_equal_nocase(found, lower);
}

/* "<a " and, anywhere behind it, "href". */
static bool is_link_at(struct ov_span s, size_t at)
{
    struct ov_span rest = ov_span_clip(s, at + 3, s.len);

    if (!is_tag_at(s, at, "<a "))
        return false;
    for (size_t i = 0; i + 4 <= rest.len; i++)
        if (is_tag_at(rest, i, "href"))
            return true;
    return false;
}

static bool has_html(struct ov_span s)
{
    bool has_link = false;
    size_t at = ov_span_find_byte(s, '<', 0);

    if (ov_span_starts(s, OV_SPAN_LIT("<%@ LANGUAGE =")))
        return true;
    for (; at < s.len; at = ov_span_find_byte(s, '<', at + 1)) {
        for (size_t t = 0; t < sizeof(tags) / sizeof(*tags); t++)
            if (is_tag_at(s, at, tags[t]))
                return true;
        if (!has_link && is_tag_at(s, at, "<a ")) {
            has_link = true; /* the first decides: "href" is behind it or not */
            if (is_link_at(s, at))
                return true;
        }
    }
    return false;
}

/* Every other byte of UTF-16 text: what is ASCII in it. */
static struct ov_span narrow(struct ov_span s, bool is_le,
                             uint8_t ret[static OV_TYPE_HEAD])
{
    size_t n = 0;

    for (size_t i = is_le ? 0 : 1; i < s.len && n < OV_TYPE_HEAD; i += 2)
        ret[n++] = (uint8_t)ov_span_byte(s, i);
    return ov_span_of(ret, n);
}

enum ov_type ov_type_by_words(struct ov_span head, enum ov_type base)
{
    uint8_t narrowed[OV_TYPE_HEAD];

    if (has_html(head))
        return OV_TYPE_HTML;
    if ((base == OV_TYPE_UTF16LE || base == OV_TYPE_UTF16BE) &&
        has_html(narrow(head, base == OV_TYPE_UTF16LE, narrowed)))
        return OV_TYPE_HTML_UTF16;
    return base;
}
