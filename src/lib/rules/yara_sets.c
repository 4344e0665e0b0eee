/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_parser.h"

/* Which strings an expression means: "$a", and the sets "them" and
 * "($a, $b*)". A set becomes a loop over ranges of terms (condition.def,
 * loop-terms); a string that is named twice counts twice, as in YARA. */

#define RANGES_MAX 4096

struct range {
    uint32_t first;
    uint32_t n;
};

struct set {
    OV_LIST(struct range, ranges);
};

enum ov_status ov_yara_find_string(struct ov_yara_parser *p,
                                   const struct ov_yara_token *t, uint32_t *ret)
{
    uint32_t i;

    if (!ov_yara_names_find(&p->string_names, t->value, &i))
        return ov_yara_fault_set(&p->fault, OV_MALFORMED, t,
                                 "the rule has no such string; declare it");
    p->strings.items[i].is_used = true;
    *ret = i;
    return OV_OK;
}

/* One more string of the set, joined to the range it continues. */
static enum ov_status add(struct ov_yara_parser *p, struct set *s, uint32_t i)
{
    struct range *last =
        s->ranges.n > 0 ? &s->ranges.items[s->ranges.n - 1] : NULL;

    p->strings.items[i].is_used = true;
    if (last != NULL && last->first + last->n == i) {
        last->n++;
        return OV_OK;
    }
    if (s->ranges.n == RANGES_MAX)
        return ov_yara_fail(p, OV_MALFORMED, "the set has too many parts");
    last = ov_part_add(&s->ranges);
    if (last == NULL)
        return OV_NO_MEMORY;
    *last = (struct range){i, 1};
    return OV_OK;
}

static enum ov_status add_starting(struct ov_yara_parser *p, struct set *s,
                                   const struct ov_yara_token *t)
{
    struct ov_span start = ov_span_clip(t->value, 0, t->value.len);
    bool is_found = false;

    for (uint32_t i = 0; i < p->strings.n; i++) {
        if (!ov_span_starts(p->strings.items[i].name, start))
            continue;
        OV_TRY(add(p, s, i));
        is_found = true;
    }
    if (!is_found)
        return ov_yara_fault_set(&p->fault, OV_MALFORMED, t,
                                 "no string of the rule begins like this");
    return OV_OK;
}

static enum ov_status read_item(struct ov_yara_parser *p, struct set *s)
{
    struct ov_yara_token t = p->token;
    uint32_t i = 0;

    if (t.kind == OV_YARA_STRINGS) {
        OV_TRY(add_starting(p, s, &t));
    } else if (t.kind == OV_YARA_STRING) {
        OV_TRY(ov_yara_find_string(p, &t, &i));
        OV_TRY(add(p, s, i));
    } else {
        return ov_yara_fail(p, OV_MALFORMED, "expected $string or $string*");
    }
    return ov_yara_next(p);
}

static enum ov_status read_items(struct ov_yara_parser *p, struct set *s)
{
    if (p->token.kind == OV_YARA_THEM) {
        if (p->strings.n == 0)
            return ov_yara_fail(p, OV_MALFORMED, "the rule has no strings");
        for (uint32_t i = 0; i < p->strings.n; i++)
            OV_TRY(add(p, s, i));
        return ov_yara_next(p);
    }
    OV_TRY(ov_yara_expect(p, OV_YARA_OPEN));
    OV_TRY(read_item(p, s));
    while (p->token.kind == OV_YARA_COMMA) {
        OV_TRY(ov_yara_next(p));
        OV_TRY(read_item(p, s));
    }
    return ov_yara_expect(p, OV_YARA_CLOSE);
}

enum ov_status ov_yara_read_set(struct ov_yara_parser *p)
{
    struct set s = {0};
    enum ov_status status = read_items(p, &s);

    if (status == OV_OK) {
        ov_put_u8(&p->code, OV_COND_LOOP_TERMS);
        ov_put_varint(&p->code, s.ranges.n);
        for (size_t i = 0; i < s.ranges.n; i++) {
            ov_put_u8(&p->code, OV_COND_TERMS);
            ov_put_varint(&p->code, s.ranges.items[i].first);
            ov_put_varint(&p->code, s.ranges.items[i].n);
        }
    }
    ov_free(s.ranges.items);
    return status;
}
