/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* The jail of processes that read hostile bytes. What a profile may do is a
 * table, sandbox.def: the same table makes the filter and is printed by
 * `overt status --sandbox`. */

enum ov_profile {
#define OV_PROFILE(id, word, data_limit, file_limit, why) id,
#include "sys/sandbox.def"
#undef OV_PROFILE
    OV_N_PROFILES
};

enum ov_step {
#define OV_STEP(id, word, is_required, what) id,
#include "sys/sandbox_step.def"
#undef OV_STEP
    OV_N_STEPS
};

/* The parent's socket in every jailed process. 0 and 1 are /dev/null, 2 is the
 * parent's. */
#define OV_PARENT_FD 3

/* A process that nobody started and that keeps what it has opened: a service.
 * It closes what it inherited before it opens anything. */
struct ov_jail_service {
    int folder;        /* open; the one place where it may use files */
    unsigned max_open; /* descriptors */
};

struct ov_confine {
    enum ov_profile profile;
    bool is_best_effort; /* go on when a required step fails */
    /* Called after Landlock and before the system call filter, which then
     * covers its threads too: the only time to start them. False: fail. */
    bool (*start_threads)(void *data);
    void *data;
    /* Of fetch's profile: opens (O_PATH) the ith file that may still be read
     * inside, as long as there is one; then -1. Not NULL. */
    int (*open_readable)(size_t i);
    unsigned max_open; /* descriptors of a helper; 0: the usual few */
    /* NULL: a helper, which has its parent and no files. */
    const struct ov_jail_service *service;
};

/* What was reached: READY tells it to the parent. */
struct ov_jail {
    uint64_t fingerprint; /* ov_profile_fingerprint */
    uint32_t steps;       /* bit enum ov_step */
    uint32_t landlock_abi;
};

/* Jails this process for good: to be called once, before the first hostile
 * byte, from the only thread. OV_DENIED with words in diag if a required step
 * fails: then the caller must exit. */
OV_MUST_USE enum ov_status ov_confine(const struct ov_confine *how,
                                      struct ov_jail *ret,
                                      struct ov_diag *diag);

const char *ov_profile_name(enum ov_profile p);
const char *ov_step_name(enum ov_step s);

/* Whether every step was reached that the profile of its fingerprint requires.
 */
bool ov_jail_is_whole(const struct ov_jail *jail);

/* A number that changes whenever the profile's table changes: shows that
 * parent and child were built from the same one. Not a proof of anything. */
uint64_t ov_profile_fingerprint(enum ov_profile p);

/* Appends the tables as text for people. */
void ov_put_sandbox(struct ov_buf *b);
