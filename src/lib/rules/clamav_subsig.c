/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav_subsig.h"

#include "base/text.h"
#include "rules/clamav_modified.h"
#include "rules/clamav_place.h"

/* Subsignatures of logical signatures, told apart by what they contain:
 *
 *   ${min-max}group$         a macro group's member behind the one before
 *   fuzzy_img#hash[#0]       an image's fuzzy hash
 *   [offset:]trigger/regex/flags
 *   n(offset#options#cmp)    a number near subsignature n
 *   [offset:]hex[::iwfa]     a body signature
 *
 * Source: ClamAV manual, "Logical signatures", "Subsignature modifiers" and the
 * sections on each kind; clamscan 1.4.6. */

#define MAX_MACRO_GROUP 31
#define MAX_FIELDS 6
#define FUZZY_DIGITS 16

size_t ov_clam_split_regex(struct ov_span s, uint8_t at, struct ov_span *ret,
                           size_t max, size_t n_plain)
{
    bool is_in_regex = false;
    size_t from = 0;
    size_t n = 0;

    for (size_t i = 0; i < s.len && n + 1 < max; i++) {
        int c = ov_span_byte(s, i);

        if (c == at && !is_in_regex) {
            ret[n++] = ov_span_clip(s, from, i - from);
            from = i + 1;
        } else if (c == '/' && n >= n_plain &&
                   (i == 0 || ov_span_byte(s, i - 1) != '\\')) {
            is_in_regex = !is_in_regex;
        }
    }
    ret[n++] = ov_span_clip(s, from, s.len - from);
    return n;
}

/* Digits at the start of s, which then begins behind them. */
static bool take_number(struct ov_span *s, uint32_t *ret)
{
    size_t n = 0;
    int64_t value;

    while (n < s->len && ov_is_digit((uint8_t)ov_span_byte(*s, n)))
        n++;
    if (n == 0)
        return false;
    value = ov_clam_number(ov_span_clip(*s, 0, n));
    *ret = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
    *s = ov_span_clip(*s, n, s->len);
    return true;
}

static bool take_byte(struct ov_span *s, int byte)
{
    if (ov_span_byte(*s, 0) != byte)
        return false;
    *s = ov_span_clip(*s, 1, s->len);
    return true;
}

static enum ov_status read_macro(const struct ov_clam_subsig *sub,
                                 struct ov_macro *ret,
                                 struct ov_clam_fault *fault)
{
    struct ov_span s = sub->text;
    struct ov_macro macro = {0};

    if (!take_byte(&s, '$') || !take_byte(&s, '{') ||
        !take_number(&s, &macro.min) || !take_byte(&s, '-') ||
        !take_number(&s, &macro.max) || !take_byte(&s, '}') ||
        !take_number(&s, &macro.group) || !take_byte(&s, '$') || s.len > 0)
        return ov_clam_fault(fault, "a macro is ${min-max}group$", sub->text);
    if (macro.group > MAX_MACRO_GROUP)
        return ov_clam_fault(fault, "macro groups are 0 to 31", sub->text);
    /* Without one before it there is no lead: a term that does not exist. */
    macro.lead = sub->index > 0 ? sub->index - 1 : UINT32_MAX;
    *ret = macro;
    return OV_OK;
}

static enum ov_status read_fuzzy(struct ov_span text, struct ov_fuzzy *ret,
                                 struct ov_clam_fault *fault)
{
    struct ov_span f[3];
    size_t n = ov_clam_split(text, '#', f, 3);
    struct ov_span distance;
    uint64_t value = 0;

    if (n < 2 || !ov_span_equal(f[0], OV_SPAN_LIT("fuzzy_img")))
        return ov_clam_fault(fault, "expected fuzzy_img#hash#distance", text);
    if (!ov_hex_decode(f[1], ret->hash, FUZZY_DIGITS / 2))
        return ov_clam_fault(fault, "a fuzzy hash has 16 hexadecimal digits",
                             f[1]);
    if (n == 2)
        return OV_OK;
    (void)ov_span_cut(&f[2], '#', &distance);
    if (!ov_parse_uint(distance, UINT32_MAX, &value))
        return ov_clam_fault(fault, "the distance is a number", text);
    if (value != 0)
        return ov_clam_fault(fault, "only distance 0 is supported", text);
    return OV_OK;
}

static bool read_options(struct ov_span s, uint32_t *ret)
{
    uint32_t flags = 0;

    for (size_t i = 0; i < s.len; i++) {
        switch (ov_span_byte(s, i)) {
        case 'i':
            flags |= OV_PATTERN_NOCASE;
            break;
        case 'w':
            flags |= OV_PATTERN_WIDE;
            break;
        case 'f':
            flags |= OV_PATTERN_FULLWORD;
            break;
        case 'a':
            flags |= OV_PATTERN_ASCII;
            break;
        default:
            return false;
        }
    }
    *ret = flags;
    return true;
}

/* With a colon before an offset and two before options there are 2, 3 or 4
 * fields; from odd ones the first is the body. */
static enum ov_status read_body(const struct ov_clam_subsig *sub,
                                struct ov_arena *arena, struct ov_pattern *ret,
                                struct ov_clam_fault *fault)
{
    struct ov_span f[MAX_FIELDS];
    size_t n = ov_clam_split(sub->text, ':', f, MAX_FIELDS);
    struct ov_span offset = n % 2 == 0 ? f[0] : (struct ov_span){0};
    struct ov_span body = n % 2 == 0 ? f[1] : f[0];
    uint32_t flags = 0;

    if ((n == 3 || n == 4) && !read_options(f[n - 1], &flags))
        return ov_clam_fault(fault, "modifiers are i, w, f and a", f[n - 1]);
    OV_TRY(ov_clam_place(offset, sub->target, &ret->place, fault));
    return ov_clam_modified(body, flags, arena, ret, fault);
}

enum ov_status ov_clam_subsig(const struct ov_clam_subsig *sub,
                              struct ov_arena *arena, struct ov_term *ret,
                              bool *ret_may_be_idle,
                              struct ov_clam_fault *fault)
{
    struct ov_span s = sub->text;

    if (ov_span_byte(s, 0) == '$') {
        ret->kind = OV_TERM_MACRO;
        return read_macro(sub, &ret->macro, fault);
    }
    if (ov_span_starts(s, OV_SPAN_LIT("fuzzy_img#"))) {
        ret->kind = OV_TERM_FUZZY;
        *ret_may_be_idle = true;
        return read_fuzzy(s, &ret->fuzzy, fault);
    }
    if (ov_span_find_byte(s, '/', 0) != SIZE_MAX) {
        ret->kind = OV_TERM_REGEX;
        return ov_clam_regex(sub, arena, &ret->regex, ret_may_be_idle, fault);
    }
    if (ov_span_find_byte(s, '#', 0) != SIZE_MAX &&
        ov_span_find_byte(s, '(', 0) != SIZE_MAX) {
        ret->kind = OV_TERM_BYTECMP;
        return ov_clam_bytecmp(s, &ret->bytecmp, fault);
    }
    ret->kind = OV_TERM_PATTERN;
    return read_body(sub, arena, &ret->pattern, fault);
}
