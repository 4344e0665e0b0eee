/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine.h"
#include "match/re.h"

/* Texts in YARA's conditions (YARA documentation, "Conditions"): those written
 * in rules, given by the user, or found by modules. What an operation looks at
 * is paid for in steps, so that neither long texts nor many rounds of a loop
 * make a condition slow. Case is that of ASCII. */

static enum ov_status spend(struct ov_machine *m, uint64_t steps)
{
    return ov_budget_spend(m->terms->e->budget, OV_COST_STEPS, steps);
}

/* How many bytes of a and b agree from their beginnings, without regard to
 * case. */
static size_t common_nocase(struct ov_span a, struct ov_span b)
{
    size_t n = 0;

    while (n < a.len && n < b.len &&
           ov_lower((uint8_t)ov_span_byte(a, n)) ==
               ov_lower((uint8_t)ov_span_byte(b, n)))
        n++;
    return n;
}

/* From each place as far as it agrees: quadratic at worst, and paid for. */
static enum ov_status find_nocase(struct ov_machine *m, struct ov_span text,
                                  struct ov_span needle, bool *ret)
{
    *ret = false;
    for (size_t at = 0; at + needle.len <= text.len && !*ret; at++) {
        size_t n = common_nocase(ov_span_clip(text, at, needle.len), needle);

        OV_TRY(spend(m, n + 1));
        *ret = n == needle.len;
    }
    return OV_OK;
}

static enum ov_status test(struct ov_machine *m, enum ov_cond op,
                           struct ov_span text, struct ov_span part, bool *ret)
{
    struct ov_span end = text;

    if (part.len <= text.len)
        end = ov_span_clip(text, text.len - part.len, part.len);
    OV_TRY(spend(m, op == OV_COND_CONTAINS ? text.len : part.len));
    switch ((int)op) {
    case OV_COND_CONTAINS:
        *ret = ov_span_find(text, part, 0) != SIZE_MAX;
        return OV_OK;
    case OV_COND_ICONTAINS:
        return find_nocase(m, text, part, ret);
    case OV_COND_STARTSWITH:
        *ret = ov_span_starts(text, part);
        return OV_OK;
    case OV_COND_ISTARTSWITH:
        *ret = common_nocase(text, part) == part.len;
        return OV_OK;
    case OV_COND_ENDSWITH:
        *ret = ov_span_ends(text, part);
        return OV_OK;
    case OV_COND_IENDSWITH:
        *ret = part.len <= text.len && common_nocase(end, part) == part.len;
        return OV_OK;
    default:
        *ret = ov_span_equal_nocase(text, part);
        return OV_OK;
    }
}

static enum ov_status run_test(struct ov_machine *m, enum ov_cond op)
{
    struct ov_value part = ov_machine_pop(m);
    struct ov_value text = ov_machine_pop(m);
    bool holds = false;

    if (text.kind != OV_VALUE_TEXT || part.kind != OV_VALUE_TEXT) {
        ov_machine_push(m, ov_value_undefined());
        return OV_OK;
    }
    OV_TRY(test(m, op, text.text, part.text, &holds));
    ov_machine_push_bool(m, holds);
    return OV_OK;
}

static enum ov_status run_fits(struct ov_machine *m)
{
    struct ov_value regex = ov_machine_pop(m);
    struct ov_value text = ov_machine_pop(m);
    bool is_found = false;

    if (regex.kind != OV_VALUE_REGEX)
        return OV_MALFORMED;
    if (text.kind != OV_VALUE_TEXT) {
        ov_machine_push(m, ov_value_undefined());
        return OV_OK;
    }
    OV_TRY(ov_re_search(regex.text, text.text, m->terms->e->budget, &is_found));
    ov_machine_push_bool(m, is_found);
    return OV_OK;
}

static void run_len(struct ov_machine *m)
{
    struct ov_value v = ov_machine_pop(m);

    if (v.kind == OV_VALUE_TEXT)
        ov_machine_push_int(m, (int64_t)v.text.len);
    else if (v.kind == OV_VALUE_ARRAY || v.kind == OV_VALUE_DICTIONARY)
        ov_machine_push_int(m, v.part.items->n);
    else
        ov_machine_push(m, ov_value_undefined());
}

enum ov_status ov_machine_run_text(struct ov_machine *m, enum ov_cond op)
{
    struct ov_value v = {.kind = OV_VALUE_TEXT};

    switch ((int)op) {
    case OV_COND_TEXT:
    case OV_COND_REGEX:
        if (op == OV_COND_REGEX)
            v.kind = OV_VALUE_REGEX;
        v.text = ov_read_block(&m->code);
        ov_machine_push(m, v);
        return OV_OK;
    case OV_COND_LEN:
        run_len(m);
        return OV_OK;
    case OV_COND_FITS:
        return run_fits(m);
    default:
        return run_test(m, op);
    }
}
