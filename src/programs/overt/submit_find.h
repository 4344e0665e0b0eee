/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/digest.h"
#include "host/rule_set.h"
#include "reputation/submission_policy.h"

/* What could be submitted of a file: for each object in which a rule holds (a
 * member, not its container) its bytes, as a worker has seen them. */

#define SUBMIT_FOUND_MAX 32

struct submit_found {
    uint8_t digest[OV_DIGEST_MAX];
    struct ov_buf bytes;
    struct ov_buf rule; /* "-": none holds */
    struct ov_buf type; /* the worker's word */
    size_t depth;       /* 0: the file itself */
    uint64_t object_len;
    struct ov_submission_facts facts; /* a worker's word */
    bool has_facts;                   /* all of its bytes are here */
};

struct submit_findings {
    struct submit_found list[SUBMIT_FOUND_MAX];
    size_t n;
    size_t n_left_out; /* more than there is room for */
    bool is_bad;       /* out of memory, or the scan failed: said on stderr */
};

void submit_findings_done(struct submit_findings *f);

struct submit_look {
    const struct rule_set *rules;
    const char *path;     /* "-": standard input */
    struct ov_span words; /* of the owner's, a line each */
    unsigned spawn_flags;
};

/* Looks at one file with all rules. Of a file in which nothing is found: the
 * file, with the rule "-", unless it is larger than what may be sent. False
 * after a line of error. */
bool submit_find(const struct submit_look *look, struct submit_findings *ret);
