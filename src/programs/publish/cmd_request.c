/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "commands.h"
#include "request_desk.h"

/* overt-publish request add|decide|challenge|close|correct: one event of a
 * request each (docs/requests.md). Legal signs; decisions and corrections wait
 * for a trustee: overt-publish review. */

static bool has(struct instance *in, enum option o, const char *words)
{
    return option_get(&in->args, o) != NULL || tell_error("say %s", words);
}

/* -- names -- */

/* The number behind "2026H2-"; 0 if it is not of that form. */
static uint64_t number_of(struct ov_span id, struct ov_span period)
{
    uint64_t n = 0;

    if (!ov_span_starts(id, period) ||
        !ov_parse_uint(ov_span_clip(id, period.len, id.len), 999999, &n))
        return 0;
    return n;
}

/* The next number of the half-year. A sealed request has none: who counts the
 * others would see that one is missing. */
static const char *next_id(struct request_desk *d, uint64_t received,
                           bool is_sealed)
{
    struct instance *in = d->in;
    OV_AUTO_DONE(buf) period = ov_buf_with_max(64);
    struct ov_span prefix;
    uint64_t last = 0;

    ov_put_period(&period, received);
    ov_put_u8(&period, '-');
    if (is_sealed) {
        uint8_t random[8];

        if (!request_random(random, sizeof(random)))
            return NULL;
        ov_put_str(&period, "s");
        ov_put_hex(&period, ov_span_of(random, sizeof(random)));
        return text_of(in, ov_buf_span(&period));
    }
    prefix = ov_buf_span(&period);
    for (size_t i = 0; i < d->ledger->n_requests; i++) {
        uint64_t n = number_of(d->ledger->requests[i]->id, prefix);

        last = n > last ? n : last;
    }
    do {
        last++;
    } while (disk_exists(path_in(in, "staging/request-%.*s%04llu-001-receipt",
                                 (int)prefix.len, (const char *)prefix.ptr,
                                 (unsigned long long)last)));
    return text(in, "%.*s%04llu", (int)prefix.len, (const char *)prefix.ptr,
                (unsigned long long)last);
}

/* -- add -- */

static bool check_add(struct instance *in)
{
    return has(in, OPT_as, "--as LEGAL: a key of that group") &&
           has(in, OPT_country, "--country CH: of who asks") &&
           has(in, OPT_authority,
               "--authority police, prosecutor, court, "
               "intelligence, regulator, cert or other") &&
           has(in, OPT_kind,
               "--kind user_data, technical_expertise, removal, "
               "preservation, source_or_keys or "
               "change_of_product") &&
           has(in, OPT_basis, "--basis: statute or treaty, article") &&
           has(in, OPT_subjects, "--subjects: how many it is about");
}

static void put_facts(struct instance *in, struct ov_buf *b)
{
    request_put_day(in, b, "received", OPT_received);
    request_put_option(in, b, "country", OPT_country);
    request_put_option(in, b, "authority", OPT_authority);
    if (option_is_set(&in->args, OPT_via))
        request_put_option(in, b, "via", OPT_via);
    else
        ov_put_str(b, "via direct\n");
    request_put_option(in, b, "kind", OPT_kind);
    request_put_option(in, b, "data", OPT_data);
    request_put_option(in, b, "basis", OPT_basis);
    request_put_option(in, b, "subjects", OPT_subjects);
}

static bool add(struct request_desk *d)
{
    struct instance *in = d->in;
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    const char *received = option_get(&in->args, OPT_received);
    const char *id = option_get(&in->args, OPT_id);
    bool is_sealed = option_is_set(&in->args, OPT_gag);
    uint64_t day = in->now;

    if (received != NULL && !ov_date_parse(ov_span_str(received), &day))
        return tell_error("--received %s: not a date, as 2026-09-03", received);
    if (id == NULL)
        id = next_id(d, day, is_sealed);
    if (id == NULL)
        return false;
    ov_put_entry_head(&b, in->name, OV_ENTRY_REQUEST);
    ov_put_entry_line(&b, "id", "%s", id);
    put_facts(in, &b);
    request_put_option(in, &b, "why", OPT_why);
    request_put_end(in, &b);
    return request_stage(d, id, "receipt", &b, is_sealed);
}

bool cmd_request_add(struct instance *in)
{
    struct request_desk d = {0};
    bool ok = check_add(in) && request_desk_open(in, &d) && add(&d);

    request_desk_done(&d);
    return ok;
}

/* -- what follows -- */

/* An event behind the last one of the request --id. */
struct next {
    struct request_desk desk;
    const struct ov_request *request;
    const char *id;
    struct ov_buf text;
    bool is_sealed;
};

static bool begin(struct instance *in, enum ov_entry_type type, struct next *n)
{
    *n = (struct next){.text = ov_buf_with_max(OV_ENTRY_MAX)};
    n->id = option_get(&in->args, OPT_id);
    if (!has(in, OPT_id, "--id: which request") ||
        !has(in, OPT_as, "--as LEGAL: a key of that group") ||
        !request_desk_open(in, &n->desk) ||
        !request_is_sealed(in, n->id, &n->is_sealed))
        return false;
    n->request = ov_request_find(n->desk.ledger, ov_span_str(n->id));
    if (n->request == NULL)
        return tell_error("%s: no such request is known here", n->id);
    ov_put_entry_head(&n->text, in->name, type);
    ov_put_entry_line(&n->text, "id", "%s", n->id);
    ov_put_str(&n->text, "prev ");
    ov_put_entry_digest(&n->text, n->request->last);
    ov_put_u8(&n->text, '\n');
    return true;
}

static bool finish(struct instance *in, struct next *n, const char *word)
{
    request_put_end(in, &n->text);
    return request_stage(&n->desk, n->id, word, &n->text, n->is_sealed);
}

static void next_done(struct next *n)
{
    request_desk_done(&n->desk);
    ov_buf_done(&n->text);
}

static bool put_decision(struct instance *in, struct next *n)
{
    const struct arguments *a = &in->args;
    struct ov_buf *b = &n->text;

    if (!has(in, OPT_decision,
             "--decision provided, partly, rejected, no_data "
             "or withdrawn") ||
        !has(in, OPT_review, "--review valid, invalid or not_applicable") ||
        !has(in, OPT_notified, "--notified yes, no or barred_until:DATE"))
        return false;
    request_put_day(in, b, "decided", OPT_on);
    request_put_option(in, b, "review", OPT_review);
    request_put_option(in, b, "decision", OPT_decision);
    request_put_option(in, b, "reason", OPT_reason);
    request_put_option(in, b, "disclosed", OPT_disclosed);
    request_put_option(in, b, "data", OPT_data);
    ov_put_entry_line(
        b, "accounts", "%s",
        option_is_set(a, OPT_accounts) ? option_get(a, OPT_accounts) : "0");
    request_put_option(in, b, "notified", OPT_notified);
    request_put_option(in, b, "why", OPT_why);
    return true;
}

bool cmd_request_decide(struct instance *in)
{
    struct next n;
    bool ok = begin(in, OV_ENTRY_REQUEST_DECISION, &n) &&
              put_decision(in, &n) && finish(in, &n, "decision");

    next_done(&n);
    return ok;
}

bool cmd_request_challenge(struct instance *in)
{
    struct next n;
    bool ok = begin(in, OV_ENTRY_REQUEST_CHALLENGE, &n) &&
              has(in, OPT_court, "--court: before which one");

    if (ok) {
        request_put_day(in, &n.text, "date", OPT_on);
        request_put_option(in, &n.text, "court", OPT_court);
        request_put_option(in, &n.text, "why", OPT_why);
        ok = finish(in, &n, "challenge");
    }
    next_done(&n);
    return ok;
}

bool cmd_request_close(struct instance *in)
{
    struct next n;
    bool ok = begin(in, OV_ENTRY_REQUEST_CLOSING, &n);

    if (ok) {
        request_put_day(in, &n.text, "date", OPT_on);
        request_put_option(in, &n.text, "why", OPT_why);
        ok = finish(in, &n, "closing");
    }
    next_done(&n);
    return ok;
}

/* -- correct -- */

static void put_word(struct instance *in, struct ov_buf *b, const char *name,
                     enum option o, const char *old)
{
    ov_put_entry_line(b, name, "%s",
                      option_is_set(&in->args, o) ? option_get(&in->args, o)
                                                  : old);
}

static const char *old_word(const struct ov_request *r,
                            enum ov_request_list list)
{
    enum ov_request_word w = ov_request_word_of(r->words, list);

    return w == OV_N_REQUEST_WORD ? "" : ov_request_words[w].word;
}

/* Data types that are asked for: given anew, or as they were. */
static void put_data(struct instance *in, struct ov_buf *b,
                     const struct ov_request *r)
{
    if (option_is_set(&in->args, OPT_data)) {
        request_put_option(in, b, "data", OPT_data);
        return;
    }
    for (size_t i = 0; i < OV_N_REQUEST_WORD; i++) {
        if ((r->asked & OV_REQUEST_BIT(i)) != 0)
            ov_put_entry_line(b, "data", "%s", ov_request_words[i].word);
    }
}

static bool put_correction(struct instance *in, struct next *n)
{
    const struct ov_request *r = n->request;
    struct ov_buf *b = &n->text;

    if (!has(in, OPT_why, "--why: what was wrong, in public"))
        return false;
    if (option_is_set(&in->args, OPT_received)) {
        request_put_option(in, b, "received", OPT_received);
    } else {
        ov_put_str(b, "received ");
        ov_put_date(b, r->received);
        ov_put_u8(b, '\n');
    }
    put_word(in, b, "country", OPT_country, text_of(in, r->country));
    put_word(in, b, "authority", OPT_authority, old_word(r, OV_LIST_AUTHORITY));
    put_word(in, b, "via", OPT_via, old_word(r, OV_LIST_VIA));
    put_word(in, b, "kind", OPT_kind, old_word(r, OV_LIST_REQUEST_KIND));
    put_data(in, b, r);
    put_word(in, b, "basis", OPT_basis, text_of(in, r->basis));
    put_word(in, b, "subjects", OPT_subjects,
             text(in, "%llu", (unsigned long long)r->subjects));
    request_put_option(in, b, "duplicate-of", OPT_duplicate_of);
    request_put_option(in, b, "why", OPT_why);
    return true;
}

bool cmd_request_correct(struct instance *in)
{
    struct next n;
    bool ok = begin(in, OV_ENTRY_REQUEST_CORRECTION, &n) &&
              put_correction(in, &n) && finish(in, &n, "correction");

    next_done(&n);
    return ok;
}
