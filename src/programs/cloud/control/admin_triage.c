/* SPDX-License-Identifier: Apache-2.0 */
#include "admin_service.h"
#include "base/text.h"
#include "triage_desk.h"

/* Triage by network:
 *
 *     GET  /v1/triage/cases/STATE[+FROM]      1,000 cases from that one on
 *     GET  /v1/triage/sample/SHA256           one case, and what people said
 *     GET  /v1/triage/false-positive/SHA256   the same
 *     POST /v1/triage/decisions               a signed note, as it is
 *
 * An admin's certificate lets him look and hand in; what he hands in is what
 * its own signature makes it. So an admin who is no person of the people file
 * decides nothing, and one who is decides once. */

enum {
    HTTP_OK = 200,
    HTTP_CREATED = 201,
    HTTP_BAD = 400,
    HTTP_FORBIDDEN = 403,
    HTTP_NOT_FOUND = 404,
    HTTP_CONFLICT = 409,
};

static void put_text(struct ov_buf *b, const char *name, struct ov_span value)
{
    ov_put_format(b, "\"%s\":\"", name);
    ov_put_json(b, value);
    ov_put_u8(b, '"');
}

static void put_case(struct ov_buf *b, const struct control_case *c)
{
    ov_put_str(b, "\"sample\":\"");
    ov_put_hex(b, ov_span_of(c->about.sample, sizeof(c->about.sample)));
    ov_put_format(b,
                  "\",\"purpose\":\"%s\",\"round\":%llu,\"state\":\"%s\","
                  "\"since\":%llu,\"submissions\":%llu,",
                  ov_purpose_name(c->about.purpose),
                  (unsigned long long)c->about.round,
                  control_case_state_word(c->state),
                  (unsigned long long)c->since, (unsigned long long)c->n);
    put_text(b, "verdict", ov_span_str(c->verdict));
    ov_put_u8(b, ',');
    put_text(b, "family", ov_span_str(c->family));
}

struct listing {
    struct ov_buf *to;
    size_t n;
};

static void list_case(void *data, const struct control_case *c,
                      struct ov_span found)
{
    struct listing *l = data;

    ov_put_str(l->to, l->n++ > 0 ? ",{" : "{");
    put_case(l->to, c);
    ov_put_u8(l->to, ',');
    put_text(l->to, "found", triage_found_value(found, "verdict"));
    ov_put_u8(l->to, ',');
    put_text(l->to, "rule", triage_found_value(found, "rule"));
    ov_put_u8(l->to, '}');
}

void admin_get_cases(struct admin_service *s, const struct admin_call *c,
                     struct ov_http_answer *a)
{
    struct listing l = {.to = &a->body};
    struct ov_span from = c->word;
    struct ov_diag diag = {.text = ""};
    enum control_case_state state;
    struct ov_span word;
    uint64_t first = 0;
    enum ov_status status;
    bool has_from = ov_span_cut(&from, '+', &word);

    if (!triage_state_parse(word, &state) ||
        (has_from && !ov_parse_uint(from, INT64_MAX, &first))) {
        admin_refuse(a, HTTP_NOT_FOUND, "open, decided or closed");
        return;
    }
    a->code = HTTP_OK;
    ov_put_str(&a->body, "{\"cases\":[");
    status = control_case_list(s->store, state, first, list_case, &l, &diag);
    ov_put_str(&a->body, "]}\n");
    if (status == OV_OK)
        status = ov_buf_status(&a->body);
    if (status != OV_OK)
        admin_fail(s, a, status, &diag);
}

static void get_case(struct admin_service *s, const struct admin_call *call,
                     enum ov_envelope_purpose purpose, struct ov_http_answer *a)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(2 * OV_CASE_MAX);
    OV_AUTO_DONE(buf) notes = ov_buf_with_max(TRIAGE_PAGE_MAX);
    struct ov_diag diag = {.text = ""};
    uint8_t sample[32];
    const struct control_case_want want = {sample, purpose, &text, &notes};
    struct control_case c;
    enum ov_status status;

    if (!ov_hex_decode(call->word, sample, sizeof(sample))) {
        admin_refuse(a, HTTP_NOT_FOUND, "not a SHA-256");
        return;
    }
    status = control_case_get(s->store, &want, &c, &diag);
    if (status != OV_OK) {
        admin_fail(s, a, status, &diag);
        return;
    }
    a->code = HTTP_OK;
    ov_put_u8(&a->body, '{');
    put_case(&a->body, &c);
    ov_put_str(&a->body, ",\"seen\":\"");
    ov_put_hex(&a->body, ov_span_of(c.seen, sizeof(c.seen)));
    ov_put_str(&a->body, "\",");
    put_text(&a->body, "text", ov_buf_span(&text));
    ov_put_u8(&a->body, ',');
    put_text(&a->body, "decisions", ov_buf_span(&notes));
    ov_put_str(&a->body, "}\n");
}

void admin_get_sample(struct admin_service *s, const struct admin_call *c,
                      struct ov_http_answer *a)
{
    get_case(s, c, OV_PURPOSE_SAMPLE, a);
}

void admin_get_false_positive(struct admin_service *s,
                              const struct admin_call *c,
                              struct ov_http_answer *a)
{
    get_case(s, c, OV_PURPOSE_FALSE_POSITIVE, a);
}

static void refuse_decision(struct admin_service *s, enum ov_status status,
                            const struct ov_diag *diag,
                            struct ov_http_answer *a)
{
    if (status == OV_BAD_SIGNATURE)
        admin_refuse(a, HTTP_FORBIDDEN, diag->text);
    else if (status == OV_MALFORMED || status == OV_TRUNCATED ||
             status == OV_LIMIT_SIZE || status == OV_UNSUPPORTED)
        admin_refuse(a, HTTP_BAD, "not a signed decision");
    else
        admin_fail(s, a, OV_IO, diag);
}

void admin_post_decision(struct admin_service *s, const struct admin_call *c,
                         struct ov_http_answer *a)
{
    static const unsigned codes[] = {
        [DECIDING_KEPT] = HTTP_CREATED,   [DECIDING_AGREED] = HTTP_CREATED,
        [DECIDING_KNOWN] = HTTP_OK,       [DECIDING_CLOSED] = HTTP_CONFLICT,
        [DECIDING_OTHER] = HTTP_CONFLICT, [DECIDING_NO_CASE] = HTTP_NOT_FOUND,
    };
    const struct triage_desk desk = {
        .store = s->store, .people = s->people, .now = s->now};
    enum control_deciding outcome = DECIDING_NO_CASE;
    struct ov_diag diag = {.text = ""};
    enum ov_status status = triage_take(&desk, c->body, &outcome, &diag);

    if (status != OV_OK) {
        refuse_decision(s, status, &diag, a);
        return;
    }
    if (codes[outcome] >= HTTP_BAD) {
        admin_refuse(a, codes[outcome], triage_outcome_words(outcome));
        return;
    }
    admin_note(s, c, triage_outcome_words(outcome));
    a->code = codes[outcome];
    ov_put_u8(&a->body, '{');
    put_text(&a->body, "outcome", ov_span_str(triage_outcome_words(outcome)));
    ov_put_str(&a->body, "}\n");
}
