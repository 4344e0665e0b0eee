/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/judge_client.h"
#include "sys/pool.h"

/* From what the user calls rules to images that workers can map: a ready image
 * is one, and all rule files together are compiled to one behind it. */

struct rule_set_options {
    const char *const *paths; /* files, folders, images; none: ours */
    size_t n_paths;
    bool no_cache; /* neither look for a compiled image nor keep one */
    bool skip_errors;
    unsigned n_threads;
    bool allow_unsigned;
    const char *cvd_key; /* path; NULL: ClamAV's own */
    unsigned spawn_flags;
    unsigned max_silence; /* struct ov_judge_job */
};

struct rule_set {
    struct ov_pool_images images; /* owned */
    bool is_compiled;             /* now; else found ready */
    bool has_errors; /* some lines were left out, and told on stderr */
    struct ov_wire_compiled report; /* if is_compiled */
};

void rule_set_done(struct rule_set *s);

/* Compiles if need be. False after one line of error. */
bool rule_set_load(const struct rule_set_options *options,
                   struct rule_set *ret);

/* The image file at path, checked for the magic only. False after a line. */
bool rule_set_open_image(const char *path, struct rule_set *ret);

/* A number that changes with the helpers' binaries: what they decided before
 * does not hold after an update. */
void put_engine_identity(struct ov_buf *b);
