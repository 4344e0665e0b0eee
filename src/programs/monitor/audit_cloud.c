/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_run.h"
#include "base/text.h"
#include "trust/entry.h"

/* What a cloud says must follow from what it said before
 * (docs/protocol-reputation.md, docs/protocol-submissions.md):
 *
 * - each snapshot names the one before it, in number and digest, and where the
 *   deltas stood that are in it;
 * - deltas follow each other in number and digest;
 * - manifests of regions' keys have larger and larger versions;
 * - what a region has taken only grows, and of one size there is one root.
 *
 * An act that was cut short may be logged twice, byte by byte; no other way.
 * Limit: no file that they name is read. */

static void wrong(struct audit *a, uint64_t index, const char *what)
{
    finding(a->found, FINDING_CLOUD_CHAIN, "log", index, "%s", what);
}

static bool is_repeated(struct audit *a, uint8_t last[static 32])
{
    bool is_same = memcmp(a->digest, last, 32) == 0;

    memcpy(last, a->digest, 32);
    return is_same;
}

/* A thing that is known by a name, a number and a digest. */
static bool put_name(struct ov_buf *b, struct ov_span name, uint64_t number,
                     const uint8_t digest[static 32])
{
    ov_put_span(b, name);
    ov_put_format(b, " %llu ", (unsigned long long)number);
    ov_put_hex(b, ov_span_of(digest, 32));
    return ov_buf_status(b) == OV_OK;
}

static bool is_known(struct audit *a, char space, struct ov_span name,
                     uint64_t number, const uint8_t digest[static 32])
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1024);

    return put_name(&b, name, number, digest) &&
           index_table_find(a->table, space, ov_buf_span(&b)) != NULL;
}

static enum ov_status learn(struct audit *a, char space, struct ov_span name,
                            uint64_t number, const uint8_t digest[static 32])
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1024);
    const struct index_item item = {.number = number};

    return put_name(&b, name, number, digest)
               ? index_table_put(a->table, space, ov_buf_span(&b), &item)
               : ov_buf_status(&b);
}

static void check_deltas(struct audit *a, const struct ov_entry *e,
                         uint64_t index)
{
    static const uint8_t none[32] = {0};
    uint64_t from = 0;
    uint8_t prev[32] = {0};

    (void)ov_entry_number(e, "delta-from", &from);
    (void)ov_entry_digest(e, "delta-prev", prev, NULL);
    if (from == 1 ? memcmp(prev, none, 32) != 0
                  : !is_known(a, DELTA, OV_SPAN_LIT(""), from - 1, prev))
        wrong(a, index, "the snapshot ends with a delta that was not logged");
}

enum ov_status audit_on_snapshot(struct audit *a, const struct ov_entry *e,
                                 uint64_t index)
{
    struct audit_cloud *c = &a->cloud;
    uint64_t epoch = 0;
    uint8_t prev[32];
    uint8_t before[32];
    bool has_prev = ov_entry_digest(e, "prev", prev, NULL);

    memcpy(before, c->snapshot, sizeof(before));
    if (is_repeated(a, c->snapshot))
        return OV_OK;
    (void)ov_entry_number(e, "epoch", &epoch);
    if (epoch != c->epoch + 1)
        wrong(a, index, "the snapshot is not the next in number");
    else if (has_prev == (c->epoch == 0) ||
             (has_prev && memcmp(prev, before, 32) != 0))
        wrong(a, index, "the snapshot does not name the one before it");
    check_deltas(a, e, index);
    c->epoch = epoch;
    return OV_OK;
}

enum ov_status audit_on_delta(struct audit *a, const struct ov_entry *e,
                              uint64_t index)
{
    struct audit_cloud *c = &a->cloud;
    uint64_t seq = 0;
    uint8_t prev[32] = {0};

    if (is_repeated(a, c->delta))
        return OV_OK;
    (void)ov_entry_number(e, "seq", &seq);
    (void)ov_entry_digest(e, "prev", prev, NULL);
    if (seq != c->seq + 1)
        wrong(a, index, "the delta is not the next in number");
    else if (memcmp(prev, c->file, 32) != 0)
        wrong(a, index, "the delta does not name the one before it");
    c->seq = seq;
    (void)ov_entry_digest(e, "file", c->file, NULL);
    return learn(a, DELTA, OV_SPAN_LIT(""), seq, c->file);
}

enum ov_status audit_on_keys(struct audit *a, const struct ov_entry *e,
                             uint64_t index)
{
    uint64_t version = 0;

    if (is_repeated(a, a->cloud.manifest))
        return OV_OK;
    (void)ov_entry_number(e, "version", &version);
    if (version <= a->cloud.version)
        wrong(a, index, "the manifest of keys is not newer than the last");
    a->cloud.version = version;
    finding(a->found, FINDING_KEYS, "log", index, "regions' keys, version %llu",
            (unsigned long long)version);
    return OV_OK;
}

enum ov_status audit_on_submissions(struct audit *a, const struct ov_entry *e,
                                    uint64_t index)
{
    struct index_item item = {.index = index};
    const struct index_item *last;
    struct ov_span region = {0};
    struct ov_span hex;
    uint8_t root[32] = {0};

    (void)ov_entry_value(e, "region", 0, &region);
    (void)ov_entry_number(e, "size", &item.number);
    if (!ov_entry_value(e, "root", 0, &hex) ||
        !ov_hex_decode(hex, root, sizeof(root)))
        return OV_OK; /* the grammar has told */
    last = index_table_find(a->table, REGION, region);
    if (last != NULL && item.number < last->number)
        wrong(a, index, "a region's log of submissions has become smaller");
    else if (last != NULL && item.number == last->number &&
             !is_known(a, TREE, region, item.number, root))
        wrong(a, index, "a region's log of submissions has two histories");
    OV_TRY(learn(a, TREE, region, item.number, root));
    return index_table_put(a->table, REGION, region, &item);
}
