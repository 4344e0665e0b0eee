/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "control_store.h"
#include "reputation/triage.h"

/* What people are to decide, and what they have decided (reputation/triage.h).
 * A decision is kept as the note that was signed, and whatever is made of it is
 * made of notes whose signatures hold: who can write to the database can lose
 * decisions, and make none. Statuses as of control_store.h. */

enum control_case_state {
    CASE_OPEN,
    CASE_DECIDED, /* two people agree: the journal is to have it */
    CASE_CLOSED,  /* it has, or nothing is to be said */
};

/* "open", "decided", "closed". */
const char *control_case_state_word(enum control_case_state state);

struct control_case {
    struct ov_triage_case about;
    enum control_case_state state;
    uint64_t since;   /* seconds since 1970 */
    uint64_t n;       /* of submissions */
    uint64_t decided; /* when; 0: not yet */
    char verdict[16]; /* as decisions have it; empty: none yet */
    char family[OV_FAMILY_NAME_MAX + 1];
    uint8_t seen[32]; /* SHA-256 of its text; of control_case_get alone */
};

/* The nth (from 0) and those behind it, 1,000 at most; the longest open first,
 * decided ones in the order of decisions. found: as of control_case_get. */
#define CASES_PER_PAGE 1000
OV_MUST_USE enum ov_status
control_case_list(struct control_store *s, enum control_case_state state,
                  uint64_t from,
                  void (*each)(void *data, const struct control_case *c,
                               struct ov_span found),
                  void *data, struct ov_diag *diag);

/* One case: its text (overt-case/1) is appended, and the notes of this round,
 * in the order of persons, with a blank line behind each; either may be NULL.
 */
struct control_case_want {
    const uint8_t *sample;
    enum ov_envelope_purpose purpose;
    struct ov_buf *text;
    struct ov_buf *notes;
};

/* OV_NOT_FOUND. */
OV_MUST_USE enum ov_status control_case_get(struct control_store *s,
                                            const struct control_case_want *w,
                                            struct control_case *ret,
                                            struct ov_diag *diag);

enum control_deciding {
    DECIDING_KEPT,    /* and more people are needed */
    DECIDING_AGREED,  /* with it enough people say the same */
    DECIDING_KNOWN,   /* it, or a later one of this person, was there */
    DECIDING_CLOSED,  /* the case is decided already */
    DECIDING_OTHER,   /* about another round, or another text of the case */
    DECIDING_NO_CASE, /* nothing of that name */
};

struct control_decision {
    const struct ov_people *people;
    struct ov_span note;
    uint64_t now;
};

/* Keeps a decision, and looks whether people agree, in one transaction.
 * OV_BAD_SIGNATURE, OV_MALFORMED, OV_LIMIT_SIZE as ov_decision_open. */
OV_MUST_USE enum ov_status control_case_decide(struct control_store *s,
                                               const struct control_decision *d,
                                               enum control_deciding *ret,
                                               struct ov_diag *diag);

/* Opens decisions again as they stand in the database, and tells on what people
 * agree. OV_BAD_PROOF: on nothing. Lives in a. */
OV_MUST_USE enum ov_status control_case_verify(struct control_store *s,
                                               struct ov_arena *a,
                                               const struct ov_people *people,
                                               const struct control_case *c,
                                               struct ov_agreement *ret,
                                               struct ov_diag *diag);

/* A decided case is closed. Again: nothing. */
OV_MUST_USE enum ov_status control_case_close(struct control_store *s,
                                              const struct ov_triage_case *c,
                                              struct ov_diag *diag);

/* Opens a closed case for another round. OV_USAGE if it is not closed. */
OV_MUST_USE enum ov_status control_case_reopen(struct control_store *s,
                                               const uint8_t sample[static 32],
                                               enum ov_envelope_purpose purpose,
                                               uint64_t now,
                                               struct ov_diag *diag);
