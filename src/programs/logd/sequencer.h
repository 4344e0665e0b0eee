/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "journal.h"
#include "log/proof.h"
#include "log_tree.h"
#include "sys/key_file.h"
#include "witness_calls.h"

/* One log at work: promised entries go into the tree, the tree is committed
 * and signed, witnesses are asked, and what a quorum cosigned is published. No
 * clock here: the caller brings the time. */

struct sequencer_options {
    unsigned interval_ms; /* between two checkpoints; 0: 500 */
    unsigned refresh_ms;  /* until an unchanged one is cosigned again; 0: 1 h */
};

struct sequencer {
    struct log_folder folder;
    struct journal journal;
    struct log_tree tree;
    struct ov_key key;
    struct ov_policy policy; /* quorum none if there is no file */
    struct ov_arena *policy_arena;
    struct ov_buf policy_text;
    struct witness_calls calls;
    struct sequencer_options options;
    struct ov_buf pending; /* promised entries behind the tree, as a bundle */
    struct ov_buf checkpoint; /* the round's, with our signature */
    uint64_t published;       /* entries that readers can see */
    uint64_t round_size;
    uint64_t next_round_ms;
    uint64_t published_ms;
    unsigned failures; /* rounds without a quorum, in a row */
    bool is_in_round;  /* answers are to come */
    bool is_round_published;
    bool is_lost;         /* another sequencer has the log */
    bool is_tree_stale;   /* memory is not what is committed */
    char last_words[200]; /* what was said last, not to repeat it */
};

/* Takes the lock, checks state, tree and journal. f: read already; it is the
 * sequencer's from now on. */
OV_MUST_USE enum ov_status sequencer_open(struct sequencer *s,
                                          const struct log_folder *f,
                                          struct ov_diag *diag);
void sequencer_close(struct sequencer *s);

/* Reads a policy, whose witnesses with a URL are asked from now on. OV_USAGE if
 * it does not accept this log. */
OV_MUST_USE enum ov_status
sequencer_policy(struct sequencer *s, const char *path, struct ov_diag *diag);

/* Whether the witnesses that are asked can be a quorum. OV_USAGE if not. */
OV_MUST_USE enum ov_status sequencer_check_quorum(const struct sequencer *s,
                                                  struct ov_diag *diag);

/* Promises n entries the indices *ret_first and on: they are on disk. entries
 * as in a bundle. OV_IO: none of them is. */
OV_MUST_USE enum ov_status sequencer_add(struct sequencer *s,
                                         struct ov_span entries, uint64_t n,
                                         uint64_t *ret_first);

/* Does what is due at now_ms (any clock that goes forward). OV_OK, or the
 * reason to stop: OV_SPLIT_VIEW above all. */
OV_MUST_USE enum ov_status sequencer_step(struct sequencer *s, uint64_t now_ms,
                                          struct ov_diag *diag);

/* Milliseconds until there is something to do without any input. */
unsigned sequencer_wait(const struct sequencer *s, uint64_t now_ms);

static inline bool sequencer_is_idle(const struct sequencer *s)
{
    return s->published == s->journal.next;
}

/* The proof file of a published entry. OV_NOT_FOUND if it is not published. */
OV_MUST_USE enum ov_status sequencer_prove(const struct log_folder *f,
                                           uint64_t index, struct ov_buf *ret,
                                           struct ov_diag *diag);
