/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/note.h"
#include "trust/entry.h"

/* The people file (target trust/people): whose keys may sign what, for which
 * stretch of the log. Format and rules: docs/protocol-entries.md. */

#define OV_PEOPLE_MAX_SIZE (256U << 10)
#define OV_PEOPLE_MAX_KEYS 512

enum ov_people_group {
    OV_PERSON,
    OV_BUILDER,
    OV_CI,
    OV_REBUILDER,
    OV_LEGAL,   /* speaks of requests of authorities */
    OV_TRUSTEE, /* and this stranger of what is decided about them */
    OV_N_PEOPLE_GROUP
};

/* "person", and "people" with is_plural. */
const char *ov_people_group_name(enum ov_people_group group, bool is_plural);

struct ov_people_key {
    enum ov_people_group group;
    struct ov_span name; /* "p-07" */
    struct ov_vkey key;
    uint64_t from; /* log indices: from <= index < to */
    uint64_t to;   /* UINT64_MAX: no end */
};

struct ov_people {
    struct ov_span instance;
    unsigned
        need[OV_N_PEOPLE_GROUP]; /* keys, for entries that need the group */
    struct ov_people_key *keys;
    size_t n_keys;
};

/* Borrows text; keys live in a. OV_MALFORMED with the line and words in diag,
 * OV_LIMIT_SIZE, OV_LIMIT_COUNT, OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_people_parse(struct ov_arena *a,
                                           struct ov_span text,
                                           struct ov_people *ret,
                                           struct ov_diag *diag);

void ov_put_people(struct ov_buf *b, const struct ov_people *p);

/* The key of that name that is valid at index; NULL if there is none. */
const struct ov_people_key *ov_people_find(const struct ov_people *p,
                                           enum ov_people_group group,
                                           struct ov_span name, uint64_t index);

/* Whose signatures are on an entry; each public key once. */
struct ov_signers {
    const struct ov_people_key *list[OV_NOTE_MAX_SIGS];
    size_t n;
    unsigned count[OV_N_PEOPLE_GROUP];
};

/* Who signed n, of the keys that are valid at index. OV_BAD_SIGNATURE if a
 * signature of a known key does not hold. Nobody at all is OV_OK with n == 0:
 * ov_people_check tells whether it is enough. */
OV_MUST_USE enum ov_status ov_people_signers(const struct ov_people *p,
                                             const struct ov_note *n,
                                             uint64_t index,
                                             struct ov_signers *ret);

/* Whether these signers are those that the entry needs: enough keys of each
 * group, the author among them. OV_BAD_SIGNATURE with words in diag. */
OV_MUST_USE enum ov_status ov_people_check(const struct ov_people *p,
                                           const struct ov_entry *e,
                                           const struct ov_signers *signers,
                                           struct ov_diag *diag);

struct ov_opened {
    struct ov_entry entry;
    struct ov_signers signers;
};

/* All of it for the entry at index: note, signatures, grammar, instance,
 * signers. Borrows note; the rest lives in a. */
OV_MUST_USE enum ov_status ov_entry_open(struct ov_arena *a,
                                         struct ov_span note,
                                         const struct ov_people *p,
                                         uint64_t index, struct ov_opened *ret,
                                         struct ov_diag *diag);
