/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/triage.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "reputation/fields.h"

/* Texts of cases and decisions, and when people agree. Who is who is decided by
 * keys alone (trust/people.h): one person has one key at a time, so different
 * people are different keys. Formats: docs/protocol-submissions.md, "Triage".
 */

#define CASE_LINE "overt-case/1"
#define CASE_LINES 5
#define DECISION_LINE "overt-decision/1"
/* Behind every index of a log: who is valid here is valid until further notice
 * (trust/people.h: from <= index < to). */
#define NOW_INDEX (UINT64_MAX - 1)

static const char nothing[] = "nothing";

/* ---- cases ---- */

bool ov_triage_case_is_same(const struct ov_triage_case *a,
                            const struct ov_triage_case *b)
{
    return strcmp(a->region, b->region) == 0 &&
           memcmp(a->sample, b->sample, sizeof(a->sample)) == 0 &&
           a->purpose == b->purpose && a->round == b->round;
}

static void put_about(struct ov_buf *b, const struct ov_triage_case *c)
{
    ov_put_format(b, "region %s\nsample ", c->region);
    ov_put_hex(b, ov_span_of(c->sample, sizeof(c->sample)));
    ov_put_format(b, "\npurpose %s\nround %llu\n", ov_purpose_name(c->purpose),
                  (unsigned long long)c->round);
}

static void read_about(struct ov_fields *f, struct ov_triage_case *c)
{
    struct ov_span region = ov_field_word(f, "region");

    ov_fields_require(f, ov_region_is_valid(region), OV_MALFORMED);
    if (f->status == OV_OK)
        memcpy(c->region, region.ptr, region.len);
    ov_field_hex(f, "sample", c->sample, sizeof(c->sample));
    ov_fields_require(
        f, ov_purpose_parse(ov_field_word(f, "purpose"), &c->purpose),
        OV_MALFORMED);
    c->round = ov_field_number(f, "round", OV_TRIAGE_ROUND_MAX);
    ov_fields_require(f, c->round > 0, OV_MALFORMED);
}

void ov_put_triage_case(struct ov_buf *b, const struct ov_triage_case *c,
                        struct ov_span found)
{
    ov_put_str(b, CASE_LINE "\n");
    put_about(b, c);
    ov_put_span(b, found);
}

enum ov_status ov_triage_case_parse(struct ov_span text,
                                    struct ov_triage_case *ret,
                                    uint8_t ret_seen[static 32],
                                    struct ov_diag *diag)
{
    struct ov_fields f = ov_fields_over(text);
    struct ov_triage_case c = {.round = 0};
    uint8_t digest[OV_DIGEST_MAX];

    ov_fields_require(&f, text.len <= OV_CASE_MAX, OV_LIMIT_SIZE);
    ov_field_line(&f, CASE_LINE);
    read_about(&f, &c);
    f.rest = ov_span_of(NULL, 0); /* what was found is for people */
    OV_TRY(ov_fields_end(&f, diag));
    OV_TRY(ov_digest(OV_SHA256, text, digest));
    memcpy(ret_seen, digest, 32);
    *ret = c;
    return OV_OK;
}

struct ov_span ov_triage_case_found(struct ov_span text)
{
    struct ov_span line;

    for (unsigned i = 0; i < CASE_LINES; i++)
        (void)ov_span_cut(&text, '\n', &line);
    return text;
}

/* ---- verdicts ---- */

const char *ov_triage_verdict_word(const struct ov_triage_verdict *v)
{
    return v->is_nothing ? nothing : ov_reputation_name(v->reputation);
}

static bool may_have_family(const struct ov_triage_verdict *v)
{
    return !v->is_nothing && v->reputation != OV_REPUTATION_GOOD &&
           v->reputation != OV_REPUTATION_RECALLED;
}

bool ov_triage_verdict_parse(struct ov_span word, struct ov_span family,
                             struct ov_triage_verdict *ret)
{
    struct ov_triage_verdict v = {.is_nothing = false};

    if (ov_span_equal(word, ov_span_str(nothing)))
        v.is_nothing = true;
    else if (!ov_reputation_parse(word, &v.reputation))
        return false;
    if (family.len > 0 && !ov_span_equal(family, OV_SPAN_LIT("-"))) {
        if (!may_have_family(&v) || !ov_family_name_is_valid(family))
            return false;
        v.family = family;
    }
    *ret = v;
    return true;
}

bool ov_triage_verdict_is_same(const struct ov_triage_verdict *a,
                               const struct ov_triage_verdict *b)
{
    return a->is_nothing == b->is_nothing &&
           (a->is_nothing || a->reputation == b->reputation) &&
           ov_span_equal(a->family, b->family);
}

/* ---- decisions ---- */

void ov_put_decision(struct ov_buf *b, const struct ov_decision *d)
{
    ov_put_str(b, DECISION_LINE "\n");
    put_about(b, &d->about);
    ov_put_str(b, "seen ");
    ov_put_hex(b, ov_span_of(d->seen, sizeof(d->seen)));
    ov_put_format(b, "\nverdict %s\nfamily ",
                  ov_triage_verdict_word(&d->verdict));
    ov_put_span(b, d->verdict.family.len > 0 ? d->verdict.family
                                             : OV_SPAN_LIT("-"));
    ov_put_str(b, "\nperson ");
    ov_put_span(b, d->person);
    ov_put_str(b, "\ntime ");
    ov_put_time(b, d->time);
    ov_put_str(b, "\nwhy ");
    ov_put_span(b, d->why);
    ov_put_u8(b, '\n');
}

enum ov_status ov_decision_parse(struct ov_span text, struct ov_decision *ret,
                                 struct ov_diag *diag)
{
    struct ov_fields f = ov_fields_over(text);
    struct ov_decision d = {.time = 0};
    struct ov_span word;
    struct ov_span family;

    ov_field_line(&f, DECISION_LINE);
    read_about(&f, &d.about);
    ov_field_hex(&f, "seen", d.seen, sizeof(d.seen));
    word = ov_field_word(&f, "verdict");
    family = ov_field_word(&f, "family");
    ov_fields_require(&f, ov_triage_verdict_parse(word, family, &d.verdict),
                      OV_MALFORMED);
    d.person = ov_field_word(&f, "person");
    ov_fields_require(&f, d.person.len <= OV_DECISION_PERSON_MAX,
                      OV_LIMIT_SIZE);
    d.time = ov_field_time(&f, "time");
    d.why = ov_field_text(&f, "why");
    ov_fields_require(&f, d.why.len <= OV_DECISION_WHY_MAX, OV_LIMIT_SIZE);
    OV_TRY(ov_fields_end(&f, diag));
    *ret = d;
    return OV_OK;
}

enum ov_status ov_decision_sign(struct ov_buf *b, const struct ov_decision *d,
                                const struct ov_vkey *key,
                                const uint8_t seed[static OV_ED25519_SEED])
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_DECISION_MAX);

    ov_put_decision(&note, d);
    ov_put_u8(&note, '\n');
    OV_TRY(ov_put_note_signature(&note, key, seed));
    ov_put_span(b, ov_buf_span(&note));
    return ov_buf_status(b);
}

static enum ov_status check_signer(const struct ov_signers *signers,
                                   const struct ov_decision *d,
                                   struct ov_diag *diag)
{
    if (signers->n != 1 || signers->count[OV_PERSON] != 1)
        return ov_diag_set(diag, OV_BAD_SIGNATURE, 0,
                           "not signed by one person of the people file");
    if (!ov_span_equal(signers->list[0]->name, d->person))
        return ov_diag_set(diag, OV_BAD_SIGNATURE, 0,
                           "signed by somebody else than it says");
    return OV_OK;
}

enum ov_status ov_decision_open(struct ov_arena *a, struct ov_span note,
                                const struct ov_people *people,
                                struct ov_decision *ret, struct ov_diag *diag)
{
    struct ov_note *n = ov_arena_alloc(a, sizeof(*n));
    struct ov_signers *signers = ov_arena_alloc(a, sizeof(*signers));
    struct ov_decision d;
    struct ov_span copy;

    if (note.len > OV_DECISION_MAX)
        return ov_diag_set(diag, OV_LIMIT_SIZE, 0, "too long for a decision");
    if (n == NULL || signers == NULL || !ov_arena_copy(a, note, &copy))
        return ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
    if (ov_note_parse(a, copy, n) != OV_OK)
        return ov_diag_set(diag, OV_MALFORMED, 0, "not a signed note");
    if (ov_people_signers(people, n, NOW_INDEX, signers) != OV_OK)
        return ov_diag_set(diag, OV_BAD_SIGNATURE, 0,
                           "a signature does not hold");
    OV_TRY(ov_decision_parse(n->text, &d, diag));
    OV_TRY(check_signer(signers, &d, diag));
    *ret = d;
    return OV_OK;
}

/* ---- agreement ---- */

unsigned ov_triage_need(const struct ov_people *people)
{
    return people->need[OV_PERSON] > OV_TRIAGE_PEOPLE ? people->need[OV_PERSON]
                                                      : OV_TRIAGE_PEOPLE;
}

static bool counts(const struct ov_decision *d,
                   const struct ov_triage_case *about, const uint8_t *seen)
{
    return ov_triage_case_is_same(&d->about, about) &&
           memcmp(d->seen, seen, sizeof(d->seen)) == 0;
}

/* Whether the same person has said something later that counts. */
static bool is_overtaken(const struct ov_decision *list, size_t n, size_t i,
                         const struct ov_triage_case *about,
                         const uint8_t *seen)
{
    for (size_t k = 0; k < n; k++) {
        bool is_later = list[k].time > list[i].time ||
                        (list[k].time == list[i].time && k > i);

        if (is_later && counts(&list[k], about, seen) &&
            ov_span_equal(list[k].person, list[i].person))
            return true;
    }
    return false;
}

bool ov_triage_agree(const struct ov_decision *list, size_t n,
                     const struct ov_triage_case *about,
                     const uint8_t seen[static 32], unsigned need,
                     struct ov_agreement *ret)
{
    const struct ov_decision *valid[OV_TRIAGE_DECISIONS_MAX];
    size_t n_valid = 0;

    for (size_t i = 0; i < n && n_valid < OV_TRIAGE_DECISIONS_MAX; i++) {
        if (counts(&list[i], about, seen) &&
            !is_overtaken(list, n, i, about, seen))
            valid[n_valid++] = &list[i];
    }
    for (size_t i = 0; i < n_valid; i++) {
        struct ov_agreement a = {.verdict = valid[i]->verdict};

        for (size_t k = 0; k < n_valid; k++) {
            if (ov_triage_verdict_is_same(&valid[k]->verdict, &a.verdict))
                a.by[a.n++] = valid[k];
        }
        if (a.n >= need && a.n >= OV_TRIAGE_PEOPLE) {
            *ret = a;
            return true;
        }
    }
    return false;
}
