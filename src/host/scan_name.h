/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/types.h>

#include "sys/pool.h"

/* What files are called, for rules that ask (rules/file_value.h). All-zero:
 * none does, and nothing here costs anything. */
struct scan_names {
    bool are_asked_for;
    struct ov_buf cwd; /* where relative paths begin */
    struct ov_buf full;
};

/* These rules may be used, too, from now on. */
void scan_names_start(struct scan_names *n,
                      const struct ov_pool_images *images);
void scan_names_done(struct scan_names *n);

/* For what remembers verdicts: a digest of the path from the root; 0 if no rule
 * asks. */
uint64_t scan_names_digest(struct scan_names *n, const char *path);

/* What a worker is told: the path from the root, and the user's name, empty if
 * there is none; nothing if no rule asks. Borrowed until the next call. */
void scan_names_tell(struct scan_names *n, const char *path, uid_t owner,
                     struct ov_span *ret_path, struct ov_span *ret_owner);
