/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/cloud_state.h"

#include <stdio.h>

#include "base/text.h"

/* "OVC1", numbers as in the protocol's formats, then four blocks. The changes
 * are a delta's records, so that one function finds a hash in both. */

#define MAGIC "OVC1"

static const char *const tiers[] = {"lite", "std", "max"};

const char *ov_cloud_tier_name(enum ov_cloud_tier t)
{
    return t < OV_N_CLOUD_TIERS ? tiers[t] : "?";
}

bool ov_cloud_tier_parse(struct ov_span name, enum ov_cloud_tier *ret)
{
    for (unsigned i = 0; i < OV_N_CLOUD_TIERS; i++) {
        if (ov_span_equal(name, ov_span_str(tiers[i]))) {
            *ret = (enum ov_cloud_tier)i;
            return true;
        }
    }
    return false;
}

bool ov_cloud_tier_has(enum ov_cloud_tier t, enum ov_filter f)
{
    switch (f) {
    case OV_FILTER_FUSE8:
        return t == OV_CLOUD_STD;
    case OV_FILTER_FUSE16:
        return t == OV_CLOUD_MAX;
    case OV_FILTER_GOOD16:
        return t != OV_CLOUD_LITE;
    case OV_N_FILTER:
    default:
        return false;
    }
}

void ov_put_cloud_state(struct ov_buf *b, const struct ov_cloud_state *s)
{
    ov_put_str(b, MAGIC);
    ov_put_u32be(b, (uint32_t)s->tier);
    ov_put_u64be(b, s->checked);
    ov_put_u64be(b, s->seq);
    ov_put_u64be(b, s->delta_time);
    ov_put_span(b, ov_span_of(s->last, sizeof(s->last)));
    ov_put_block(b, s->note);
    ov_put_block(b, s->proof);
    ov_put_block(b, s->changes);
    ov_put_block(b, s->families);
}

enum ov_status ov_cloud_state_read(struct ov_span bytes,
                                   struct ov_cloud_state *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_cloud_state s = {.tier = OV_CLOUD_LITE};
    struct ov_span magic = ov_read_span(&r, 4);
    uint32_t tier = ov_read_u32be(&r);
    struct ov_span last;

    ov_reader_require(&r, ov_span_equal(magic, OV_SPAN_LIT(MAGIC)),
                      OV_MALFORMED);
    ov_reader_require(&r, tier < OV_N_CLOUD_TIERS, OV_MALFORMED);
    s.tier = (enum ov_cloud_tier)tier;
    s.checked = ov_read_u64be(&r);
    s.seq = ov_read_u64be(&r);
    s.delta_time = ov_read_u64be(&r);
    last = ov_read_span(&r, sizeof(s.last));
    s.note = ov_read_block(&r);
    s.proof = ov_read_block(&r);
    s.changes = ov_read_block(&r);
    s.families = ov_read_block(&r);
    ov_reader_require(&r, s.changes.len % OV_VERDICT_DELTA_RECORD == 0,
                      OV_MALFORMED);
    OV_TRY(ov_reader_end(&r));
    memcpy(s.last, last.ptr, sizeof(s.last));
    *ret = s;
    return OV_OK;
}

void ov_cloud_file_name(const uint8_t digest[static 32],
                        char ret[static OV_CLOUD_NAME_SIZE])
{
    int at = snprintf(ret, OV_CLOUD_NAME_SIZE, "reputation/");

    for (size_t i = 0; i < 32; i++)
        at += snprintf(ret + at, 3, "%02x", digest[i]);
}

/* ---- changes ---- */

#define OP_SIZE 1

static struct ov_span record_at(struct ov_span all, size_t n)
{
    return ov_span_clip(all, n * OV_VERDICT_DELTA_RECORD,
                        OV_VERDICT_DELTA_RECORD);
}

static int compare(struct ov_span a, struct ov_span b)
{
    return ov_span_compare(ov_span_clip(a, OP_SIZE, OV_VERDICT_DELTA_PREFIX),
                           ov_span_clip(b, OP_SIZE, OV_VERDICT_DELTA_PREFIX));
}

void ov_cloud_merge(struct ov_span old, const struct ov_verdict_delta *d,
                    struct ov_buf *into)
{
    size_t n = old.len / OV_VERDICT_DELTA_RECORD;
    size_t i = 0;
    size_t j = 0;

    while (i < n || j < d->n) {
        struct ov_span a = record_at(old, i);
        struct ov_span b = record_at(d->records, j);
        int order = i == n ? 1 : j == d->n ? -1 : compare(a, b);

        ov_put_span(into, order < 0 ? a : b);
        i += order <= 0;
        j += order >= 0;
    }
}

bool ov_cloud_changed(struct ov_span changes, const uint8_t hash[static 32],
                      struct ov_verdict_change *ret)
{
    const struct ov_verdict_delta all = {
        .n = changes.len / OV_VERDICT_DELTA_RECORD, .records = changes};

    return ov_verdict_delta_find(&all, hash, ret);
}
