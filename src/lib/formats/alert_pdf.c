/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "formats/alert.h"

/* PDF: well-known names that are written with #XX, "/Fl#61teDecode", as nobody
 * does who has nothing to hide. Looked at are the dictionaries of objects ("1 0
 * obj << ... >>"), not what is inside of strings, streams and the trailer.
 *
 * Format: ISO 32000-1, 7.3.5 and 7.3.10. Which names count, and where: clamscan
 * 1.4.6 (tests/oracle/alerts.py). */

#define NAME_MAX_LEN 32
#define STEPS_PER_OBJECT 50

static const char *const known[] = {
    "A85",
    "AHx",
    "ASCII85Decode",
    "ASCIIHexDecode",
    "CCF",
    "CCITTFaxDecode",
    "Contents",
    "Crypt",
    "DCT",
    "DCTDecode",
    "EmbeddedFile",
    "Filter",
    "Fl",
    "FlateDecode",
    "Image",
    "JBIG2Decode",
    "JPXDecode",
    "JavaScript",
    "LZW",
    "LZWDecode",
    "Launch",
    "Length",
    "Linearized",
    "OpenAction",
    "Page",
    "R",
    "RL",
    "RunLengthDecode",
    "S",
    "Sig",
    "Standard",
    "Type",
    "V",
};

static bool is_known(struct ov_span name)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (ov_span_equal(name, ov_span_str(known[i])))
            return true;
    return false;
}

static bool ends_name(int c)
{
    return c <= ' ' || c == '/' || c == '[' || c == ']' || c == '(' ||
           c == ')' || c == '<' || c == '>';
}

/* The name at *at (behind its slash), decoded; goes past it. True if it is a
 * known one with an escape. */
static bool is_hidden(struct ov_span text, size_t *at)
{
    uint8_t name[NAME_MAX_LEN];
    bool is_escaped = false;
    bool is_cut = false; /* at a zero byte, where C's strings end */
    size_t n = 0;

    for (int c; !ends_name(c = ov_span_byte(text, *at)); (*at)++) {
        int high = ov_hex_digit((uint8_t)ov_span_byte(text, *at + 1));
        int low = ov_hex_digit((uint8_t)ov_span_byte(text, *at + 2));

        if (c == '#' && high >= 0 && low >= 0 && *at + 2 < text.len) {
            c = high << 4 | low;
            is_escaped = true;
            *at += 2;
        }
        is_cut = is_cut || c == 0;
        if (is_cut)
            continue;
        if (n == sizeof(name))
            return false;
        name[n++] = (uint8_t)c;
    }
    return is_escaped && is_known(ov_span_of(name, n));
}

/* Behind the string that begins at `at`; the end if it has none. */
static size_t skip_string(struct ov_span text, size_t at)
{
    size_t depth = 0;

    for (; at < text.len; at++) {
        int c = ov_span_byte(text, at);

        if (c == '\\')
            at++;
        else if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0)
            return at + 1;
    }
    return text.len;
}

/* Looks at the dictionary that begins at *at, and goes behind it. One without
 * an end counts for nothing. */
static bool look_at_dictionary(struct ov_span text, size_t *at)
{
    bool is_found = false;
    size_t depth = 0;

    while (*at < text.len) {
        int c = ov_span_byte(text, *at);

        if (c == '(') {
            *at = skip_string(text, *at);
            continue;
        }
        if (c == '/') {
            (*at)++;
            is_found |= is_hidden(text, at);
            continue;
        }
        if ((c == '<' || c == '>') && ov_span_byte(text, *at + 1) == c) {
            depth = c == '<' ? depth + 1 : depth - 1;
            (*at)++;
        }
        (*at)++;
        if (depth == 0)
            return is_found;
    }
    return false;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(int c)
{
    return c == ' ' || (c >= 9 && c <= 13) || c == 0;
}

/* Whether "12 0 " is what stands before `at`. */
static bool has_numbers_before(struct ov_span text, size_t at)
{
    for (int i = 0; i < 2; i++) {
        size_t before = at;

        while (at > 0 && is_blank(ov_span_byte(text, at - 1)))
            at--;
        if (at == before)
            return false;
        before = at;
        while (at > 0 && is_digit(ov_span_byte(text, at - 1)))
            at--;
        if (at == before)
            return false;
    }
    return true;
}

enum ov_status ov_alert_pdf(const struct ov_alert_job *job, const char **ret)
{
    struct ov_span text = job->bytes;
    size_t at = 0;

    *ret = NULL;
    while ((at = ov_span_find(text, OV_SPAN_LIT("obj"), at)) != SIZE_MAX) {
        size_t begin = at;

        at += 3;
        OV_TRY(ov_budget_spend(job->budget, OV_COST_STEPS, STEPS_PER_OBJECT));
        if (!has_numbers_before(text, begin))
            continue;
        while (is_blank(ov_span_byte(text, at)))
            at++;
        if (!ov_span_has_at(text, at, OV_SPAN_LIT("<<")))
            continue;
        begin = at;
        if (look_at_dictionary(text, &at)) {
            *ret = "Heuristics.PDF.ObfuscatedNameObject";
            return OV_OK;
        }
        OV_TRY(ov_budget_spend(job->budget, OV_COST_STEPS, at - begin));
    }
    return OV_OK;
}
