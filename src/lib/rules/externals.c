/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/externals.h"

#include "base/reader.h"
#include "base/text.h"
#include "rules/yara_lex.h"

/* The section: varint n, then for each a block name, a u8 kind (enum
 * ov_datum_kind, 128 more for a truth value), and its value: an integer or the
 * bits of a floating point number as u64, a text as block. */

#define TRUTH_BIT 0x80

/* "1.25" and "-0.5" are numbers, "1." and ".5" are not. */
static bool parse_real(struct ov_span text, double *ret)
{
    struct ov_yara_fault fault = {0};
    bool is_negative = ov_span_byte(text, 0) == '-';
    struct ov_yara_lexer l = {.place = {0, 1, 1}, .fault = &fault};
    struct ov_yara_token t = {0};

    l.text = ov_span_clip(text, is_negative, text.len);
    if (ov_yara_lex(&l, &t) != OV_OK || t.kind != OV_YARA_FLOAT ||
        t.text.len != l.text.len)
        return false;
    *ret = is_negative ? -t.real : t.real;
    return true;
}

static bool parse_one(struct ov_span text, struct ov_external *ret)
{
    struct ov_external x = {0};
    struct ov_span value = text;
    bool is_true;
    int64_t number;
    double real;

    if (!ov_span_cut(&value, '=', &x.name) || x.name.len == 0)
        return false;
    is_true = ov_span_equal(value, OV_SPAN_LIT("true"));
    x.value = ov_datum_text(value);
    if (is_true || ov_span_equal(value, OV_SPAN_LIT("false"))) {
        x.is_truth = true;
        x.value = ov_datum_integer(is_true);
    } else if (ov_parse_int(value, &number)) {
        x.value = ov_datum_integer(number);
    } else if (parse_real(value, &real)) {
        x.value = ov_datum_float(real);
    }
    *ret = x;
    return true;
}

static size_t find(const struct ov_external *list, size_t n,
                   struct ov_span name)
{
    size_t i = 0;

    while (i < n && !ov_span_equal(list[i].name, name))
        i++;
    return i;
}

enum ov_status ov_externals_parse(struct ov_span list, struct ov_arena *arena,
                                  struct ov_external **ret, size_t *ret_n,
                                  struct ov_diag *diag)
{
    struct ov_external *all =
        ov_arena_array(arena, OV_EXTERNALS_MAX, sizeof(*all));
    size_t n = 0;

    if (all == NULL)
        return OV_NO_MEMORY;
    while (list.len > 0) {
        struct ov_external x;
        struct ov_span one;
        size_t i;

        (void)ov_span_cut(&list, 0, &one);
        if (!parse_one(one, &x))
            return ov_diag_set(
                diag, OV_MALFORMED, 0, "%.*s: expected name=value",
                (int)(one.len < 64 ? one.len : 64), (const char *)one.ptr);
        i = find(all, n, x.name);
        if (i == OV_EXTERNALS_MAX)
            return ov_diag_set(diag, OV_MALFORMED, 0,
                               "more than 1000 external variables");
        all[i] = x;
        n += i == n;
    }
    *ret = all;
    *ret_n = n;
    return OV_OK;
}

/* ---- in an image ---- */

void ov_externals_put(struct ov_buf *b, const struct ov_external *list,
                      size_t n)
{
    ov_put_varint(b, n);
    for (size_t i = 0; i < n; i++) {
        const struct ov_datum *value = &list[i].value;
        uint64_t bits;

        ov_put_block(b, list[i].name);
        ov_put_u8(b, (uint8_t)((unsigned)value->kind |
                               (list[i].is_truth ? TRUTH_BIT : 0)));
        memcpy(&bits, &value->number, sizeof(bits));
        if (value->kind == OV_DATUM_FLOAT)
            memcpy(&bits, &value->real, sizeof(bits));
        if (value->kind == OV_DATUM_STRING)
            ov_put_block(b, value->text);
        else
            ov_put_u64(b, bits);
    }
}

static void read_one(struct ov_reader *r, struct ov_external *ret)
{
    uint8_t kind;
    uint64_t bits;

    ret->name = ov_read_block(r);
    kind = ov_read_u8(r);
    ret->is_truth = (kind & TRUTH_BIT) != 0;
    switch (kind & ~TRUTH_BIT) {
    case OV_DATUM_INTEGER:
        ret->value = ov_datum_integer((int64_t)ov_read_u64le(r));
        return;
    case OV_DATUM_FLOAT:
        bits = ov_read_u64le(r);
        ret->value = ov_datum_float(0);
        memcpy(&ret->value.real, &bits, sizeof(bits));
        return;
    case OV_DATUM_STRING:
        ret->value = ov_datum_text(ov_read_block(r));
        return;
    default:
        ov_reader_require(r, false, OV_MALFORMED);
        return;
    }
}

enum ov_status ov_externals_read(struct ov_image *image, struct ov_arena *arena,
                                 struct ov_external **ret, size_t *ret_n)
{
    uint64_t len = image->sections[OV_SECTION_EXTERNALS].len;
    struct ov_external *all;
    struct ov_reader r;
    struct ov_span s;
    uint64_t n;

    if (!ov_image_at(image, OV_SECTION_EXTERNALS, 0, len, &s))
        return OV_BAD_DIGEST;
    r = ov_reader_over(s);
    n = len > 0 ? ov_read_varint(&r) : 0;
    if (n > OV_EXTERNALS_MAX)
        return OV_MALFORMED;
    all = ov_arena_array(arena, (size_t)n + 1, sizeof(*all));
    if (all == NULL)
        return OV_NO_MEMORY;
    for (uint64_t i = 0; i < n; i++)
        read_one(&r, &all[i]);
    OV_TRY(ov_reader_end(&r));
    *ret = all;
    *ret_n = (size_t)n;
    return OV_OK;
}

enum ov_status ov_externals_replace(struct ov_external *to, size_t n_to,
                                    const struct ov_external *from,
                                    size_t n_from, struct ov_diag *diag)
{
    for (size_t i = 0; i < n_from; i++) {
        size_t at = find(to, n_to, from[i].name);
        struct ov_datum value = from[i].value;

        if (at == n_to)
            continue;
        if (to[at].value.kind == OV_DATUM_FLOAT &&
            value.kind == OV_DATUM_INTEGER)
            value = ov_datum_float((double)value.number);
        if (to[at].value.kind != value.kind ||
            to[at].is_truth != from[i].is_truth)
            return ov_diag_set(
                diag, OV_USAGE, 0,
                "%.*s: the rules were compiled with a value of "
                "another kind",
                (int)(from[i].name.len < 64 ? from[i].name.len : 64),
                (const char *)from[i].name.ptr);
        to[at].value = value;
    }
    return OV_OK;
}
