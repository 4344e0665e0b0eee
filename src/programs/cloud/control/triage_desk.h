/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "case_store.h"

/* Cases as text, and decisions on their way into the store. */

#define TRIAGE_PAGE_MAX ((size_t)1 << 20)

struct triage_desk {
    struct control_store *store;
    const char *people; /* the file, read anew for each decision */
    uint64_t (*now)(void);
};

/* Reads the people file into a; text must outlive ret. With words in diag. */
OV_MUST_USE enum ov_status
triage_read_people(const char *path, struct ov_arena *a, struct ov_buf *text,
                   struct ov_people *ret, struct ov_diag *diag);

/* Cases, a line each: SAMPLE PURPOSE STATE SINCE SUBMISSIONS FOUND RULE VERDICT
 * FAMILY, "-" for what there is not. */
OV_MUST_USE enum ov_status triage_put_list(const struct triage_desk *t,
                                           enum control_case_state state,
                                           uint64_t from, struct ov_buf *page,
                                           struct ov_diag *diag);
bool triage_state_parse(struct ov_span word, enum control_case_state *ret);

/* The first value of that name in what was found; "-" if there is none. */
struct ov_span triage_found_value(struct ov_span found, const char *name);

/* One case: the text, and without is_text_only what people have said. */
OV_MUST_USE enum ov_status
triage_put_case(const struct triage_desk *t, const uint8_t sample[static 32],
                enum ov_envelope_purpose purpose, bool is_text_only,
                struct ov_buf *page, struct ov_diag *diag);

OV_MUST_USE enum ov_status triage_take(const struct triage_desk *t,
                                       struct ov_span note,
                                       enum control_deciding *ret,
                                       struct ov_diag *diag);
const char *triage_outcome_words(enum control_deciding outcome);
