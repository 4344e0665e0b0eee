/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "trust/people.h"

/* The ledger of authorities' requests, as the leaves of a log tell it: one pass
 * over entries in their order gives what is known of each request, the
 * commitments of what may not be told yet, and what does not fit together.
 * Rules: docs/requests.md, docs/protocol-entries.md. */

/* Words of request_words.def; a set of them is a bit each. */
enum ov_request_list {
    OV_LIST_AUTHORITY,
    OV_LIST_VIA,
    OV_LIST_REQUEST_KIND,
    OV_LIST_DATA_TYPE,
    OV_LIST_REVIEW,
    OV_LIST_DECISION,
    OV_LIST_REASON
};

enum ov_request_word {
#define OV_REQUEST_WORD(list, id, word, meaning) OV_WORD_##id,
#include "trust/request_words.def"
#undef OV_REQUEST_WORD
    OV_N_REQUEST_WORD
};

struct ov_request_word_row {
    enum ov_request_list list;
    const char *word;
    const char *meaning;
};
extern const struct ov_request_word_row ov_request_words[OV_N_REQUEST_WORD];

#define OV_REQUEST_BIT(word) (UINT64_C(1) << (word))
/* The bit of a word of a list; 0 if there is no such word. */
uint64_t ov_request_bit(enum ov_request_list list, struct ov_span word);
/* The first of set that is in the list; OV_N_REQUEST_WORD if none is. */
enum ov_request_word ov_request_word_of(uint64_t set,
                                        enum ov_request_list list);

#define OV_REQUEST_NONCE 32
#define OV_REQUEST_MAX_DAILY 50 /* commitments that an entry has room for */
/* Commitments to nothing are opened after so many days. */
#define OV_REQUEST_EMPTY_DAYS 30

/* The commitment to an entry's bytes, or to nothing. */
OV_MUST_USE enum ov_status
ov_request_commit(const uint8_t nonce[static OV_REQUEST_NONCE],
                  struct ov_span note, uint8_t ret[static 32]);

struct ov_request_event {
    uint64_t index;
    enum ov_entry_type type;
    struct ov_request_event *next;
};

/* What is known of one request. Texts lie in the ledger's leaves. */
struct ov_request {
    struct ov_span id;
    uint64_t received; /* first second of a day, as all times here */
    struct ov_span country;
    uint64_t words; /* authority, via, kind */
    uint64_t asked; /* data types */
    struct ov_span basis;
    uint64_t subjects;

    bool is_decided;
    uint64_t decided;
    uint64_t decision; /* words: review, decision, reason */
    uint64_t given;    /* data types */
    struct ov_span disclosed;
    uint64_t accounts;
    struct ov_span notified;

    bool is_challenged;
    uint64_t challenged; /* the last time */
    bool is_closed;
    uint64_t closed;
    uint64_t n_corrections;
    struct ov_span duplicate_of; /* then it counts no more */
    bool is_sealed;              /* was a commitment first */
    uint64_t sealed_since;

    uint8_t last[32]; /* digest of its last event */
    struct ov_request_event *events;
    struct ov_request_event **events_end;
};

enum ov_commitment_state {
    OV_COMMITMENT_CLOSED,
    OV_COMMITMENT_EMPTY,
    OV_COMMITMENT_OPENED, /* its event should follow */
    OV_COMMITMENT_TOLD    /* and has */
};

struct ov_commitment {
    uint8_t hash[32];
    uint64_t date;
    uint64_t index; /* of its entry */
    enum ov_commitment_state state;
    uint64_t opened_at; /* index of the entry that did */
    uint8_t nonce[OV_REQUEST_NONCE];
};

struct ov_request_problem {
    uint64_t index;
    char what[160];
};

/* An entry that is kept as it is. */
struct ov_request_leaf {
    uint64_t index;
    struct ov_span note;
    uint8_t digest[32];
    enum ov_entry_type type;
};

struct ov_request_map;

struct ov_request_ledger {
    struct ov_arena *arena;
    struct ov_arena *scratch;       /* of one entry */
    const struct ov_people *people; /* NULL: signatures are not looked at */
    struct ov_request_leaf *leaves; /* all that were added */
    size_t n_leaves;
    size_t n_applied;
    struct ov_request **requests; /* in the order of their first events */
    size_t n_requests;
    struct ov_commitment *commitments;
    size_t n_commitments;
    struct ov_request_leaf *histories; /* of REQUEST_HISTORY */
    size_t n_histories;
    struct ov_request_problem *problems;
    size_t n_problems; /* those behind the first thousand are counted only */

    uint64_t daily; /* how many commitments the last day had */
    uint64_t n_days;
    uint64_t missing_days;
    uint64_t first_day;
    uint64_t last_day;

    struct ov_request_map *by_id;
    struct ov_request_map *by_hash;  /* commitments */
    struct ov_request_map *by_event; /* digest of an opened event */
};

#define OV_REQUEST_MAX_PROBLEMS 1000

/* people may be NULL; borrowed. OV_NO_MEMORY. */
OV_MUST_USE enum ov_status
ov_request_ledger_new(const struct ov_people *people,
                      struct ov_request_ledger **ret);
void ov_request_ledger_free(struct ov_request_ledger *l);
OV_DEFINE_AUTO(request_ledger)

/* The entry at index, copied if it is about requests; indices rise. Nothing is
 * believed yet. OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_request_ledger_add(struct ov_request_ledger *l,
                                                 uint64_t index,
                                                 struct ov_span note);

/* Takes in what was added with an index below size. OV_NO_MEMORY: l is of no
 * use any more. */
OV_MUST_USE enum ov_status
ov_request_ledger_advance(struct ov_request_ledger *l, uint64_t size);

/* Opens a leaf: parsed, and signed by whom it needs, as far as the ledger
 * looks. Borrows l until the next call. OV_BAD_SIGNATURE, OV_MALFORMED. */
OV_MUST_USE enum ov_status
ov_request_leaf_open(struct ov_request_ledger *l,
                     const struct ov_request_leaf *leaf,
                     const struct ov_entry **ret, struct ov_diag *diag);

/* NULL if there is none of that id. */
const struct ov_request *ov_request_find(const struct ov_request_ledger *l,
                                         struct ov_span id);

/* -- for request_*.c -- */

/* Notes what does not fit, at the entry. */
void ov_request_problem(struct ov_request_ledger *l, uint64_t index,
                        const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One event of a request: request_event.c. */
OV_MUST_USE enum ov_status ov_request_apply(struct ov_request_ledger *l,
                                            const struct ov_request_leaf *leaf,
                                            const struct ov_entry *e,
                                            const struct ov_commitment *sealed);

/* The day's commitments, and what opens some: request_commitment.c. */
OV_MUST_USE enum ov_status
ov_request_commitments(struct ov_request_ledger *l,
                       const struct ov_request_leaf *leaf,
                       const struct ov_entry *e);
OV_MUST_USE enum ov_status
ov_request_opening(struct ov_request_ledger *l,
                   const struct ov_request_leaf *leaf,
                   const struct ov_entry *e);
/* The commitment whose event a leaf is; NULL: it never was one. */
struct ov_commitment *
ov_request_commitment_of(const struct ov_request_ledger *l,
                         const struct ov_request_leaf *leaf);

/* Room for one more at the end of a list that doubles; NULL: out of memory. */
void *ov_request_grow(struct ov_arena *a, void *list, size_t n, size_t size);
