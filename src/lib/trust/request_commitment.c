/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "crypto/digest.h"
#include "trust/request_ledger.h"
#include "trust/request_map.h"

/* Commitments: what binds a publisher to events that may not be told yet, and
 * hides them.
 *
 *     SHA-256("overt-request-commitment/v1\n" || nonce || entry)
 *
 * The nonce has a fixed length, so that nonce and entry can be cut in one way
 * only, and 256 bits, so that nobody finds an entry by trying; an empty entry
 * looks like any other. Each day has one entry with as many commitments as the
 * day before, in the order of their bytes, which says nothing. */

#define DAY UINT64_C(86400)
#define DOMAIN "overt-request-commitment/v1\n"

enum ov_status ov_request_commit(const uint8_t nonce[static OV_REQUEST_NONCE],
                                 struct ov_span note, uint8_t ret[static 32])
{
    struct ov_digest_stream *d;
    enum ov_status status;

    OV_TRY(ov_digest_stream_new(OV_SHA256, &d));
    status = ov_digest_stream_add(d, OV_SPAN_LIT(DOMAIN));
    if (status == OV_OK)
        status = ov_digest_stream_add(d, ov_span_of(nonce, OV_REQUEST_NONCE));
    if (status == OV_OK)
        status = ov_digest_stream_add(d, note);
    if (status == OV_OK)
        status = ov_digest_stream_end(d, ret);
    ov_digest_stream_free(d);
    return status;
}

struct ov_commitment *
ov_request_commitment_of(const struct ov_request_ledger *l,
                         const struct ov_request_leaf *leaf)
{
    size_t at;

    return ov_request_map_get(l->by_event, leaf->digest, &at)
               ? &l->commitments[at]
               : NULL;
}

/* -- a day -- */

/* Whether the day follows the one before, with as many commitments. */
static bool is_next_day(struct ov_request_ledger *l,
                        const struct ov_request_leaf *leaf,
                        const struct ov_entry *e, uint64_t date, uint64_t n)
{
    struct ov_span why;

    if (l->n_days > 0 && date <= l->last_day) {
        ov_request_problem(l, leaf->index,
                           "commitments of a day that has some, or is over");
        return false;
    }
    if (l->n_days > 0 && n != l->daily && !ov_entry_value(e, "why", 0, &why))
        ov_request_problem(
            l, leaf->index,
            "%llu commitments instead of %llu, and it is not said why",
            (unsigned long long)n, (unsigned long long)l->daily);
    if (l->n_days == 0)
        l->first_day = date;
    else if (date > l->last_day + DAY)
        ov_request_problem(
            l, leaf->index, "no commitments on the %llu days before",
            (unsigned long long)((date - l->last_day) / DAY - 1));
    if (l->n_days > 0)
        l->missing_days += (date - l->last_day) / DAY - 1;
    l->n_days++;
    l->last_day = date;
    l->daily = n;
    return true;
}

static enum ov_status add_commitment(struct ov_request_ledger *l,
                                     const struct ov_request_leaf *leaf,
                                     uint64_t date, struct ov_span hex)
{
    struct ov_commitment c = {.date = date, .index = leaf->index};
    struct ov_commitment *list;
    size_t at;

    (void)ov_hex_decode(hex, c.hash, sizeof(c.hash)); /* of the grammar */
    if (ov_request_map_get(l->by_hash, c.hash, &at)) {
        ov_request_problem(l, leaf->index,
                           "a commitment that was there before");
        return OV_OK;
    }
    OV_TRY(ov_request_map_put(l->by_hash, c.hash, l->n_commitments));
    list = ov_request_grow(l->arena, l->commitments, l->n_commitments,
                           sizeof(*list));
    if (list == NULL)
        return OV_NO_MEMORY;
    l->commitments = list;
    list[l->n_commitments++] = c;
    return OV_OK;
}

enum ov_status ov_request_commitments(struct ov_request_ledger *l,
                                      const struct ov_request_leaf *leaf,
                                      const struct ov_entry *e)
{
    struct ov_span before = {0};
    struct ov_span date = {0};
    struct ov_span hex;
    uint64_t day = 0;
    uint64_t n = 0;

    (void)ov_entry_value(e, "date", 0, &date);
    (void)ov_date_parse(date, &day);
    for (; ov_entry_value(e, "commitment", n, &hex); n++) {
        if (n > 0 && ov_span_compare(before, hex) >= 0) {
            ov_request_problem(l, leaf->index,
                               "commitments that are not in their order");
            return OV_OK;
        }
        before = hex;
    }
    if (!is_next_day(l, leaf, e, day, n))
        return OV_OK;
    for (uint64_t i = 0; ov_entry_value(e, "commitment", i, &hex); i++)
        OV_TRY(add_commitment(l, leaf, day, hex));
    return OV_OK;
}

/* -- openings -- */

/* "COMMITMENT NONCE[ DIGEST]": the commitment, still closed; NULL after it was
 * told why not. */
static struct ov_commitment *find_closed(struct ov_request_ledger *l,
                                         const struct ov_request_leaf *leaf,
                                         struct ov_span *line)
{
    struct ov_span hash_hex;
    struct ov_span nonce_hex;
    uint8_t hash[32] = {0};
    uint8_t nonce[OV_REQUEST_NONCE] = {0};
    struct ov_commitment *c;
    size_t at;

    (void)ov_span_cut(line, ' ', &hash_hex);
    (void)ov_span_cut(line, ' ', &nonce_hex);
    (void)ov_hex_decode(hash_hex, hash, sizeof(hash)); /* of the grammar */
    (void)ov_hex_decode(nonce_hex, nonce, sizeof(nonce));
    if (!ov_request_map_get(l->by_hash, hash, &at)) {
        ov_request_problem(l, leaf->index, "opens what is no commitment");
        return NULL;
    }
    c = &l->commitments[at];
    if (c->state != OV_COMMITMENT_CLOSED) {
        ov_request_problem(l, leaf->index,
                           "opens a commitment of entry %llu "
                           "again",
                           (unsigned long long)c->index);
        return NULL;
    }
    memcpy(c->nonce, nonce, sizeof(nonce));
    return c;
}

static enum ov_status open_empty(struct ov_request_ledger *l,
                                 const struct ov_request_leaf *leaf,
                                 struct ov_span line)
{
    struct ov_commitment *c = find_closed(l, leaf, &line);
    uint8_t hash[32];

    if (c == NULL)
        return OV_OK;
    OV_TRY(ov_request_commit(c->nonce, (struct ov_span){0}, hash));
    if (memcmp(hash, c->hash, sizeof(hash)) != 0) {
        ov_request_problem(l, leaf->index,
                           "a commitment of entry %llu is not to nothing",
                           (unsigned long long)c->index);
        return OV_OK;
    }
    c->state = OV_COMMITMENT_EMPTY;
    c->opened_at = leaf->index;
    return OV_OK;
}

static enum ov_status open_event(struct ov_request_ledger *l,
                                 const struct ov_request_leaf *leaf,
                                 struct ov_span line)
{
    struct ov_commitment *c = find_closed(l, leaf, &line);
    uint8_t digest[32];
    size_t at;

    if (c == NULL || !ov_entry_parse_digest(line, digest))
        return OV_OK;
    if (ov_request_map_get(l->by_event, digest, &at)) {
        ov_request_problem(l, leaf->index, "an event of two commitments");
        return OV_OK;
    }
    c->state = OV_COMMITMENT_OPENED;
    c->opened_at = leaf->index;
    return ov_request_map_put(l->by_event, digest,
                              (size_t)(c - l->commitments));
}

enum ov_status ov_request_opening(struct ov_request_ledger *l,
                                  const struct ov_request_leaf *leaf,
                                  const struct ov_entry *e)
{
    struct ov_span line;

    for (size_t i = 0; ov_entry_value(e, "empty", i, &line); i++)
        OV_TRY(open_empty(l, leaf, line));
    for (size_t i = 0; ov_entry_value(e, "event", i, &line); i++)
        OV_TRY(open_event(l, leaf, line));
    return OV_OK;
}
