/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "reputation/envelope.h"
#include "reputation/reputation.h"
#include "trust/people.h"

/* What people decide about samples: a case is shown to them as a text, each
 * signs a decision about exactly that text, and two different people who say
 * the same make it a verdict. docs/protocol-submissions.md, "Triage".
 *
 *     overt-case/1                      overt-decision/1
 *     region eu                         region eu
 *     sample 64 digits (SHA-256)        sample 64 digits
 *     purpose sample                    purpose sample
 *     round 1                           round 1
 *     ... what was found                seen 64 digits: SHA-256 of the case
 *                                       verdict malicious
 *                                       family Example.Family    "-": none
 *                                       person p-01
 *                                       time 2026-11-23T10:00:00Z
 *                                       why A line of words.
 *
 * A decision is a signed note (log/note.h) by the person's key of the people
 * file. It holds for one round of one case: said again later, or elsewhere, it
 * says nothing. */

#define OV_CASE_MAX ((size_t)32 << 10)
#define OV_DECISION_MAX ((size_t)4 << 10)
#define OV_DECISION_WHY_MAX 500
#define OV_DECISION_PERSON_MAX 63
#define OV_TRIAGE_ROUND_MAX 1000000
/* So many people at least, whatever the people file needs. */
#define OV_TRIAGE_PEOPLE 2
/* Decisions of one round that are looked at. */
#define OV_TRIAGE_DECISIONS_MAX 32

/* Which case. */
struct ov_triage_case {
    char region[OV_REGION_MAX + 1];
    uint8_t sample[32];
    enum ov_envelope_purpose purpose;
    uint64_t round; /* from 1 */
};

bool ov_triage_case_is_same(const struct ov_triage_case *a,
                            const struct ov_triage_case *b);

/* Appends a case's text; found: lines. */
void ov_put_triage_case(struct ov_buf *b, const struct ov_triage_case *c,
                        struct ov_span found);
/* ret_seen: SHA-256 of the text. OV_MALFORMED, OV_TRUNCATED, OV_UNSUPPORTED,
 * OV_LIMIT_SIZE. */
OV_MUST_USE enum ov_status ov_triage_case_parse(struct ov_span text,
                                                struct ov_triage_case *ret,
                                                uint8_t ret_seen[static 32],
                                                struct ov_diag *diag);

/* What is behind the case's own lines. */
struct ov_span ov_triage_case_found(struct ov_span text);

/* What a person says: a reputation, or that nothing is to be said. */
struct ov_triage_verdict {
    bool is_nothing;
    enum ov_reputation reputation;
    struct ov_span family; /* empty: none; always so with is_nothing */
};

/* "nothing", or the reputation's name. */
const char *ov_triage_verdict_word(const struct ov_triage_verdict *v);
/* family "-" or empty: none. False: no such verdict, a wrong name, or one that
 * has no family ("nothing", "good", "recalled"). */
bool ov_triage_verdict_parse(struct ov_span word, struct ov_span family,
                             struct ov_triage_verdict *ret);
bool ov_triage_verdict_is_same(const struct ov_triage_verdict *a,
                               const struct ov_triage_verdict *b);

struct ov_decision {
    struct ov_triage_case about;
    uint8_t seen[32];
    struct ov_triage_verdict verdict;
    struct ov_span person;
    uint64_t time;
    struct ov_span why;
};

void ov_put_decision(struct ov_buf *b, const struct ov_decision *d);
/* Borrows text. As ov_triage_case_parse. */
OV_MUST_USE enum ov_status ov_decision_parse(struct ov_span text,
                                             struct ov_decision *ret,
                                             struct ov_diag *diag);

/* Appends the whole note. OV_USAGE: not a key that signs. */
OV_MUST_USE enum ov_status
ov_decision_sign(struct ov_buf *b, const struct ov_decision *d,
                 const struct ov_vkey *key,
                 const uint8_t seed[static OV_ED25519_SEED]);

/* Believes what one person of the people file has signed whose key has no end:
 * the newest file counts, and who has left decides nothing. Lives in a.
 * OV_BAD_SIGNATURE with words, and as the parser. */
OV_MUST_USE enum ov_status ov_decision_open(struct ov_arena *a,
                                            struct ov_span note,
                                            const struct ov_people *people,
                                            struct ov_decision *ret,
                                            struct ov_diag *diag);

/* Decisions that were opened, of one case. */
struct ov_agreement {
    struct ov_triage_verdict verdict;
    const struct ov_decision *by[OV_TRIAGE_DECISIONS_MAX];
    size_t n;
};

/* The verdict on which enough different people agree; false if there is none.
 * Of one person the last counts. Decisions about another case, or another text
 * of it, don't. */
bool ov_triage_agree(const struct ov_decision *list, size_t n,
                     const struct ov_triage_case *about,
                     const uint8_t seen[static 32], unsigned need,
                     struct ov_agreement *ret);
/* How many are needed by this file: OV_TRIAGE_PEOPLE at least. */
unsigned ov_triage_need(const struct ov_people *people);
