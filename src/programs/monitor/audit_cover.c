/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_run.h"

/* Whether the log says just what a record says: by a rule-change, or by a line
 * of the manifest of a feed, which is learned once it is needed. */

/* "INDEX ID KIND REV sha256:HEX"; a manifest says nothing of revisions: 0. */
static bool put_record_name(struct ov_buf *b, const struct ov_record *r,
                            uint64_t rev, const uint8_t digest[static 32])
{
    ov_put_format(b, "%llu ", (unsigned long long)r->index);
    ov_put_span(b, r->id);
    ov_put_u8(b, ' ');
    ov_put_span(b, r->kind);
    ov_put_format(b, " %llu ", (unsigned long long)rev);
    ov_put_entry_digest(b, digest);
    return ov_buf_status(b) == OV_OK;
}

static enum ov_status learn_record(struct audit *a, const struct ov_record *r,
                                   uint64_t rev,
                                   const uint8_t digest[static 32])
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(1024);
    const struct index_item item = {.index = r->index};

    if (!put_record_name(&name, r, rev, digest))
        return OV_NO_MEMORY;
    return index_table_put(a->table, RECORD, ov_buf_span(&name), &item);
}

enum ov_status audit_learn_change(struct audit *a, const struct ov_entry *e,
                                  uint64_t index)
{
    struct ov_record r = {.index = index};
    uint8_t digest[32];

    if (!ov_entry_value(e, "id", 0, &r.id) ||
        !ov_entry_number(e, "rev", &r.rev) ||
        !ov_entry_value(e, "kind", 0, &r.kind) ||
        !ov_entry_digest(e, "source", digest, NULL))
        return OV_OK; /* it is retired */
    return learn_record(a, &r, r.rev, digest);
}

static bool is_learned(struct audit *a, const struct ov_record *r, uint64_t rev)
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(1024);
    uint8_t digest[OV_DIGEST_MAX];

    return ov_digest(OV_SHA256, r->source, digest) == OV_OK &&
           put_record_name(&name, r, rev, digest) &&
           index_table_find(a->table, RECORD, ov_buf_span(&name)) != NULL;
}

static struct feed *find_feed(struct audit *a, uint64_t index)
{
    size_t from = 0;
    size_t to = a->n_feeds;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (a->feeds[middle].manifest.index < index)
            from = middle + 1;
        else
            to = middle;
    }
    return from < a->n_feeds && a->feeds[from].manifest.index == index
               ? &a->feeds[from]
               : NULL;
}

enum audit_cover audit_covers(struct audit *a, const struct ov_record *r,
                              struct audit_file *ret_manifest)
{
    const struct feed *feed = find_feed(a, r->index);

    if (feed != NULL && !feed->is_learned) {
        *ret_manifest = feed->manifest;
        return AUDIT_NEEDS_MANIFEST;
    }
    return is_learned(a, r, feed != NULL ? 0 : r->rev) ? AUDIT_COVERED
                                                       : AUDIT_NOT_COVERED;
}

enum ov_status audit_learn(struct audit *a, uint64_t index,
                           struct ov_span manifest)
{
    struct feed *feed = find_feed(a, index);
    struct ov_span line;

    while (ov_span_cut(&manifest, '\n', &line)) {
        struct ov_record r = {.index = index};
        struct ov_span word;
        uint8_t digest[32];

        /* ID KIND sha256:HEX SIZE */
        if (ov_span_cut(&line, ' ', &r.id) &&
            ov_span_cut(&line, ' ', &r.kind) &&
            ov_span_cut(&line, ' ', &word) &&
            ov_entry_parse_digest(word, digest))
            OV_TRY(learn_record(a, &r, 0, digest));
    }
    if (feed != NULL)
        feed->is_learned = true;
    return OV_OK;
}

enum audit_age audit_age(struct audit *a, const struct ov_record *r,
                         uint64_t to)
{
    const struct index_item *newest;

    if (find_feed(a, r->index) != NULL)
        return AUDIT_FED;
    newest = index_table_find(a->table, RULE, r->id);
    if (newest == NULL || newest->index >= to)
        return AUDIT_NEWEST;
    return newest->is_gone || newest->index != r->index ? AUDIT_OLD
                                                        : AUDIT_NEWEST;
}

bool audit_live_rules(const struct audit *a, uint64_t to, uint64_t *ret)
{
    *ret = a->n_live;
    return a->n_live == 0 || a->last_change < to;
}
