/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/mirrors.h"
#include "sys/state_store.h"
#include "sys/wire_trust.h"

/* The parent's side of what the judge decides about updates: it moves bytes
 * between mirrors, the state and the judge, and does what it is told as far as
 * the state's rules go. It believes nothing and parses no file. */

struct ov_trust_job {
    enum ov_trust_task task;
    struct ov_mirrors *mirrors; /* NULL: none is asked */
    struct ov_state *state;     /* NULL: nothing is known */
    /* The state's folder, for a job that has it to read: it is opened to write
     * only while evidence is kept, and nothing else is. NULL: state is written
     * to. */
    const char *evidence;
    bool is_release_broken; /* nothing of the installed one may be used */
    const char *root_path;  /* of the first root; NULL: none */
    const char *channel;
    const char *argument; /* OV_TRUST_WHY; else NULL */
    uint64_t now;
    uint64_t hold;
    uint64_t engine;
    uint8_t rollout_id[OV_WIRE_ROLLOUT_ID];
    unsigned spawn_flags;
    /* Whether what is staged may be used; with words if not. */
    enum ov_status (*self_test)(void *data, struct ov_state *s,
                                struct ov_diag *diag);
    /* The next two may be NULL. */
    void (*step)(void *data, uint32_t step);
    bool (*write)(void *data, struct ov_span text);
    void *data;
};

/* As struct ov_wire_updated; detail is escaped. */
struct ov_trust_result {
    struct ov_wire_updated updated; /* without its detail */
    char detail[4 * OV_WIRE_MAX_WORDS + 1];
    char network[256]; /* what a mirror failed with last; may be empty */
};

/* OV_OK: the judge came to an end, and *ret tells to which. Else it could not
 * work, with words in diag. */
OV_MUST_USE enum ov_status ov_trust_run(const struct ov_trust_job *job,
                                        struct ov_trust_result *ret,
                                        struct ov_diag *diag);
