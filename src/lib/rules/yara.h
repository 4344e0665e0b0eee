/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/externals.h"
#include "rules/ruleset.h"

/* YARA sources as a rule language (YARA documentation, "Writing YARA rules").
 * docs/rules.md says what is taken, docs/limits.md what is not yet. */

/* A file of rules. */
struct ov_yara_file {
    uint32_t source; /* its index in the compiler's array of sources */
    struct ov_span text;
};

/* All-zero means the defaults. */
struct ov_yara_options {
    uint32_t rule_flags;  /* added to each rule's */
    struct ov_span space; /* noted with each rule; may be empty */
    bool wants_warnings;  /* list in the part what yara warns about */
    /* In conditions, i is number i of the image's externals. */
    const struct ov_external *externals;
    size_t n_externals;
    bool has_file_values; /* file_value.h: names that nobody gave are known */
    /* The file that `include "path"` means in this source; NULL, or in words
     * why it cannot be had. May be NULL itself. */
    const char *(*include)(void *data, uint32_t source, struct ov_span path,
                           struct ov_yara_file *ret);
    /* The next file of the same namespace; false if that was the last. May be
     * NULL. */
    bool (*next)(void *data, struct ov_yara_file *ret);
    void *data;
};

/* Parses one source, which is one namespace (or its first file), into part. A
 * rule that uses what is not taken yet is a skip with its reason, without
 * is_error, and so are the rules that refer to it; all others compile. What
 * YARA would refuse too is a skip with is_error; then the result is
 * OV_MALFORMED with the first such place in diag. Private rules only serve
 * others and are not in the part. */
OV_MUST_USE enum ov_status ov_yara_parse(struct ov_span text,
                                         const struct ov_yara_options *options,
                                         struct ov_part *part,
                                         struct ov_diag *diag);

/* Finds `include "path"` in a source, from *at, which is moved on. The path is
 * as written. */
bool ov_yara_next_include(struct ov_span text, size_t *at,
                          struct ov_span *ret_path);
