/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"
#include "trust/request_ledger.h"
#include "trust/request_map.h"

/* One event of a request after the other. Each names the one before it, so that
 * nobody can be shown another story by leaving one out; each must be possible
 * behind it. The first thing that is wrong is told, and then nothing of the
 * event counts. Texts are those of the leaves, which the ledger keeps. */

static struct ov_span value_of(const struct ov_entry *e, const char *name)
{
    struct ov_span value = {0};

    (void)ov_entry_value(e, name, 0, &value);
    return value;
}

static uint64_t date_of(const struct ov_entry *e, const char *name)
{
    uint64_t date = 0;

    (void)ov_date_parse(value_of(e, name), &date);
    return date;
}

static uint64_t word_of(const struct ov_entry *e, const char *name,
                        enum ov_request_list list)
{
    return ov_request_bit(list, value_of(e, name));
}

/* The data lines; false if they are not each once and in order: they could be
 * written in two ways. */
static bool data_of(const struct ov_entry *e, uint64_t *ret)
{
    uint64_t set = 0;
    struct ov_span word;

    for (size_t i = 0; ov_entry_value(e, "data", i, &word); i++) {
        uint64_t bit = ov_request_bit(OV_LIST_DATA_TYPE, word);

        if (bit <= set) /* not above all that were there */
            return false;
        set |= bit;
    }
    *ret = set;
    return true;
}

/* -- facts: request, request-correction -- */

/* More than there are people is no number of people, and sums stay exact. */
#define MANY UINT64_C(10000000000)

static const char *read_facts(const struct ov_entry *e, struct ov_request *r)
{
    r->received = date_of(e, "received");
    r->country = value_of(e, "country");
    r->words = word_of(e, "authority", OV_LIST_AUTHORITY) |
               word_of(e, "via", OV_LIST_VIA) |
               word_of(e, "kind", OV_LIST_REQUEST_KIND);
    r->basis = value_of(e, "basis");
    (void)ov_entry_number(e, "subjects", &r->subjects);
    if (r->subjects > MANY)
        return "more subjects than there are people";
    return data_of(e, &r->asked) ? NULL : "its data types are not in order";
}

static const char *read_correction(const struct ov_request_ledger *l,
                                   const struct ov_entry *e,
                                   struct ov_request *r)
{
    const char *wrong = read_facts(e, r);
    struct ov_span other = value_of(e, "duplicate-of");

    if (wrong != NULL)
        return wrong;
    if (r->is_decided && r->decided < r->received)
        return "decided before it was received";
    if (other.len > 0 &&
        (ov_span_equal(other, r->id) || ov_request_find(l, other) == NULL))
        return "said to be the same as no other request";
    r->duplicate_of = other;
    r->n_corrections++;
    return NULL;
}

/* -- decisions -- */

#define GIVES                                                                  \
    (OV_REQUEST_BIT(OV_WORD_PROVIDED) | OV_REQUEST_BIT(OV_WORD_PARTLY))

/* A decision says once, and not otherwise elsewhere, what was given. */
static const char *check_decision(const struct ov_request *r)
{
    bool gives = (r->decision & GIVES) != 0;
    bool has_reason =
        ov_request_word_of(r->decision, OV_LIST_REASON) != OV_N_REQUEST_WORD;

    if (r->decided < r->received)
        return "decided before it was received";
    if (r->accounts > MANY)
        return "more accounts than there are people";
    if (gives && r->disclosed.len == 0)
        return "something was given, and it is not said what";
    if (!gives && (r->disclosed.len > 0 || r->given != 0 || r->accounts > 0))
        return "nothing was given, and it is said what";
    if ((r->decision & OV_REQUEST_BIT(OV_WORD_REJECTED)) != 0 && !has_reason)
        return "rejected without a reason";
    if ((r->decision & (OV_REQUEST_BIT(OV_WORD_PROVIDED) |
                        OV_REQUEST_BIT(OV_WORD_WITHDRAWN))) != 0 &&
        has_reason)
        return "a reason for what was not refused";
    return NULL;
}

static const char *read_decision(const struct ov_entry *e, struct ov_request *r)
{
    if (r->is_closed)
        return "closed already";
    r->is_decided = true;
    r->decided = date_of(e, "decided");
    r->decision = word_of(e, "review", OV_LIST_REVIEW) |
                  word_of(e, "decision", OV_LIST_DECISION) |
                  word_of(e, "reason", OV_LIST_REASON);
    r->disclosed = value_of(e, "disclosed");
    r->accounts = 0;
    (void)ov_entry_number(e, "accounts", &r->accounts);
    r->notified = value_of(e, "notified");
    if (!data_of(e, &r->given))
        return "its data types are not in order";
    return check_decision(r);
}

static const char *read_end(const struct ov_entry *e, struct ov_request *r)
{
    uint64_t date = date_of(e, "date");

    if (r->is_closed)
        return "closed already";
    if (date < r->received)
        return "dated before it was received";
    if (e->type == OV_ENTRY_REQUEST_CHALLENGE) {
        r->is_challenged = true;
        r->challenged = date;
    } else {
        r->is_closed = true;
        r->closed = date;
    }
    return NULL;
}

/* -- apply -- */

static enum ov_status add_event(struct ov_request_ledger *l,
                                struct ov_request *r,
                                const struct ov_request_leaf *leaf)
{
    struct ov_request_event *event = ov_arena_alloc(l->arena, sizeof(*event));

    if (event == NULL)
        return OV_NO_MEMORY;
    event->index = leaf->index;
    event->type = leaf->type;
    *r->events_end = event;
    r->events_end = &event->next;
    memcpy(r->last, leaf->digest, sizeof(r->last));
    return OV_OK;
}

static enum ov_status begin(struct ov_request_ledger *l,
                            const struct ov_request_leaf *leaf,
                            const struct ov_entry *e,
                            const struct ov_commitment *sealed)
{
    struct ov_request *r = ov_arena_alloc(l->arena, sizeof(*r));
    uint8_t key[OV_DIGEST_MAX];
    struct ov_request **list;
    const char *wrong;

    if (r == NULL)
        return OV_NO_MEMORY;
    r->id = value_of(e, "id");
    wrong = ov_request_find(l, r->id) != NULL ? "a second request of its id"
                                              : read_facts(e, r);
    if (wrong != NULL) {
        ov_request_problem(l, leaf->index, "%s", wrong);
        return OV_OK;
    }
    r->is_sealed = sealed != NULL;
    r->sealed_since = sealed != NULL ? sealed->date : 0;
    r->events_end = &r->events;
    OV_TRY(ov_digest(OV_SHA256, r->id, key));
    OV_TRY(ov_request_map_put(l->by_id, key, l->n_requests));
    list = ov_request_grow(l->arena, l->requests, l->n_requests,
                           sizeof(struct ov_request *));
    if (list == NULL)
        return OV_NO_MEMORY;
    l->requests = list;
    l->requests[l->n_requests++] = r;
    return add_event(l, r, leaf);
}

static const char *read_next(const struct ov_request_ledger *l,
                             const struct ov_entry *e, struct ov_request *r)
{
    uint8_t prev[32] = {0};

    if (!ov_entry_digest(e, "prev", prev, NULL) ||
        memcmp(prev, r->last, sizeof(prev)) != 0)
        return "does not name the event before it";
    if (e->type == OV_ENTRY_REQUEST_DECISION)
        return read_decision(e, r);
    if (e->type == OV_ENTRY_REQUEST_CORRECTION)
        return read_correction(l, e, r);
    return read_end(e, r);
}

enum ov_status ov_request_apply(struct ov_request_ledger *l,
                                const struct ov_request_leaf *leaf,
                                const struct ov_entry *e,
                                const struct ov_commitment *sealed)
{
    uint8_t key[OV_DIGEST_MAX];
    struct ov_request next;
    const char *wrong;
    size_t at;

    if (e->type == OV_ENTRY_REQUEST)
        return begin(l, leaf, e, sealed);
    OV_TRY(ov_digest(OV_SHA256, value_of(e, "id"), key));
    if (!ov_request_map_get(l->by_id, key, &at)) {
        ov_request_problem(l, leaf->index, "there is no request of its id");
        return OV_OK;
    }
    next = *l->requests[at];
    wrong = read_next(l, e, &next);
    if (wrong != NULL) {
        ov_request_problem(l, leaf->index, "%s", wrong);
        return OV_OK;
    }
    *l->requests[at] = next;
    return add_event(l, l->requests[at], leaf);
}
