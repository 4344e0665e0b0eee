/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/request_report.h"

#include "crypto/digest.h"

/* A published table is of the log's first entries, and the ledger only goes
 * forward: so the tables are compared in the order of their sizes, each when
 * the ledger is there. */

#define DAY UINT64_C(86400)

static enum ov_status read_published(struct ov_request_ledger *l,
                                     const struct ov_request_leaf *leaf,
                                     struct ov_span period,
                                     struct ov_request_published *ret,
                                     bool *ret_is_one)
{
    const struct ov_entry *e = NULL;
    enum ov_status status = ov_request_leaf_open(l, leaf, &e, NULL);
    struct ov_span of;

    *ret_is_one = false;
    if (status == OV_NO_MEMORY)
        return status;
    if (status != OV_OK || !ov_entry_value(e, "period", 0, &of) ||
        !ov_span_equal(of, period))
        return OV_OK; /* ov_request_ledger_advance tells what is wrong */
    ret->index = leaf->index;
    *ret_is_one = ov_entry_number(e, "size", &ret->size) &&
                  ov_entry_digest(e, "table", ret->digest, NULL) &&
                  ret->size <= leaf->index;
    return OV_OK;
}

/* Puts it where it belongs by its size, and by its index. */
static void insert(struct ov_request_report *r,
                   const struct ov_request_published *one)
{
    size_t at = r->n_published++;

    for (; at > 0 && r->published[at - 1].size > one->size; at--)
        r->published[at] = r->published[at - 1];
    r->published[at] = *one;
}

static enum ov_status find_published(struct ov_arena *a,
                                     struct ov_request_ledger *l,
                                     struct ov_span period, uint64_t size,
                                     struct ov_request_report *r)
{
    r->published =
        ov_arena_array(a, OV_REQUEST_MAX_PUBLISHED, sizeof(*r->published));
    if (r->published == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < l->n_leaves && l->leaves[i].index < size; i++) {
        struct ov_request_published one = {0};
        bool is_one;

        if (l->leaves[i].type != OV_ENTRY_REQUEST_REPORT)
            continue;
        OV_TRY(read_published(l, &l->leaves[i], period, &one, &is_one));
        if (!is_one)
            continue;
        if (r->n_published == OV_REQUEST_MAX_PUBLISHED)
            return OV_LIMIT_COUNT;
        insert(r, &one);
    }
    return OV_OK;
}

/* The table as it was when the log had so many entries. */
static enum ov_status compare(struct ov_request_ledger *l,
                              struct ov_span period,
                              struct ov_request_published *p)
{
    OV_AUTO(arena) a = ov_arena_new((size_t)64 << 20);
    OV_AUTO_DONE(buf) csv = ov_buf_with_max(OV_REQUEST_MAX_CSV);
    struct ov_request_table table;
    uint8_t digest[OV_DIGEST_MAX];

    if (a == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_request_ledger_advance(l, p->size));
    OV_TRY(ov_request_table_make(a, l, period, &table));
    ov_put_request_csv(&csv, &table);
    OV_TRY(ov_buf_status(&csv));
    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(&csv), digest));
    p->is_same = memcmp(digest, p->digest, sizeof(p->digest)) == 0;
    return OV_OK;
}

static void count_commitments(struct ov_request_ledger *l,
                              struct ov_request_report *r)
{
    for (size_t i = 0; i < l->n_commitments; i++) {
        const struct ov_commitment *c = &l->commitments[i];

        if (c->state == OV_COMMITMENT_OPENED)
            ov_request_problem(l, c->opened_at,
                               "the event of a commitment of entry %llu does "
                               "not follow",
                               (unsigned long long)c->index);
        r->n_empty += c->state == OV_COMMITMENT_EMPTY;
        r->n_told += c->state == OV_COMMITMENT_TOLD;
        if (c->state != OV_COMMITMENT_CLOSED)
            continue;
        if (r->n_unopened++ == 0)
            r->oldest = c->date; /* days rise */
        r->n_overdue += c->date + OV_REQUEST_EMPTY_DAYS * DAY < l->last_day;
    }
}

enum ov_status ov_request_report_make(struct ov_arena *a,
                                      struct ov_request_ledger *l,
                                      struct ov_span period, uint64_t size,
                                      struct ov_request_report *ret)
{
    struct ov_request_report r = {0};

    OV_TRY(find_published(a, l, period, size, &r));
    for (size_t i = 0; i < r.n_published; i++) {
        OV_TRY(compare(l, period, &r.published[i]));
        r.n_different += !r.published[i].is_same;
    }
    OV_TRY(ov_request_ledger_advance(l, size));
    count_commitments(l, &r);
    OV_TRY(ov_request_table_make(a, l, period, &r.table));
    *ret = r;
    return OV_OK;
}
