/* SPDX-License-Identifier: Apache-2.0
 *
 * The words by which objects without a magic number are known: HTML by a tag
 * in its first KiB, mail by header lines that are not the first (those are in
 * the table of magics), XML documents of Office by their root elements.
 *
 * A word is written as it must occur, with [xy] for either letter and ? for any
 * byte. Some rules want a second word within a distance of the first. Where
 * several hold, the first in the table decides.
 *
 * Source: ClamAV manual, "File types", and clamscan's behavior
 * (tests/oracle/file_types.py): which capitals count differs from word to word.
 */
#include "formats/type_text.h"

#define ANYWHERE UINT16_MAX
#define XML_START "<?xml version=\"1.0\""

struct word_rule {
    uint8_t type;
    uint16_t last;     /* offset at which the first word may begin at most */
    uint16_t distance; /* of the second from the first's end, at most */
    const char *first;
    const char *second; /* NULL: none */
};

#define MIME "[mM][iI][mM][eE]-[vV]ersion: "
#define CONTENT "\n[cC]ontent-[tT]ype: "

static const struct word_rule word_rules[] = {
    {OV_TYPE_MHTML, 0, 1024, MIME, CONTENT},
    {OV_TYPE_MHTML, 1024, 1024, "\n" MIME, CONTENT},
    {OV_TYPE_MAIL, 1024, 1024, "\n[fF]rom: ", "\n" MIME},
    {OV_TYPE_MAIL, 1024, 2048, "\n[fF]rom: ", CONTENT},
    {OV_TYPE_MAIL, 1024, 2048, "\n" MIME, CONTENT},
    {OV_TYPE_MAIL, 1024, 1024, "\n[mM]essage-[iI]d: ", CONTENT},
    {OV_TYPE_MAIL, 2048, 2048, "\n[rR]eceived: ", CONTENT},
    {OV_TYPE_MAIL, 1024, 256, "Delivered-To:", "Received:"},
    {OV_TYPE_HTML, 0, 0, "<%@ LANGUAGE =", NULL},
    {OV_TYPE_XML_WORD, 0, 1024, XML_START, "<wordDocument"},
    {OV_TYPE_XML_WORD, 0, 1024, XML_START, "<?:wordDocument"},
    {OV_TYPE_XML_WORD, 0, 1024, XML_START, "progid=\"Word.Document\"?>"},
    {OV_TYPE_XML_XL, 0, 1024, XML_START, "<Workbook"},
    {OV_TYPE_XML_XL, 0, 1024, XML_START, "<?:Workbook"},
    {OV_TYPE_XML_HWP, 0, 4096, "\xef\xbb\xbf" XML_START, "<HWPML"},
    {OV_TYPE_XDP, 1024, 0, "<xdp:xdp", NULL},
    {OV_TYPE_PDF, 1024, 0, "%PDF-?.", NULL},
    {OV_TYPE_PDF, 1024, 0, "%pdf-?.", NULL},
};

static const char *const tags[] = {
    "<head>",  "<HEAD>",  "<Head>",  "<html>", "<HTML>",  "<Html>",  "<iframe",
    "<IFRAME", "<img",    "<IMG",    "<Img",   "<object", "<OBJECT", "<Object",
    "<script", "<SCRIPT", "<Script", "<table", "<TABLE",
};

/* How many bytes of s from at on are the word; 0 if it is not there. */
static size_t word_at(struct ov_span s, size_t at, const char *word)
{
    size_t from = at;

    for (; *word != '\0'; word++, at++) {
        int c = ov_span_byte(s, at);
        bool is_same;

        if (c < 0)
            return 0;
        if (*word == '[') {
            is_same = c == (uint8_t)word[1] || c == (uint8_t)word[2];
            word += 3;
        } else {
            /* in "<?xml" the question mark is itself */
            is_same = c == (uint8_t)*word || (*word == '?' && word[1] != 'x');
        }
        if (!is_same)
            return 0;
    }
    return at - from;
}

/* Where the word begins in [from, last], or SIZE_MAX. */
static size_t find_word(struct ov_span s, size_t from, size_t last,
                        const char *word)
{
    if (*word == '[') {
        for (; from <= last && from < s.len; from++)
            if (word_at(s, from, word) > 0)
                return from;
        return SIZE_MAX;
    }
    while (from <= last) {
        from = ov_span_find_byte(s, (uint8_t)*word, from);
        if (from >= s.len || from > last)
            break;
        if (word_at(s, from, word) > 0)
            return from;
        from++;
    }
    return SIZE_MAX;
}

/* The second word must be near some first one; with headers that come once,
 * looking at a few is enough. */
#define MAX_FIRST_WORDS 16

static bool holds(const struct word_rule *rule, struct ov_span s)
{
    size_t at = 0;

    for (int i = 0; i < MAX_FIRST_WORDS; i++) {
        size_t end;

        at = find_word(s, at, rule->last, rule->first);
        if (at == SIZE_MAX)
            return false;
        end = at + word_at(s, at, rule->first);
        if (rule->second == NULL ||
            find_word(s, end, end + rule->distance, rule->second) != SIZE_MAX)
            return true;
        at++;
    }
    return false;
}

static bool is_tag_at(struct ov_span s, size_t at)
{
    for (size_t t = 0; t < sizeof(tags) / sizeof(*tags); t++)
        if (word_at(s, at, tags[t]) > 0)
            return true;
    return false;
}

bool ov_type_has_html(struct ov_span text)
{
    bool has_link = false;
    size_t at = ov_span_find_byte(text, '<', 0);

    for (; at < text.len; at = ov_span_find_byte(text, '<', at + 1)) {
        if (is_tag_at(text, at))
            return true;
        /* "href" is behind the first link or behind none */
        if (!has_link && word_at(text, at, "<[aA] ") > 0) {
            has_link = true;
            if (find_word(text, at, SIZE_MAX - 1, "[hH][rR]ef") != SIZE_MAX ||
                find_word(text, at, SIZE_MAX - 1, "[hH][rR]EF") != SIZE_MAX)
                return true;
        }
    }
    return false;
}

struct ov_span ov_type_narrow(struct ov_span s, bool is_le,
                              uint8_t ret[static OV_TYPE_HEAD])
{
    size_t n = 0;

    for (size_t i = is_le ? 0 : 1; i < s.len && n < OV_TYPE_HEAD; i += 2)
        ret[n++] = (uint8_t)ov_span_byte(s, i);
    return ov_span_of(ret, n);
}

enum ov_type ov_type_by_words(struct ov_span start, enum ov_type base)
{
    uint8_t narrowed[OV_TYPE_HEAD];
    struct ov_span head = ov_span_clip(start, 0, OV_TYPE_HEAD);
    size_t n = sizeof(word_rules) / sizeof(*word_rules);
    size_t i = 0;

    /* mail that carries HTML is mail */
    for (; i < n && word_rules[i].type != OV_TYPE_HTML; i++)
        if (holds(&word_rules[i], start))
            return word_rules[i].type;
    if (ov_type_has_html(head))
        return OV_TYPE_HTML;
    for (; i < n; i++)
        if (holds(&word_rules[i], start))
            return word_rules[i].type;
    if ((base == OV_TYPE_UTF16LE || base == OV_TYPE_UTF16BE) &&
        ov_type_has_html(
            ov_type_narrow(head, base == OV_TYPE_UTF16LE, narrowed)))
        return OV_TYPE_HTML_UTF16;
    return base;
}
