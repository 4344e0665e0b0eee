/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/export.h"

#include "base/text.h"

/*
 * ClamAV's databases go back to where they came from: lines of one kind to one
 * file, overt.KIND. YARA sources stay files of their own, since names of rules
 * may meet: NUMBER.yar. Body signatures that YARA has words for become YARA
 * rules, all in clamav.yar. Digests do not: YARA's hash module would compare
 * each file with each of millions of them.
 */

static bool is_kind(const struct ov_tier_record *r, const char *kind)
{
    return ov_span_equal(r->kind, ov_span_str(kind));
}

static bool is_yara(const struct ov_tier_record *r)
{
    return is_kind(r, "yar") || is_kind(r, "yara");
}

static uint64_t count_lines(struct ov_span text)
{
    struct ov_span line;
    uint64_t n = 0;

    while (text.len > 0) {
        (void)ov_span_cut(&text, '\n', &line);
        n += line.len > 0 && ov_span_byte(line, 0) != '#';
    }
    return n;
}

static void put_left(struct ov_buf *b, struct ov_span what, struct ov_span kind,
                     const char *why)
{
    ov_put_escaped(b, what);
    ov_put_u8(b, '\t');
    ov_put_span(b, kind);
    ov_put_format(b, "\t%s\n", why);
}

static enum ov_status write_buf(struct ov_export *x, const char *file,
                                const struct ov_buf *b)
{
    OV_TRY(ov_buf_status(b));
    if (b->len == 0)
        return OV_OK;
    return x->write(x->data, ov_span_str(file), ov_buf_span(b));
}

/* A record that is not exported at all. */
static enum ov_status leave(struct ov_export *x, const struct ov_tier_record *r,
                            const char *why)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(SIZE_MAX);

    x->n_left += is_yara(r) ? 1 : count_lines(r->source);
    put_left(&b, r->id, r->kind, why);
    return write_buf(x, OV_EXPORT_LEFT, &b);
}

/* As it is, with an end to its last line. */
static enum ov_status copy(struct ov_export *x, const char *file,
                           struct ov_span text)
{
    if (text.len == 0)
        return OV_OK;
    OV_TRY(x->write(x->data, ov_span_str(file), text));
    if (ov_span_byte(text, text.len - 1) == '\n')
        return OV_OK;
    return x->write(x->data, ov_span_str(file), OV_SPAN_LIT("\n"));
}

#define NAME_MAX_LEN 48

static enum ov_status export_clamav(struct ov_export *x,
                                    const struct ov_tier_record *r)
{
    OV_AUTO_DONE(buf) file = ov_buf_with_max(NAME_MAX_LEN);

    if (is_yara(r))
        return leave(x, r, "a YARA source: overt export yara");
    ov_put_str(&file, "overt.");
    ov_put_span(&file, r->kind);
    ov_put_u8(&file, 0);
    OV_TRY(ov_buf_status(&file));
    x->n_exported += count_lines(r->source);
    return copy(x, (const char *)file.ptr, r->source);
}

static enum ov_status export_ndb(struct ov_export *x,
                                 const struct ov_tier_record *r)
{
    OV_AUTO_DONE(buf) rules = ov_buf_with_max(SIZE_MAX);
    OV_AUTO_DONE(buf) left = ov_buf_with_max(SIZE_MAX);
    struct ov_span rest = r->source;

    while (rest.len > 0) {
        struct ov_span line;
        struct ov_span name;
        const char *why = "";

        (void)ov_span_cut(&rest, '\n', &line);
        if (line.len == 0 || ov_span_byte(line, 0) == '#')
            continue;
        if (ov_export_ndb(line, x->n_exported + 1, &rules, &why)) {
            x->n_exported++;
            continue;
        }
        x->n_left++;
        (void)ov_span_cut(&line, ':', &name);
        put_left(&left, name, r->kind, why);
    }
    OV_TRY(write_buf(x, "clamav.yar", &rules));
    return write_buf(x, OV_EXPORT_LEFT, &left);
}

static enum ov_status export_yara(struct ov_export *x,
                                  const struct ov_tier_record *r)
{
    OV_AUTO_DONE(buf) file = ov_buf_with_max(NAME_MAX_LEN);

    if (is_kind(r, "ndb"))
        return export_ndb(x, r);
    if (!is_yara(r))
        return leave(x, r, "YARA has no words for this kind");
    ov_put_format(&file, "%06llu.yar", (unsigned long long)x->n_records);
    ov_put_u8(&file, 0);
    OV_TRY(ov_buf_status(&file));
    x->n_exported++;
    return copy(x, (const char *)file.ptr, r->source);
}

enum ov_status ov_export_record(struct ov_export *x,
                                const struct ov_tier_record *r)
{
    x->n_records++;
    return x->as == OV_EXPORT_YARA ? export_yara(x, r) : export_clamav(x, r);
}
