/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav_place.h"

#include "base/text.h"

/* Offsets of body signatures:
 *
 *   *            anywhere               Sn+m   section n + m
 *   n            from the start         SL+m   last section + m
 *   EOF-n        before the end         SEn    anywhere in section n
 *   EP+n EP-n    entry point            VI     version information
 *   $n           member of macro group n
 *
 * each with ",shift" behind it. clamscan's number is a run of digits, also an
 * empty one. Landmarks of executables need a target that is one.
 *
 * Source: ClamAV manual, "Body-based signatures", "Offset"; clamscan 1.4.6. */

#define MAX_SECTION 0xffff
#define MAX_MACRO_GROUP 31
/* PE, ELF, Mach-O */
#define CODE_TARGETS (1u << 1 | 1u << 6 | 1u << 9)

static bool number(struct ov_span s, int64_t *ret)
{
    if (!ov_clam_is_number(s))
        return false;
    *ret = ov_clam_number(s);
    return true;
}

static void skip_blanks(struct ov_span *s)
{
    while (ov_span_byte(*s, 0) == ' ')
        *s = ov_span_clip(*s, 1, s->len);
}

/* A number at the start of s, which then begins behind it. */
static bool take_number(struct ov_span *s, int64_t *ret)
{
    size_t n = 0;

    skip_blanks(s);
    while (n < s->len && ov_is_digit((uint8_t)ov_span_byte(*s, n)))
        n++;
    if (n == 0)
        return false;
    *ret = ov_clam_number(ov_span_clip(*s, 0, n));
    *s = ov_span_clip(*s, n, s->len);
    return true;
}

static uint16_t section_number(int64_t n)
{
    return n > MAX_SECTION ? MAX_SECTION : (uint16_t)n;
}

/* "Sn+m" (what follows m is ignored), "SL+m", "SEn". */
static bool read_section(struct ov_span s, struct ov_place *ret)
{
    struct ov_span rest = ov_span_clip(s, 2, s.len);
    int64_t n = 0;

    if (ov_span_starts(s, OV_SPAN_LIT("SL"))) {
        ret->kind = OV_PLACE_LAST_SECTION;
        return ov_span_byte(s, 2) == '+' &&
               number(ov_span_clip(s, 3, s.len), &ret->at);
    }
    if (ov_span_starts(s, OV_SPAN_LIT("SE"))) {
        ret->kind = OV_PLACE_IN_SECTION;
        if (!number(rest, &n))
            return false;
        ret->section = section_number(n);
        return true;
    }
    ret->kind = OV_PLACE_SECTION;
    rest = ov_span_clip(s, 1, s.len);
    if (!take_number(&rest, &n) || ov_span_byte(rest, 0) != '+')
        return false;
    rest = ov_span_clip(rest, 1, rest.len);
    ret->section = section_number(n);
    return take_number(&rest, &ret->at);
}

static bool read_entry(struct ov_span s, struct ov_place *ret)
{
    ret->kind = OV_PLACE_ENTRY;
    if (!number(ov_span_clip(s, 3, s.len), &ret->at))
        return false;
    if (ov_span_byte(s, 2) == '-')
        ret->at = -ret->at;
    return true;
}

static bool read_macro(struct ov_span s, struct ov_place *ret)
{
    s = ov_span_clip(s, 1, s.len);
    ret->kind = OV_PLACE_MACRO;
    return s.len > 0 && number(s, &ret->at) && ret->at <= MAX_MACRO_GROUP;
}

static bool read_landmark(struct ov_span s, struct ov_place *ret)
{
    if (ov_span_starts(s, OV_SPAN_LIT("EP+")) ||
        ov_span_starts(s, OV_SPAN_LIT("EP-")))
        return read_entry(s, ret);
    if (ov_span_byte(s, 0) == 'S')
        return read_section(s, ret);
    if (ov_span_starts(s, OV_SPAN_LIT("VI"))) {
        ret->kind = OV_PLACE_VERSION_INFO;
        return true;
    }
    if (ov_span_byte(s, 0) == '$')
        return read_macro(s, ret);
    if (ov_span_starts(s, OV_SPAN_LIT("EOF-"))) {
        ret->kind = OV_PLACE_END;
        return number(ov_span_clip(s, 4, s.len), &ret->at);
    }
    ret->kind = OV_PLACE_START;
    return number(s, &ret->at);
}

static bool needs_code(enum ov_place_kind kind)
{
    return kind == OV_PLACE_ENTRY || kind == OV_PLACE_SECTION ||
           kind == OV_PLACE_LAST_SECTION || kind == OV_PLACE_IN_SECTION ||
           kind == OV_PLACE_VERSION_INFO;
}

enum ov_status ov_clam_place(struct ov_span s, uint32_t target,
                             struct ov_place *ret, struct ov_clam_fault *fault)
{
    struct ov_place place = {.kind = OV_PLACE_ANY};
    struct ov_span rest = s;
    struct ov_span where;
    int64_t shift = 0;

    if (s.len == 0 || ov_span_equal(s, OV_SPAN_LIT("*"))) {
        *ret = place;
        return OV_OK;
    }
    if (ov_span_cut(&rest, ',', &where) && !number(rest, &shift))
        return ov_clam_fault(fault, "wrong shift behind the offset", s);
    if (!read_landmark(where, &place))
        return ov_clam_fault(fault, "wrong offset", s);
    if (needs_code(place.kind) &&
        (target > 31 || (CODE_TARGETS >> target & 1) == 0))
        return ov_clam_fault(
            fault, "this offset needs target 1 (PE), 6 (ELF) or 9 (Mach-O)", s);
    place.shift = shift > UINT32_MAX ? UINT32_MAX : (uint32_t)shift;
    *ret = place;
    return OV_OK;
}
