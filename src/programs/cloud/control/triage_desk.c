/* SPDX-License-Identifier: Apache-2.0 */
#include "triage_desk.h"

#include "base/text.h"
#include "sys/file.h"

/* What people see of cases, for the terminal and for the API alike. */

#define ARENA_MAX ((size_t)8 << 20)

/* ---- people ---- */

enum ov_status triage_read_people(const char *path, struct ov_arena *a,
                                  struct ov_buf *text, struct ov_people *ret,
                                  struct ov_diag *diag)
{
    enum ov_status status;

    *text = ov_buf_with_max((size_t)4 << 20);
    status = ov_file_read(path, text);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0,
                           "%s: %s; the people file says who decides", path,
                           ov_status_name(status));
    return ov_people_parse(a, ov_buf_span(text), ret, diag);
}

/* ---- looking ---- */

bool triage_state_parse(struct ov_span word, enum control_case_state *ret)
{
    static const enum control_case_state all[] = {CASE_OPEN, CASE_DECIDED,
                                                  CASE_CLOSED};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (ov_span_equal(word, ov_span_str(control_case_state_word(all[i])))) {
            *ret = all[i];
            return true;
        }
    }
    return false;
}

struct ov_span triage_found_value(struct ov_span found, const char *name)
{
    struct ov_span line;
    struct ov_span word;

    while (found.len > 0) {
        (void)ov_span_cut(&found, '\n', &line);
        (void)ov_span_cut(&line, ' ', &word);
        if (ov_span_equal(word, ov_span_str(name)))
            return line;
    }
    return OV_SPAN_LIT("-");
}

static void put_case_line(void *data, const struct control_case *c,
                          struct ov_span found)
{
    struct ov_buf *b = data;

    ov_put_hex(b, ov_span_of(c->about.sample, sizeof(c->about.sample)));
    ov_put_format(b, " %s %s ", ov_purpose_name(c->about.purpose),
                  control_case_state_word(c->state));
    ov_put_time(b, c->since);
    ov_put_format(b, " %llu ", (unsigned long long)c->n);
    ov_put_escaped(b, triage_found_value(found, "verdict"));
    ov_put_u8(b, ' ');
    ov_put_escaped(b, triage_found_value(found, "rule"));
    ov_put_format(b, " %s %s\n", c->verdict[0] != '\0' ? c->verdict : "-",
                  c->family[0] != '\0' ? c->family : "-");
}

enum ov_status triage_put_list(const struct triage_desk *t,
                               enum control_case_state state, uint64_t from,
                               struct ov_buf *page, struct ov_diag *diag)
{
    OV_TRY(control_case_list(t->store, state, from, put_case_line, page, diag));
    return ov_buf_status(page);
}

static void put_head(struct ov_buf *page, const struct control_case *c)
{
    ov_put_format(page, "\nstate %s\nsubmissions %llu\nsince ",
                  control_case_state_word(c->state), (unsigned long long)c->n);
    ov_put_time(page, c->since);
    ov_put_str(page, "\nseen ");
    ov_put_hex(page, ov_span_of(c->seen, sizeof(c->seen)));
    if (c->verdict[0] != '\0')
        ov_put_format(page, "\nverdict %s %s", c->verdict,
                      c->family[0] != '\0' ? c->family : "-");
    ov_put_str(page, "\n\n");
}

enum ov_status triage_put_case(const struct triage_desk *t,
                               const uint8_t sample[static 32],
                               enum ov_envelope_purpose purpose,
                               bool is_text_only, struct ov_buf *page,
                               struct ov_diag *diag)
{
    OV_AUTO_DONE(buf)
    notes = ov_buf_with_max(TRIAGE_PAGE_MAX - 2 * OV_CASE_MAX);
    const struct control_case_want want = {sample, purpose, page, &notes};
    struct control_case c;

    OV_TRY(control_case_get(t->store, &want, &c, diag));
    if (!is_text_only) {
        put_head(page, &c);
        ov_put_span(page, ov_buf_span(&notes));
    }
    return ov_buf_status(page);
}

/* ---- deciding ---- */

enum ov_status triage_take(const struct triage_desk *t, struct ov_span note,
                           enum control_deciding *ret, struct ov_diag *diag)
{
    OV_AUTO(arena) a = ov_arena_new(ARENA_MAX);
    OV_AUTO_DONE(buf) text = {.ptr = NULL};
    struct ov_people people;
    const struct control_decision d = {
        .people = &people, .note = note, .now = t->now()};

    if (a == NULL)
        return ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
    OV_TRY(triage_read_people(t->people, a, &text, &people, diag));
    return control_case_decide(t->store, &d, ret, diag);
}

const char *triage_outcome_words(enum control_deciding outcome)
{
    switch (outcome) {
    case DECIDING_KEPT:
        return "kept; others have to say the same";
    case DECIDING_AGREED:
        return "kept; enough people agree";
    case DECIDING_KNOWN:
        return "known already, or older than what is known";
    case DECIDING_CLOSED:
        return "the case is decided already";
    case DECIDING_OTHER:
        return "about another round of the case, or another text of it";
    case DECIDING_NO_CASE:
    default:
        return "no such case";
    }
}
