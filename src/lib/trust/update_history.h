/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "trust/update_run.h"

/* The log as one history: what continues what was seen, which log follows
 * which, and how a machine that was away catches up; only for update*.c. */

/* update_catch_up.c: who was away */
/* Believes the next version of policy or people, in memory. OV_NOT_FOUND: there
 * is none that could be believed. */
OV_MUST_USE enum ov_status ov_update_catch_up(struct ov_update *u);
/* As ov_update_public_at; as long as it fails, this machine catches up. */
OV_MUST_USE enum ov_status ov_update_is_public(struct ov_update *u,
                                               const char *role,
                                               const uint8_t digest[static 32]);

/* update_history.c, update_turn.c: one history */

struct ov_update_tree ov_update_tree_of(const struct ov_checkpoint *c);
/* Whether one of the trees is how the other begins; either may be the older.
 * OV_BAD_PROOF: it is not. */
OV_MUST_USE enum ov_status ov_update_consistent(struct ov_update *u,
                                                const struct ov_update_tree *a,
                                                const struct ov_update_tree *b);
/* Keeps a signed note in the folder evidence; empty: nothing. */
void ov_update_keep_evidence(struct ov_update *u, struct ov_span note);
/* After ov_update_consistent has failed for these two notes. */
enum ov_status ov_update_refuse_history(struct ov_update *u, struct ov_span a,
                                        struct ov_span b,
                                        enum ov_status status);
/* That a checkpoint, which the policy is content with, continues the one that
 * was seen last; remembers it if it is newer, durably. */
OV_MUST_USE enum ov_status ov_update_follow(struct ov_update *u,
                                            const struct ov_policy_result *r,
                                            struct ov_span note);
/* update_cloud.c: that checkpoints which a cloud's statements came with are of
 * the log that is followed, as far as this machine has seen it. */
OV_MUST_USE enum ov_status ov_update_compare_cloud(struct ov_update *u);
/* Entries at the end of the log with that origin; 0: it has not ended. */
uint64_t ov_update_ended_at(const struct ov_update *u, struct ov_span origin);
/* Whether c is of a log that has ended, and larger than its end. */
bool ov_update_is_behind_end(const struct ov_update *u,
                             const struct ov_checkpoint *c);
/* Whether the log with that origin is the one that is followed, or one before
 * it: a policy names logs in the order of their turns. Before first contact all
 * have begun. */
bool ov_update_has_begun(const struct ov_update *u, struct ov_span origin);
/* That the log of this checkpoint follows the one that was seen last. */
OV_MUST_USE enum ov_status ov_update_turn(struct ov_update *u,
                                          const struct ov_policy_result *now,
                                          struct ov_span note);
