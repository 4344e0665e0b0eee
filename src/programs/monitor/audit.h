/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "told.h"
#include "trust/people.h"

/* What entries must say, one after the other: grammar, signers, and that each
 * follows from those before. */

struct audit;

/* origin: of the log; borrowed, as people (NULL: signers are not judged). */
struct audit *audit_new(struct findings *f, const char *origin,
                        const struct ov_people *people);
void audit_free(struct audit *a);

/* The next entry. OV_NO_MEMORY; all else becomes a finding. */
OV_MUST_USE enum ov_status audit_entry(struct audit *a, uint64_t index,
                                       struct ov_span bytes);

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
bool audit_names_file(struct audit *a, const uint8_t digest[static 32]);

/* A file that entries named, in order; false behind the last. What is secret is
 * left out. */
struct audit_file {
    uint8_t digest[32];
    uint64_t size; /* UINT64_MAX: not said */
    uint64_t index;
};

bool audit_file(const struct audit *a, size_t i, struct audit_file *ret);
