/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "told.h"
#include "trust/people.h"
#include "trust/record.h"

/* What entries must say, one after the other: grammar, signers, and that each
 * follows from those before. */

struct audit;

/* people: borrowed; NULL: signers are not judged. */
struct audit *audit_new(struct findings *f, const struct ov_people *people);
void audit_free(struct audit *a);

/* The next entry. OV_NO_MEMORY; all else becomes a finding. */
OV_MUST_USE enum ov_status audit_entry(struct audit *a, uint64_t index,
                                       struct ov_span bytes);

/* That the entries so far are those of the log with that origin. */
void audit_log(struct audit *a, struct ov_span origin);

/* Whether a log of that origin has ended in these entries, and with how many;
 * another one goes on. */
bool audit_ended(const struct audit *a, struct ov_span origin, uint64_t *ret);

/* What only time tells: embargoes that are over. now: POSIX seconds. */
void audit_time(struct audit *a, uint64_t now);

/* The latest release of each channel, for what compares it with what is served;
 * NULL behind the last. */
struct audit_release {
    char channel[104];
    uint64_t seq;
    uint64_t index;
    uint8_t digest[32]; /* of the entry's bytes */
    bool is_recalled;
};
const struct audit_release *audit_release(const struct audit *a, size_t i);

/* Whether an entry is logged with exactly these bytes, and where; whether some
 * entry names a file by this digest. */
bool audit_has_entry(struct audit *a, struct ov_span bytes, uint64_t *ret);
bool audit_is_entry(struct audit *a, const uint8_t digest[static 32]);
bool audit_names_file(struct audit *a, const uint8_t digest[static 32]);

/* A file that entries named, in order; false behind the last. What is secret is
 * left out. */
struct audit_file {
    uint8_t digest[32];
    uint64_t size; /* UINT64_MAX: not said */
    uint64_t index;
};

bool audit_file(const struct audit *a, size_t i, struct audit_file *ret);

/* A recall entry; NULL behind the last. */
struct audit_recall {
    uint64_t index;
    uint64_t time;      /* that its people give */
    uint8_t digest[32]; /* of its bytes */
};

const struct audit_recall *audit_recall(const struct audit *a, size_t i);

bool audit_is_recalled(struct audit *a, struct ov_span channel, uint64_t seq);

/* Whether the entry that a record names says just this record: by itself
 * (COVERED), or if it is a feed by the manifest that *ret_manifest names, which
 * audit_learn takes. */
enum audit_cover {
    AUDIT_NOT_COVERED,
    AUDIT_COVERED,
    AUDIT_NEEDS_MANIFEST
};
enum audit_cover audit_covers(struct audit *a, const struct ov_record *r,
                              struct audit_file *ret_manifest);

/* How a record of a set that took in all changes below `to` stands to its
 * rule's newest change. */
enum audit_age {
    AUDIT_FED,    /* it is of a feed */
    AUDIT_NEWEST, /* or whether it is cannot be told any more */
    AUDIT_OLD
};
enum audit_age audit_age(struct audit *a, const struct ov_record *r,
                         uint64_t to);
/* How many rules, but for feeds, there were below `to`; false if changes behind
 * it have made that hard to say. */
bool audit_live_rules(const struct audit *a, uint64_t to, uint64_t *ret);

/* manifest: of the feed entry at index, its digest compared. */
OV_MUST_USE enum ov_status audit_learn(struct audit *a, uint64_t index,
                                       struct ov_span manifest);
