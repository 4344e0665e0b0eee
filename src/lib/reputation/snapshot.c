/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/snapshot.h"

#include "base/text.h"

/*
 * Statements of snapshots and deltas as entries of the log; the grammar of
 * their lines is in trust/entry.def (docs/protocol-reputation.md, "Statement"):
 *
 *     overt.example/snapshot/v1
 *     epoch 20418
 *     prev sha256:...
 *     prefix-bits 20
 *     ...
 *
 * entry.c has looked at lines and their shapes. Here the lines that may repeat
 * (count, filter) must be all there are, in their order, so that a statement
 * has one spelling.
 */

#define DAY 86400

void ov_put_snapshot(struct ov_buf *b, const struct ov_snapshot *s)
{
    ov_put_span(b, s->instance);
    ov_put_str(b, "/snapshot/v1\n");
    ov_put_entry_line(b, "epoch", "%u", (unsigned)s->epoch);
    if (s->has_previous) {
        ov_put_str(b, "prev ");
        ov_put_entry_digest(b, s->previous);
        ov_put_str(b, "\n");
    }
    ov_put_entry_line(b, "prefix-bits", "%u", s->shape.prefix_bits);
    ov_put_entry_line(b, "bucket-size", "%u", (unsigned)s->shape.size);
    ov_put_str(b, "buckets-root ");
    ov_put_hex(b, ov_span_of(s->buckets_root, 32));
    ov_put_str(b, "\n");
    for (unsigned i = 0; i < OV_N_REPUTATION; i++)
        ov_put_entry_line(b, "count", "%s %llu",
                          ov_reputation_name((enum ov_reputation)i),
                          (unsigned long long)s->counts[i]);
    for (unsigned i = 0; i < OV_N_FILTER; i++) {
        ov_put_format(b, "filter %s ", ov_filter_name((enum ov_filter)i));
        ov_put_blob(b, &s->filters[i]);
        ov_put_str(b, "\n");
    }
    ov_put_str(b, "hot ");
    ov_put_blob(b, &s->hot);
    ov_put_str(b, "\nfamilies ");
    ov_put_blob(b, &s->families);
    ov_put_format(b, "\ndelta-from %llu\ndelta-prev ",
                  (unsigned long long)s->delta_from);
    ov_put_entry_digest(b, s->delta_previous);
    ov_put_str(b, "\nbuilder ");
    ov_put_span(b, s->builder);
    ov_put_str(b, "\ntime ");
    ov_put_time(b, s->time);
    ov_put_str(b, "\nexpires ");
    ov_put_time(b, s->expires);
    ov_put_str(b, "\n");
}

/* ---- reading; each asks for what entry.c has found well-formed ---- */

static bool read_u32(const struct ov_entry *e, const char *name, uint32_t *ret)
{
    uint64_t n;

    if (!ov_entry_number(e, name, &n) || n > UINT32_MAX)
        return false;
    *ret = (uint32_t)n;
    return true;
}

static bool read_time(const struct ov_entry *e, const char *name, uint64_t *ret)
{
    struct ov_span text;

    return ov_entry_value(e, name, 0, &text) && ov_time_parse(text, ret);
}

static bool read_blob(const struct ov_entry *e, const char *name,
                      struct ov_blob *ret)
{
    return ov_entry_digest(e, name, ret->digest, &ret->len);
}

static bool read_counts(const struct ov_entry *e, struct ov_snapshot *s)
{
    struct ov_span line;
    struct ov_span name;

    for (unsigned i = 0; i < OV_N_REPUTATION; i++) {
        if (!ov_entry_value(e, "count", i, &line) ||
            !ov_span_cut(&line, ' ', &name) ||
            !ov_span_equal(
                name, ov_span_str(ov_reputation_name((enum ov_reputation)i))) ||
            !ov_parse_uint(line, UINT32_MAX, &s->counts[i]))
            return false;
    }
    return !ov_entry_value(e, "count", OV_N_REPUTATION, &line);
}

static bool read_filters(const struct ov_entry *e, struct ov_snapshot *s)
{
    struct ov_span line;
    struct ov_span name;

    for (unsigned i = 0; i < OV_N_FILTER; i++) {
        if (!ov_entry_value(e, "filter", i, &line) ||
            !ov_span_cut(&line, ' ', &name) ||
            !ov_span_equal(name,
                           ov_span_str(ov_filter_name((enum ov_filter)i))) ||
            !ov_blob_parse(line, &s->filters[i]))
            return false;
    }
    return !ov_entry_value(e, "filter", OV_N_FILTER, &line);
}

static bool read_buckets(const struct ov_entry *e, struct ov_snapshot *s)
{
    struct ov_span root;
    uint32_t bits;

    if (!read_u32(e, "prefix-bits", &bits) ||
        !read_u32(e, "bucket-size", &s->shape.size) ||
        !ov_entry_value(e, "buckets-root", 0, &root))
        return false;
    s->shape.prefix_bits = bits;
    return ov_bucket_shape_is_valid(&s->shape) &&
           ov_hex_decode(root, s->buckets_root, 32);
}

enum ov_status ov_snapshot_read(const struct ov_entry *e,
                                struct ov_snapshot *ret)
{
    struct ov_snapshot s = {.instance = e->instance};

    if (e->type != OV_ENTRY_SNAPSHOT)
        return OV_UNSUPPORTED;
    s.has_previous = ov_entry_digest(e, "prev", s.previous, NULL);
    if (!read_u32(e, "epoch", &s.epoch) || s.epoch == 0 ||
        !read_buckets(e, &s) || !read_counts(e, &s) || !read_filters(e, &s) ||
        !read_blob(e, "hot", &s.hot) || !read_blob(e, "families", &s.families))
        return OV_MALFORMED;
    if (!ov_entry_number(e, "delta-from", &s.delta_from) || s.delta_from == 0 ||
        !ov_entry_digest(e, "delta-prev", s.delta_previous, NULL) ||
        !ov_entry_value(e, "builder", 0, &s.builder) ||
        !read_time(e, "time", &s.time) || !read_time(e, "expires", &s.expires))
        return OV_MALFORMED;
    if (s.expires <= s.time)
        return OV_MALFORMED;
    *ret = s;
    return OV_OK;
}

enum ov_status ov_snapshot_is_fresh(const struct ov_snapshot *s, uint64_t now)
{
    if (s->time > now + DAY)
        return OV_FUTURE;
    return now >= s->expires ? OV_EXPIRED : OV_OK;
}

void ov_put_delta_entry(struct ov_buf *b, const struct ov_delta_entry *d)
{
    ov_put_span(b, d->instance);
    ov_put_str(b, "/delta/v1\n");
    ov_put_entry_line(b, "seq", "%llu", (unsigned long long)d->seq);
    ov_put_str(b, "prev ");
    ov_put_entry_digest(b, d->previous);
    ov_put_str(b, "\nfile ");
    ov_put_blob(b, &d->file);
    ov_put_str(b, "\ntime ");
    ov_put_time(b, d->time);
    ov_put_str(b, "\n");
}

enum ov_status ov_delta_entry_read(const struct ov_entry *e,
                                   struct ov_delta_entry *ret)
{
    struct ov_delta_entry d = {.instance = e->instance};

    if (e->type != OV_ENTRY_DELTA)
        return OV_UNSUPPORTED;
    if (!ov_entry_number(e, "seq", &d.seq) || d.seq == 0 ||
        !ov_entry_digest(e, "prev", d.previous, NULL) ||
        !read_blob(e, "file", &d.file) || !read_time(e, "time", &d.time))
        return OV_MALFORMED;
    *ret = d;
    return OV_OK;
}
