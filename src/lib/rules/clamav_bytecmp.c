/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "rules/clamav_subsig.h"

/* Byte compare subsignatures:
 *
 *   2(>>4#hb8#>0x10,<200)   the 8 characters 4 bytes behind the match of
 *                           subsignature 2, as a hexadecimal number
 *
 * Options are letters in any order, then the length: at most one of h d a i
 * (hexadecimal, decimal, either as text; binary), at most one of l b (order of
 * bytes), e (all of the length is digits). What follows the parenthesis is
 * ignored. A comparison that is not of decimal numbers and names no order of
 * bytes never holds, nor does one of the base a with less than three bytes:
 * they get a trigger that does not exist.
 *
 * Source: ClamAV manual, "Byte compare subsignatures"; clamscan 1.4.6. */

#define MAX_HEX_DIGITS 18
#define MIN_AUTO_DIGITS 3
#define NO_TERM UINT32_MAX

/* As strtoll with base 16 behind "0x" and 10 else: blanks, a sign; nothing at
 * all is 0. Too large saturates. */
static bool read_value(struct ov_span s, int64_t *ret)
{
    unsigned base = 10;
    bool is_negative;
    int64_t value = 0;

    while (ov_span_byte(s, 0) == ' ')
        s = ov_span_clip(s, 1, s.len);
    is_negative = ov_span_byte(s, 0) == '-';
    if (is_negative || ov_span_byte(s, 0) == '+')
        s = ov_span_clip(s, 1, s.len);
    if (ov_span_starts(s, OV_SPAN_LIT("0x"))) {
        base = 16;
        s = ov_span_clip(s, 2, s.len);
        if (s.len == 0)
            return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        int digit = ov_hex_digit((uint8_t)ov_span_byte(s, i));

        if (digit < 0 || (unsigned)digit >= base)
            return false;
        if (__builtin_mul_overflow(value, (int64_t)base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            value = INT64_MAX;
    }
    *ret = is_negative ? -value : value;
    return true;
}

/* ">>n" behind the match, "<<n" before it, or nothing. */
static enum ov_status read_offset(struct ov_span s, struct ov_bytecmp *ret,
                                  struct ov_clam_fault *fault)
{
    bool is_before = ov_span_starts(s, OV_SPAN_LIT("<<"));

    if (s.len == 0)
        return OV_OK;
    if (!is_before && !ov_span_starts(s, OV_SPAN_LIT(">>")))
        return ov_clam_fault(fault, "an offset begins with >> or <<", s);
    if (!read_value(ov_span_clip(s, 2, s.len), &ret->offset))
        return ov_clam_fault(fault, "wrong offset", s);
    if (is_before)
        ret->offset = -ret->offset;
    return OV_OK;
}

/* Sets what one letter says; false if it is none, or contradicts another. */
static bool set_option(int c, char *order, struct ov_bytecmp *ret)
{
    switch (c) {
    case 'h':
    case 'd':
    case 'a':
    case 'i':
        if (ret->base != 0 && ret->base != c)
            return false;
        ret->base = (uint8_t)c;
        return true;
    case 'l':
    case 'b':
        if (*order != 0 && *order != c)
            return false;
        *order = (char)c;
        return true;
    case 'e':
        ret->is_exact = true;
        return true;
    default:
        return false;
    }
}

static enum ov_status check_length(struct ov_span s, int64_t len,
                                   struct ov_bytecmp *ret,
                                   struct ov_clam_fault *fault)
{
    if (len == 0)
        return ov_clam_fault(fault, "the length is missing", s);
    if (ret->base == 'i' && len != 1 && len != 2 && len != 4 && len != 8)
        return ov_clam_fault(fault, "a binary number has 1, 2, 4 or 8 bytes",
                             s);
    if (ret->base == 'h' && len > MAX_HEX_DIGITS)
        return ov_clam_fault(fault, "a hexadecimal number has at most 18 bytes",
                             s);
    if (ret->base == 'a' && len < MIN_AUTO_DIGITS)
        ret->trigger = NO_TERM;
    ret->n_bytes = len > UINT8_MAX ? UINT8_MAX : (uint8_t)len;
    return OV_OK;
}

static enum ov_status read_options(struct ov_span s, struct ov_bytecmp *ret,
                                   struct ov_clam_fault *fault)
{
    int64_t len = 0;
    char order = 0;
    size_t n = 0;

    while (n < s.len && !ov_is_digit((uint8_t)ov_span_byte(s, n))) {
        if (!set_option(ov_span_byte(s, n), &order, ret))
            return ov_clam_fault(fault,
                                 "options are one of h d a i, one of "
                                 "l b, e, and a length",
                                 s);
        n++;
    }
    if (order == 'l' && ret->base == 'd')
        return ov_clam_fault(fault, "a decimal number has no byte order", s);
    ret->is_little = order == 'l';
    /* clamscan takes these, and then never compares. */
    if (ret->base == 0 || (ret->base != 'd' && order == 0))
        ret->trigger = NO_TERM;
    if (n == s.len || !read_value(ov_span_clip(s, n, s.len), &len))
        return ov_clam_fault(fault, "wrong length", s);
    return check_length(s, len, ret, fault);
}

static enum ov_status read_comparison(struct ov_span s, struct ov_bytecmp *ret,
                                      struct ov_clam_fault *fault)
{
    struct ov_span both[3];
    size_t n = ov_clam_split(s, ',', both, 3);

    if (n > 2)
        return ov_clam_fault(fault, "at most two comparisons", s);
    for (size_t i = 0; i < n; i++) {
        int op = ov_span_byte(both[i], 0);

        if (op != '<' && op != '>' && op != '=')
            return ov_clam_fault(fault,
                                 "a comparison begins with <, > or =", s);
        ret->compare[i].op = (char)op;
        if (!read_value(ov_span_clip(both[i], 1, both[i].len),
                        &ret->compare[i].value))
            return ov_clam_fault(fault, "wrong number in the comparison", s);
    }
    ret->n_compare = (uint8_t)n;
    return OV_OK;
}

enum ov_status ov_clam_bytecmp(struct ov_span text, struct ov_bytecmp *ret,
                               struct ov_clam_fault *fault)
{
    struct ov_bytecmp b = {0};
    struct ov_span rest = text;
    struct ov_span trigger;
    struct ov_span inside;
    struct ov_span f[4];

    if (!ov_span_cut(&rest, '(', &trigger) || !ov_clam_is_number(trigger))
        return ov_clam_fault(fault, "expected n(offset#options#comparison)",
                             text);
    if (!ov_span_cut(&rest, ')', &inside))
        return ov_clam_fault(fault, "missing )", text);
    if (ov_clam_split(inside, '#', f, 4) != 3)
        return ov_clam_fault(fault, "expected n(offset#options#comparison)",
                             text);
    b.trigger = (uint32_t)ov_clam_number(trigger);
    OV_TRY(read_offset(f[0], &b, fault));
    OV_TRY(read_options(f[1], &b, fault));
    OV_TRY(read_comparison(f[2], &b, fault));
    *ret = b;
    return OV_OK;
}
