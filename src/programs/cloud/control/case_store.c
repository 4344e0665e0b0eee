/* SPDX-License-Identifier: Apache-2.0 */
#include "case_store.h"

#include "base/text.h"
#include "control_run.h"

/* Cases and decisions. A case's text is made of its row, and decisions name its
 * SHA-256, so that nobody signs what he was not shown. Whether people agree is
 * asked of the notes (reputation/triage.c), in the transaction that adds one;
 * what the row says of it is for lists. */

#define ARENA_MAX ((size_t)4 << 20)
#define CASE_COLUMNS                                                           \
    "sample, purpose, round, found, since, n, state, decided, verdict, family"

const char *control_case_state_word(enum control_case_state state)
{
    switch (state) {
    case CASE_OPEN:
        return "open";
    case CASE_DECIDED:
        return "decided";
    case CASE_CLOSED:
    default:
        return "closed";
    }
}

/* ---- rows ---- */

static void copy_text(char *to, size_t size, const char *value)
{
    size_t len = value != NULL ? strlen(value) : 0;

    to[0] = '\0';
    if (len < size && value != NULL)
        memcpy(to, value, len + 1);
}

static void read_row(const struct control_store *s, const char *const *values,
                     struct control_case *ret)
{
    struct control_case c = {.n = 0};

    memcpy(c.about.region, s->region, sizeof(c.about.region));
    control_bytes(values[0], c.about.sample, sizeof(c.about.sample));
    c.about.purpose = (enum ov_envelope_purpose)control_number(values[1]);
    c.about.round = control_number(values[2]);
    c.since = control_number(values[4]);
    c.n = control_number(values[5]);
    c.state = (enum control_case_state)control_number(values[6]);
    c.decided = control_number(values[7]);
    copy_text(c.verdict, sizeof(c.verdict), values[8]);
    copy_text(c.family, sizeof(c.family), values[9]);
    *ret = c;
}

struct list_act {
    const struct control_store *s;
    enum control_case_state state;
    uint64_t from;
    void (*each)(void *data, const struct control_case *c,
                 struct ov_span found);
    void *data;
    uint64_t given; /* in an earlier try */
    uint64_t at;
};

static void list_row(void *data, const char *const *values, size_t n)
{
    struct list_act *a = data;
    struct control_case c;

    if (n != 10 || values[3] == NULL || a->at++ < a->given)
        return;
    read_row(a->s, values, &c);
    a->each(a->data, &c, ov_span_str(values[3]));
    a->given++;
}

static enum ov_status list_cases(struct control_store *s, void *data,
                                 struct ov_diag *diag)
{
    struct list_act *a = data;
    struct control_values v = {.n = 0};

    a->s = s;
    a->at = 0;
    control_add_text(&v, s->region);
    control_add_number(&v, a->state);
    control_add_number(&v, CASES_PER_PAGE);
    control_add_number(&v, a->from);
    return control_run(s,
                       "SELECT " CASE_COLUMNS " FROM cases WHERE region = $1"
                       " AND state = $2 ORDER BY decided, since, sample,"
                       " purpose LIMIT $3 OFFSET $4",
                       &v, list_row, a, diag);
}

enum ov_status control_case_list(struct control_store *s,
                                 enum control_case_state state, uint64_t from,
                                 void (*each)(void *data,
                                              const struct control_case *c,
                                              struct ov_span found),
                                 void *data, struct ov_diag *diag)
{
    struct list_act a = {
        .state = state, .from = from, .each = each, .data = data};

    return control_transaction(s, list_cases, &a, diag);
}

/* ---- one ---- */

struct one {
    const uint8_t *sample;
    enum ov_envelope_purpose purpose;
    const struct control_store *s;
    struct control_case row;
    struct ov_buf text;
    bool is_found;
};

static void one_done(struct one *o)
{
    ov_buf_done(&o->text);
}

#define AUTO_ONE __attribute__((cleanup(one_done))) struct one

static void one_row(void *data, const char *const *values, size_t n)
{
    struct one *o = data;

    if (n != 10 || values[3] == NULL)
        return;
    read_row(o->s, values, &o->row);
    ov_buf_clear(&o->text);
    ov_put_triage_case(&o->text, &o->row.about, ov_span_str(values[3]));
    o->is_found = true;
}

static enum ov_status read_one(struct control_store *s, struct one *o,
                               struct ov_diag *diag)
{
    struct control_values v = {.n = 0};
    struct ov_triage_case same;

    o->s = s;
    o->is_found = false;
    control_add_text(&v, s->region);
    control_add_hex(&v, o->sample, 32);
    control_add_number(&v, o->purpose);
    OV_TRY(control_run(s,
                       "SELECT " CASE_COLUMNS " FROM cases WHERE region = $1"
                       " AND sample = $2 AND purpose = $3",
                       &v, one_row, o, diag));
    if (!o->is_found)
        return OV_OK;
    OV_TRY(ov_buf_status(&o->text));
    return ov_triage_case_parse(ov_buf_span(&o->text), &same, o->row.seen,
                                diag);
}

static void add_round(struct control_values *v, const struct control_store *s,
                      const struct ov_triage_case *c)
{
    control_add_text(v, s->region);
    control_add_hex(v, c->sample, sizeof(c->sample));
    control_add_number(v, c->purpose);
    control_add_number(v, c->round);
}

static void note_row(void *data, const char *const *values, size_t n)
{
    if (n >= 1 && values[0] != NULL) {
        ov_put_str(data, values[0]);
        ov_put_u8(data, '\n');
    }
}

struct get_act {
    struct one *one;
    struct ov_buf *notes;
};

static enum ov_status get_one(struct control_store *s, void *data,
                              struct ov_diag *diag)
{
    struct get_act *a = data;
    struct control_values v = {.n = 0};

    OV_TRY(read_one(s, a->one, diag));
    if (!a->one->is_found)
        return ov_diag_set(diag, OV_NOT_FOUND, 0, "no such case");
    if (a->notes == NULL)
        return OV_OK;
    ov_buf_clear(a->notes);
    add_round(&v, s, &a->one->row.about);
    OV_TRY(control_run(s,
                       "SELECT note FROM decisions WHERE region = $1"
                       " AND sample = $2 AND purpose = $3 AND round = $4"
                       " ORDER BY person",
                       &v, note_row, a->notes, diag));
    return ov_buf_status(a->notes);
}

enum ov_status control_case_get(struct control_store *s,
                                const struct control_case_want *w,
                                struct control_case *ret, struct ov_diag *diag)
{
    AUTO_ONE one = {.sample = w->sample,
                    .purpose = w->purpose,
                    .text = ov_buf_with_max(2 * OV_CASE_MAX)};
    struct get_act a = {&one, w->notes};

    OV_TRY(control_transaction(s, get_one, &a, diag));
    *ret = one.row;
    if (w->text == NULL)
        return OV_OK;
    ov_put_span(w->text, ov_buf_span(&one.text));
    return ov_buf_status(w->text);
}

/* ---- what people say ---- */

/* The decisions of a round that hold by this people file. */
struct said {
    struct ov_arena *arena;
    const struct ov_people *people;
    struct ov_decision *list; /* OV_TRIAGE_DECISIONS_MAX */
    size_t n;
};

/* One that does not hold (who said it has left) is not counted. */
static void said_row(void *data, const char *const *values, size_t n)
{
    struct said *w = data;

    if (n != 1 || values[0] == NULL || w->n == OV_TRIAGE_DECISIONS_MAX)
        return;
    if (ov_decision_open(w->arena, ov_span_str(values[0]), w->people,
                         &w->list[w->n], NULL) == OV_OK)
        w->n++;
}

static enum ov_status read_said(struct control_store *s,
                                const struct ov_triage_case *c, struct said *w,
                                struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    w->n = 0;
    w->list =
        ov_arena_array(w->arena, OV_TRIAGE_DECISIONS_MAX, sizeof(*w->list));
    if (w->list == NULL)
        return ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
    add_round(&v, s, c);
    control_add_number(&v, OV_TRIAGE_DECISIONS_MAX);
    return control_run(s,
                       "SELECT note FROM decisions WHERE region = $1"
                       " AND sample = $2 AND purpose = $3 AND round = $4"
                       " ORDER BY person LIMIT $5",
                       &v, said_row, w, diag);
}

static void take_number(void *data, const char *const *values, size_t n)
{
    if (n >= 1)
        *(uint64_t *)data = control_number(values[0]);
}

/* When this person has last decided in this round, and one: 0 for never. */
static enum ov_status last_said(struct control_store *s,
                                const struct ov_triage_case *c,
                                const char *person, uint64_t *ret,
                                struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    *ret = 0;
    add_round(&v, s, c);
    control_add_text(&v, person);
    return control_run(s,
                       "SELECT at + 1 FROM decisions WHERE region = $1"
                       " AND sample = $2 AND purpose = $3 AND round = $4"
                       " AND person = $5",
                       &v, take_number, ret, diag);
}

static enum ov_status keep_decision(struct control_store *s,
                                    const struct ov_decision *d,
                                    const char *person, struct ov_span note,
                                    struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_DECISION_MAX + 1);
    struct control_values v = {.n = 0};

    ov_put_span(&text, note);
    ov_put_u8(&text, 0);
    OV_TRY(ov_buf_status(&text));
    add_round(&v, s, &d->about);
    control_add_text(&v, person);
    OV_TRY(control_run(s,
                       "DELETE FROM decisions WHERE region = $1"
                       " AND sample = $2 AND purpose = $3 AND round = $4"
                       " AND person = $5",
                       &v, NULL, NULL, diag));
    control_add_number(&v, d->time);
    control_add_text(&v, (const char *)text.ptr);
    return control_run(s,
                       "INSERT INTO decisions (region, sample, purpose, round,"
                       " person, at, note) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                       &v, NULL, NULL, diag);
}

static enum ov_status write_verdict(struct control_store *s,
                                    const struct ov_triage_case *c,
                                    const struct ov_triage_verdict *verdict,
                                    uint64_t now, struct ov_diag *diag)
{
    struct control_values v = {.n = 0};
    char family[OV_FAMILY_NAME_MAX + 1];
    size_t len = verdict->family.len;

    if (len >= sizeof(family))
        return OV_LIMIT_SIZE;
    if (len > 0)
        memcpy(family, verdict->family.ptr, len);
    family[len] = '\0';
    control_add_number(&v, verdict->is_nothing ? CASE_CLOSED : CASE_DECIDED);
    control_add_number(&v, now);
    control_add_text(&v, ov_triage_verdict_word(verdict));
    control_add_text(&v, family);
    add_round(&v, s, c);
    return control_run(s,
                       "UPDATE cases SET state = $1, decided = $2,"
                       " verdict = $3, family = $4 WHERE region = $5"
                       " AND sample = $6 AND purpose = $7 AND round = $8",
                       &v, NULL, NULL, diag);
}

struct decide_act {
    const struct control_decision *d;
    const struct ov_decision *decision;
    char person[OV_DECISION_PERSON_MAX + 1];
    struct one *one;
    enum control_deciding outcome;
};

/* Whether it is about what there is, and later than what he has said. */
static enum ov_status look_at_decision(struct control_store *s,
                                       struct decide_act *a, bool *ret_is_new,
                                       struct ov_diag *diag)
{
    const struct ov_decision *d = a->decision;
    uint64_t last = 0;

    *ret_is_new = false;
    OV_TRY(read_one(s, a->one, diag));
    a->outcome = DECIDING_NO_CASE;
    if (!a->one->is_found)
        return OV_OK;
    a->outcome = DECIDING_OTHER;
    if (!ov_triage_case_is_same(&d->about, &a->one->row.about) ||
        memcmp(d->seen, a->one->row.seen, sizeof(d->seen)) != 0)
        return OV_OK;
    OV_TRY(last_said(s, &d->about, a->person, &last, diag));
    a->outcome = DECIDING_KNOWN;
    if (last > d->time)
        return OV_OK;
    a->outcome = DECIDING_CLOSED;
    *ret_is_new = a->one->row.state == CASE_OPEN;
    return OV_OK;
}

static enum ov_status decide(struct control_store *s, void *data,
                             struct ov_diag *diag)
{
    struct decide_act *a = data;
    OV_AUTO(arena) arena = ov_arena_new(ARENA_MAX);
    struct said said = {.arena = arena, .people = a->d->people};
    struct ov_agreement agreement;
    bool is_new = false;

    if (arena == NULL)
        return ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
    OV_TRY(look_at_decision(s, a, &is_new, diag));
    if (!is_new)
        return OV_OK;
    OV_TRY(keep_decision(s, a->decision, a->person, a->d->note, diag));
    OV_TRY(read_said(s, &a->decision->about, &said, diag));
    a->outcome = DECIDING_KEPT;
    if (!ov_triage_agree(said.list, said.n, &a->decision->about,
                         a->one->row.seen, ov_triage_need(a->d->people),
                         &agreement))
        return OV_OK;
    a->outcome = DECIDING_AGREED;
    return write_verdict(s, &a->decision->about, &agreement.verdict, a->d->now,
                         diag);
}

enum ov_status control_case_decide(struct control_store *s,
                                   const struct control_decision *d,
                                   enum control_deciding *ret,
                                   struct ov_diag *diag)
{
    OV_AUTO(arena) arena = ov_arena_new(ARENA_MAX);
    AUTO_ONE one = {.text = ov_buf_with_max(2 * OV_CASE_MAX)};
    struct ov_decision decision;
    struct decide_act a = {.d = d, .decision = &decision, .one = &one};

    if (arena == NULL)
        return ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
    OV_TRY(ov_decision_open(arena, d->note, d->people, &decision, diag));
    memcpy(a.person, decision.person.ptr, decision.person.len);
    one.sample = decision.about.sample;
    one.purpose = decision.about.purpose;
    OV_TRY(control_transaction(s, decide, &a, diag));
    *ret = a.outcome;
    return OV_OK;
}

struct verify_act {
    const struct control_case *c;
    struct said said;
};

static enum ov_status read_again(struct control_store *s, void *data,
                                 struct ov_diag *diag)
{
    struct verify_act *a = data;

    return read_said(s, &a->c->about, &a->said, diag);
}

enum ov_status control_case_verify(struct control_store *s, struct ov_arena *a,
                                   const struct ov_people *people,
                                   const struct control_case *c,
                                   struct ov_agreement *ret,
                                   struct ov_diag *diag)
{
    struct verify_act act = {.c = c, .said = {.arena = a, .people = people}};

    OV_TRY(control_transaction(s, read_again, &act, diag));
    if (ov_triage_agree(act.said.list, act.said.n, &c->about, c->seen,
                        ov_triage_need(people), ret))
        return OV_OK;
    return ov_diag_set(diag, OV_BAD_PROOF, 0,
                       "no verdict that enough people have signed");
}

/* ---- its end, and another round ---- */

static enum ov_status close_one(struct control_store *s, void *data,
                                struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    control_add_number(&v, CASE_CLOSED);
    add_round(&v, s, data);
    control_add_number(&v, CASE_DECIDED);
    return control_run(s,
                       "UPDATE cases SET state = $1 WHERE region = $2"
                       " AND sample = $3 AND purpose = $4 AND round = $5"
                       " AND state = $6",
                       &v, NULL, NULL, diag);
}

enum ov_status control_case_close(struct control_store *s,
                                  const struct ov_triage_case *c,
                                  struct ov_diag *diag)
{
    struct ov_triage_case about = *c;

    return control_transaction(s, close_one, &about, diag);
}

struct reopen_act {
    struct one *one;
    uint64_t now;
    uint64_t made; /* by an earlier try whose answer was lost */
};

static enum ov_status reopen(struct control_store *s, void *data,
                             struct ov_diag *diag)
{
    struct reopen_act *a = data;
    struct control_values v = {.n = 0};

    OV_TRY(read_one(s, a->one, diag));
    if (!a->one->is_found)
        return ov_diag_set(diag, OV_NOT_FOUND, 0, "no such case");
    if (a->made != 0 && a->one->row.about.round == a->made)
        return OV_OK;
    if (a->one->row.state != CASE_CLOSED)
        return ov_diag_set(diag, OV_USAGE, 0, "the case is %s",
                           control_case_state_word(a->one->row.state));
    a->made = a->one->row.about.round + 1;
    if (a->made > OV_TRIAGE_ROUND_MAX)
        return ov_diag_set(diag, OV_LIMIT_COUNT, 0, "too many rounds");
    control_add_number(&v, a->made);
    control_add_number(&v, a->now);
    add_round(&v, s, &a->one->row.about);
    return control_run(s,
                       "UPDATE cases SET round = $1, state = 0, decided = 0,"
                       " since = $2, verdict = NULL, family = NULL"
                       " WHERE region = $3 AND sample = $4 AND purpose = $5"
                       " AND round = $6",
                       &v, NULL, NULL, diag);
}

enum ov_status control_case_reopen(struct control_store *s,
                                   const uint8_t sample[static 32],
                                   enum ov_envelope_purpose purpose,
                                   uint64_t now, struct ov_diag *diag)
{
    AUTO_ONE one = {.sample = sample,
                    .purpose = purpose,
                    .text = ov_buf_with_max(2 * OV_CASE_MAX)};
    struct reopen_act a = {.one = &one, .now = now};

    return control_transaction(s, reopen, &a, diag);
}
