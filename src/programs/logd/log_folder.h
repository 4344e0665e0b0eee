/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <limits.h>

#include "log/checkpoint.h"

/* The private folder of one log: its settings, the lock, and the state, which
 * is the only thing that must never be lost, copied back or written by two. */

#define LOG_PATH_MAX 1024

/* What the log has committed itself to: it may sign this root for this size,
 * and no other. */
struct log_state {
    uint64_t size;
    uint8_t root[OV_MERKLE_HASH];
};

struct log_folder {
    char path[LOG_PATH_MAX];
    char key_path[LOG_PATH_MAX];
    char publish[LOG_PATH_MAX]; /* where readers look */
    struct ov_vkey key;         /* its name is the origin */
    int lock;                   /* -1: none */
    struct log_state state;
    uint8_t writer[16]; /* who wrote the state last: we, while it is ours */
};

/* Makes the folder, if it is missing. */
OV_MUST_USE enum ov_status log_folder_make(const char *path,
                                           struct ov_diag *diag);

/* Makes a new log in an existing folder. OV_USAGE if there is one. */
OV_MUST_USE enum ov_status log_folder_init(const char *path,
                                           const struct ov_vkey *key,
                                           const char *key_path,
                                           const char *publish,
                                           struct ov_diag *diag);

/* The locked folder's log ends here, and the log of `key` goes on with the same
 * tree in the same folder: settings and state are its own from now on, so that
 * the old one can't be written any more. Stopped in the middle, it is done by
 * doing it again. */
OV_MUST_USE enum ov_status log_folder_turn(struct log_folder *f,
                                           const struct ov_vkey *key,
                                           const char *key_path,
                                           struct ov_diag *diag);

/* Reads the settings only; nothing is locked. */
OV_MUST_USE enum ov_status
log_folder_read(const char *path, struct log_folder *ret, struct ov_diag *diag);

/* Takes the lock, reads the state and makes it ours. OV_DENIED if another
 * process has the log. */
OV_MUST_USE enum ov_status log_folder_lock(struct log_folder *f,
                                           struct ov_diag *diag);
void log_folder_done(struct log_folder *f);

/* Whether the state on disk is still what we wrote; OV_SPLIT_VIEW if not. */
OV_MUST_USE enum ov_status log_state_check(struct log_folder *f,
                                           struct ov_diag *diag);

/* Replaces the state, durably, if what is on disk is still what we wrote, and
 * next is larger, or the same. OV_SPLIT_VIEW if not: then stop. */
OV_MUST_USE enum ov_status log_state_swap(struct log_folder *f,
                                          const struct log_state *next,
                                          struct ov_diag *diag);

/* DIR/name, or false if that is too long. */
bool log_folder_path(const struct log_folder *f, const char *name,
                     char ret[static LOG_PATH_MAX]);
