/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/verdict_delta.h"

/*
 * A delta segment (docs/protocol-reputation.md, "Deltas"):
 *
 *     0  4  "OVD1"                 60 25n  changes, rising by prefix
 *     4  8  number, from 1              1    what is done
 *    12  8  Unix time                  20    bits 0 to 159 of the hash
 *    20 32  SHA-256 of the one before   1    reputation
 *    52  4  n, changes                  3    family
 *    56  4  m, families             then m families, rising by number:
 *                                       3 number, 1 length, the name
 *
 * A prefix has 160 bits, not a bucket's 128 and its number: whoever has a
 * snapshot and the segments behind it can make the next snapshot's buckets and
 * filters of them, whatever number of bits that one takes for a bucket.
 */

#define MAGIC 0x4f564431U /* "OVD1" */

/* Whether reputation and family go with what is done. */
static bool is_change_right(const struct ov_verdict_change *c)
{
    switch (c->op) {
    case OV_VERDICT_ADD:
    case OV_VERDICT_CHANGE:
        return (unsigned)c->reputation < OV_N_REPUTATION &&
               c->reputation != OV_REPUTATION_RECALLED &&
               c->family <= OV_FAMILY_MAX;
    case OV_VERDICT_RECALL:
        return c->reputation == OV_REPUTATION_RECALLED &&
               c->family <= OV_FAMILY_MAX;
    case OV_VERDICT_WITHDRAW:
        return c->reputation == OV_REPUTATION_GOOD && c->family == 0;
    default:
        return false;
    }
}

static bool are_parts_right(const struct ov_verdict_delta_parts *p)
{
    if (p->seq == 0 || p->n > OV_VERDICT_DELTA_MAX ||
        p->n_families > OV_VERDICT_DELTA_MAX_FAMILIES)
        return false;
    for (size_t i = 0; i < p->n; i++) {
        if (!is_change_right(&p->changes[i]) ||
            (i > 0 && memcmp(p->changes[i - 1].prefix, p->changes[i].prefix,
                             OV_VERDICT_DELTA_PREFIX) >= 0))
            return false;
    }
    for (size_t i = 0; i < p->n_families; i++) {
        const struct ov_family *f = &p->families[i];

        if (f->number == 0 || f->number > OV_FAMILY_MAX ||
            !ov_family_name_is_valid(f->name) ||
            (i > 0 && p->families[i - 1].number >= f->number))
            return false;
    }
    return true;
}

enum ov_status ov_put_verdict_delta(struct ov_buf *b,
                                    const struct ov_verdict_delta_parts *p)
{
    if (!are_parts_right(p))
        return OV_USAGE;
    ov_put_u32be(b, MAGIC);
    ov_put_u64be(b, p->seq);
    ov_put_u64be(b, p->time);
    ov_put_span(b, ov_span_of(p->previous, 32));
    ov_put_u32be(b, (uint32_t)p->n);
    ov_put_u32be(b, (uint32_t)p->n_families);
    for (size_t i = 0; i < p->n; i++) {
        const struct ov_verdict_change *c = &p->changes[i];

        ov_put_u8(b, (uint8_t)c->op);
        ov_put_span(b, ov_span_of(c->prefix, OV_VERDICT_DELTA_PREFIX));
        ov_put_u8(b, (uint8_t)c->reputation);
        ov_put_u24be(b, c->family);
    }
    for (size_t i = 0; i < p->n_families; i++) {
        ov_put_u24be(b, p->families[i].number);
        ov_put_u8(b, (uint8_t)p->families[i].name.len);
        ov_put_span(b, p->families[i].name);
    }
    return ov_buf_status(b);
}

static struct ov_family read_family(struct ov_reader *r)
{
    struct ov_family f = {.number = ov_read_u24be(r)};

    f.name = ov_read_span(r, ov_read_u8(r));
    return f;
}

static enum ov_status check_changes(const struct ov_verdict_delta *d)
{
    /* the prefix is not the first field: look from behind the op on */
    struct ov_span prefixes = ov_span_clip(d->records, 1, d->records.len);

    if (!ov_items_rise(prefixes, d->n, OV_VERDICT_DELTA_RECORD,
                       OV_VERDICT_DELTA_PREFIX))
        return OV_MALFORMED;
    for (size_t i = 0; i < d->n; i++) {
        struct ov_verdict_change c;

        ov_verdict_delta_at(d, i, &c);
        if (!is_change_right(&c))
            return OV_MALFORMED;
    }
    return OV_OK;
}

static enum ov_status read_families(struct ov_reader *r,
                                    const struct ov_verdict_delta *d)
{
    uint32_t last = 0;

    for (size_t i = 0; i < d->n_families && ov_reader_more(r); i++) {
        struct ov_family f = read_family(r);

        OV_TRY(ov_reader_status(r));
        if (f.number <= last || !ov_family_name_is_valid(f.name))
            return OV_MALFORMED;
        last = f.number;
        if (i + 1 < d->n_families && !ov_reader_more(r))
            return OV_TRUNCATED;
    }
    return OV_OK;
}

enum ov_status ov_verdict_delta_read(struct ov_span bytes,
                                     struct ov_verdict_delta *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_verdict_delta d = {0};
    struct ov_span previous;

    if (bytes.len > OV_VERDICT_DELTA_MAX_SIZE)
        return OV_LIMIT_SIZE;
    ov_reader_require(&r, ov_read_u32be(&r) == MAGIC, OV_MALFORMED);
    d.seq = ov_read_u64be(&r);
    d.time = ov_read_u64be(&r);
    previous = ov_read_span(&r, 32);
    d.n = ov_read_u32be(&r);
    d.n_families = ov_read_u32be(&r);
    ov_reader_require(&r,
                      d.seq > 0 && d.n <= OV_VERDICT_DELTA_MAX &&
                          d.n_families <= OV_VERDICT_DELTA_MAX_FAMILIES,
                      OV_MALFORMED);
    d.records = ov_read_span(&r, (uint64_t)d.n * OV_VERDICT_DELTA_RECORD);
    d.families = ov_reader_rest(&r);
    OV_TRY(ov_reader_status(&r));
    memcpy(d.previous, previous.ptr, 32);
    OV_TRY(check_changes(&d));
    if (d.n_families > 0 && d.families.len == 0)
        return OV_TRUNCATED;
    OV_TRY(read_families(&r, &d));
    OV_TRY(ov_reader_end(&r));
    *ret = d;
    return OV_OK;
}

enum ov_status ov_verdict_delta_follows(const struct ov_verdict_delta *d,
                                        uint64_t seq,
                                        const uint8_t previous[static 32])
{
    if (d->seq != seq)
        return d->seq < seq ? OV_ROLLBACK : OV_MISMATCH;
    return memcmp(d->previous, previous, 32) == 0 ? OV_OK : OV_SPLIT_VIEW;
}

void ov_verdict_delta_at(const struct ov_verdict_delta *d, size_t n,
                         struct ov_verdict_change *ret)
{
    struct ov_reader r = ov_reader_over(
        ov_span_clip(d->records, (uint64_t)n * OV_VERDICT_DELTA_RECORD,
                     OV_VERDICT_DELTA_RECORD));
    struct ov_span prefix;

    *ret = (struct ov_verdict_change){0};
    ret->op = (enum ov_verdict_op)ov_read_u8(&r);
    prefix = ov_read_span(&r, OV_VERDICT_DELTA_PREFIX);
    if (prefix.len == OV_VERDICT_DELTA_PREFIX)
        memcpy(ret->prefix, prefix.ptr, OV_VERDICT_DELTA_PREFIX);
    ret->reputation = (enum ov_reputation)ov_read_u8(&r);
    ret->family = ov_read_u24be(&r);
}

bool ov_verdict_delta_find(const struct ov_verdict_delta *d,
                           const uint8_t hash[static 32],
                           struct ov_verdict_change *ret)
{
    struct ov_span key = ov_span_of(hash, OV_VERDICT_DELTA_PREFIX);
    struct ov_span prefixes = ov_span_clip(d->records, 1, d->records.len);
    size_t at = ov_items_find(prefixes, d->n, OV_VERDICT_DELTA_RECORD, key);

    if (!ov_span_has_at(prefixes, (uint64_t)at * OV_VERDICT_DELTA_RECORD, key))
        return false;
    ov_verdict_delta_at(d, at, ret);
    return true;
}

bool ov_verdict_delta_family(struct ov_span *rest, struct ov_family *ret)
{
    struct ov_reader r = ov_reader_over(*rest);

    if (rest->len == 0)
        return false;
    *ret = read_family(&r);
    *rest = ov_reader_rest(&r);
    return ov_reader_status(&r) == OV_OK;
}
