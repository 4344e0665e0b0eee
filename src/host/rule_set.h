/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/judge_client.h"
#include "sys/pool.h"

/* From what the user calls rules to images that workers can map: a ready image
 * is one, and all rule files together are compiled to one behind it. */

struct rule_set_options {
    /* Files, folders, images. None: the installed release, else what comes with
     * the program. */
    const char *const *paths;
    size_t n_paths;
    uint64_t older_than; /* not this release or a later one, if not 0 */
    bool no_cache;       /* neither look for a compiled image nor keep one */
    bool skip_errors;
    unsigned n_threads;
    bool allow_unsigned;
    /* Files are YARA rules of this namespace, whatever their names, unless they
     * are given as "other:path"; NULL: by their names, each its own. */
    const char *space;
    struct ov_span defines; /* external variables: ov_externals_parse */
    const char *cvd_key;    /* path; NULL: ClamAV's own */
    bool tells_warnings;    /* what yara warns about, as yara does */
    bool has_file_values;   /* YARA's rules may ask for the file's name and so
                               on: rules/file_value.h */
    unsigned spawn_flags;
    unsigned max_silence; /* struct ov_judge_job */
};

struct rule_set {
    struct ov_pool_images images; /* owned */
    uint64_t release;             /* 0: not an installed one */
    bool is_compiled;             /* now; else found ready */
    bool has_errors; /* some lines were left out, and told on stderr */
    bool has_warnings;
    struct ov_wire_compiled report; /* if is_compiled */
};

void rule_set_done(struct rule_set *s);

/* After an installed release turned out not to load: closes it and opens the
 * one before it, or what comes with the program, and says so. False if rules
 * are not of a release. */
bool rule_set_go_back(struct rule_set_options *options, struct rule_set *rules);

/* Compiles if need be. False after one line of error. */
bool rule_set_load(const struct rule_set_options *options,
                   struct rule_set *ret);

/* The image file at path, checked for the magic only. False after a line. */
bool rule_set_open_image(const char *path, struct rule_set *ret);

/* Whether rules of these images ask for the file's name and so on. */
bool rule_set_asks_for_names(const struct ov_pool_images *images);

/* Writes the one image there is. False after a line. */
bool rule_set_write(const struct rule_set *s, const char *path);

/* A number that changes with the helpers' binaries: what they decided before
 * does not hold after an update. */
void put_engine_identity(struct ov_buf *b);

/* Adds a value for external variables, "name=value", to such a list as
 * rule_set_options has. NULL, or in words what is wrong. */
const char *rule_set_define(struct ov_buf *list, const char *text);
