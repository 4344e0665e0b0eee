/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "string" (YARA documentation 4.3, "String module"): numbers in
 * strings, and their length.
 *
 * A number may have white space and a sign in front and anything behind it.
 * Without a base, or with base 0, "0x" begins hexadecimal and "0" octal
 * numbers. No digit, a base beyond 2 to 36, or a number beyond 64 bits with
 * sign: undefined. */
#include "modules/module.h"

static bool is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What a digit counts, or 36 and more if it is none. */
static unsigned digit_value(int c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A') + 10;
    return 36;
}

/* Whether "0x" and a digit behind it stand there. */
static bool has_hex_mark(struct ov_span s, size_t at)
{
    return ov_span_byte(s, at) == '0' &&
           (ov_span_byte(s, at + 1) | 0x20) == 'x' &&
           digit_value(ov_span_byte(s, at + 2)) < 16;
}

static bool read_digits(struct ov_span s, size_t at, unsigned base,
                        uint64_t *ret)
{
    size_t from = at;
    uint64_t value = 0;

    for (; at < s.len; at++) {
        unsigned digit = digit_value(ov_span_byte(s, at));

        if (digit >= base)
            break;
        if (__builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret = value;
    return at > from;
}

static bool read_number(struct ov_span s, unsigned base, int64_t *ret)
{
    size_t at = 0;
    bool is_negative;
    uint64_t value;

    while (is_space(ov_span_byte(s, at)))
        at++;
    is_negative = ov_span_byte(s, at) == '-';
    if (is_negative || ov_span_byte(s, at) == '+')
        at++;
    if (has_hex_mark(s, at) && (base == 0 || base == 16)) {
        at += 2;
        base = 16;
    } else if (base == 0) {
        base = ov_span_byte(s, at) == '0' ? 8 : 10;
    }
    if (!read_digits(s, at, base, &value) ||
        value > (uint64_t)INT64_MAX + is_negative)
        return false;
    *ret = (int64_t)(is_negative ? 0 - value : value);
    return true;
}

static enum ov_status give_number(struct ov_module_call *call, int64_t base,
                                  struct ov_datum *ret)
{
    int64_t value;

    *ret = (struct ov_datum){0};
    if (base < 0 || base == 1 || base > 36)
        return OV_OK;
    OV_TRY(ov_budget_spend(call->run->in->budget, OV_COST_STEPS,
                           call->arguments[0].text.len));
    if (read_number(call->arguments[0].text, (unsigned)base, &value))
        *ret = ov_datum_integer(value);
    return OV_OK;
}

static enum ov_status call_to_int(struct ov_module_call *call,
                                  struct ov_datum *ret)
{
    return give_number(call, 0, ret);
}

static enum ov_status call_to_int_base(struct ov_module_call *call,
                                       struct ov_datum *ret)
{
    return give_number(call, call->arguments[1].number, ret);
}

static enum ov_status call_length(struct ov_module_call *call,
                                  struct ov_datum *ret)
{
    *ret = ov_datum_integer((int64_t)call->arguments[0].text.len);
    return OV_OK;
}

static const struct ov_function to_int[] = {
    {.arguments = "s", .result = OV_DATUM_INTEGER, .call = call_to_int},
    {.arguments = "si", .result = OV_DATUM_INTEGER, .call = call_to_int_base},
};
static const struct ov_function length[] = {
    {.arguments = "s", .result = OV_DATUM_INTEGER, .call = call_length},
};

static const struct ov_field fields[] = {
    OV_FIELD_FUNCTION("to_int", to_int),
    OV_FIELD_FUNCTION("length", length),
};

extern const struct ov_module ov_module_string;
const struct ov_module ov_module_string = {
    .name = "string",
    .root = OV_STRUCTURE(fields),
};
