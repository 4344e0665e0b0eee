/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/checkpoint.h"

/* Whose word makes a checkpoint believable, c2sp.org/tlog-policy: logs,
 * witnesses, groups of them with a threshold, and one quorum. */

#define OV_POLICY_MAX 64 /* logs, witnesses and groups, of each */
#define OV_POLICY_MAX_SIZE (256U << 10)

struct ov_policy_log {
    struct ov_vkey key; /* its name is the log's origin */
    struct ov_span url; /* may be empty */
};

struct ov_policy_witness {
    struct ov_span name; /* inside of the policy only */
    struct ov_vkey key;
    struct ov_span url;
};

struct ov_policy_group {
    struct ov_span name;
    unsigned threshold; /* 1 .. number of members */
    uint64_t witnesses; /* bit i: witness i is a member */
    uint64_t groups;    /* bit i: group i, i < this one's own number */
};

enum ov_quorum_kind {
    OV_QUORUM_NONE, /* "quorum none": no cosignature is needed */
    OV_QUORUM_WITNESS,
    OV_QUORUM_GROUP
};

struct ov_policy {
    struct ov_policy_log *logs;
    size_t n_logs; /* 0: the log is known from elsewhere */
    struct ov_policy_witness *witnesses;
    size_t n_witnesses;
    struct ov_policy_group *groups;
    size_t n_groups;
    enum ov_quorum_kind quorum;
    size_t quorum_index; /* of the witness or group */
};

/* Borrows text for the policy's life; all else lives in a. OV_MALFORMED with
 * the line and the reason in diag, OV_LIMIT_SIZE, OV_LIMIT_COUNT,
 * OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_policy_parse(struct ov_arena *a,
                                           struct ov_span text,
                                           struct ov_policy *ret,
                                           struct ov_diag *diag);

/* Whether these witnesses (bit i: witness i) are a quorum. */
bool ov_policy_quorum(const struct ov_policy *p, uint64_t witnesses);

/* What was found on a checkpoint. Times are POSIX seconds. */
struct ov_policy_result {
    struct ov_checkpoint checkpoint; /* borrows the note */
    size_t log;                      /* which of the policy's logs signed it */
    uint64_t cosigners;              /* witnesses with a good cosignature */
    uint64_t fresh;                  /* those of them that are young enough */
    uint64_t unverifiable;         /* ML-DSA-44 cosignatures, counted nowhere */
    uint64_t times[OV_POLICY_MAX]; /* of each cosigner */
    uint64_t newest;               /* of any of them: one of them may lie */
    /* The latest time for which a quorum vouches; 0 with "quorum none". Set a
     * clock forward by this one, never by newest. */
    uint64_t vouched;
};

/* How old cosignatures may be: max_age seconds at now (POSIX seconds). */
struct ov_policy_clock {
    uint64_t now;
    uint64_t max_age; /* 0: of any age */
};

/* Is n a checkpoint by one of the policy's logs (key name equal to the origin
 * line) with a quorum of cosignatures that are young enough? clock NULL: of any
 * age. OV_MALFORMED; OV_BAD_SIGNATURE if no log signed
 * it or a known key's signature does not verify; OV_BAD_PROOF without a
 * quorum; OV_EXPIRED if there is a quorum, but an old one. *ret_result is
 * written also with OV_BAD_PROOF and OV_EXPIRED, so that one can say who is
 * missing. */
OV_MUST_USE enum ov_status ov_policy_check(const struct ov_policy *p,
                                           const struct ov_note *n,
                                           const struct ov_policy_clock *clock,
                                           struct ov_policy_result *ret_result);
