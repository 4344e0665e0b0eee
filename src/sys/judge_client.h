/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/wire.h"

/* The parent's side of overt-judge: rule sources in, an image out. */

struct ov_judge_source {
    const char *path;
    const char *name; /* in the image and in reports */
    /* YARA rules of this namespace, whatever the path; NULL: by the path, and
     * each file is a namespace of its own. */
    const char *space;
};

struct ov_judge_job {
    const struct ov_judge_source *sources;
    size_t n_sources;
    unsigned n_threads; /* 0: one per processor */
    bool allow_unsigned;
    bool skip_errors;
    bool wants_warnings;
    bool has_file_values; /* rules may ask for the file's name and so on */
    /* The sources are two: records of a release, and a line for the ID of each
     * record of earlier tiers that does not count any more. */
    bool is_tier;
    struct ov_span key;
    struct ov_span defines; /* external variables: ov_externals_parse */
    unsigned spawn_flags;   /* OV_SPAWN_BEST_EFFORT */
    unsigned max_silence;   /* seconds without a word from the judge; 0: 300 */
    /* May be NULL. */
    void (*progress)(void *data, uint64_t done, uint64_t total);
    void (*skip)(void *data, const struct ov_wire_skip *s);
    /* why is the rule's name, what the words. */
    void (*warning)(void *data, const struct ov_wire_skip *s);
    void *data;
};

/* Which of others' formats; as enum ov_export_as of rules/export.h. */
enum ov_judge_format {
    OV_JUDGE_CLAMAV,
    OV_JUDGE_YARA,
};

/* Has a jailed process write the rules of a release in others' formats: file
 * gets them piece by piece, each with the name of its file, which is of a-z,
 * 0-9, '-' and '.' and does not begin with a dot; it stops it by returning
 * false. */
struct ov_judge_export {
    enum ov_judge_format format;
    int fds[2]; /* records.0 and delta of a release: docs/protocol-update.md */
    uint64_t lens[2];
    unsigned spawn_flags;
    bool (*file)(void *data, struct ov_span name, struct ov_span piece);
    void *data;
};

/* Why there is no image. */
struct ov_judge_refusal {
    enum ov_status status;
    uint32_t line; /* 0: none */
    char source[256];
    char text[400]; /* both are escaped already */
};

/* On OV_OK *ret_fd is a sealed memory file with the image, owned. A file that a
 * source includes is opened where it says, if its name ends as those of rule
 * files do (.yar .yara .rule .rules .inc); ret->n_included tells how many. */
OV_MUST_USE enum ov_status ov_judge_compile(const struct ov_judge_job *job,
                                            int *ret_fd,
                                            struct ov_wire_compiled *ret,
                                            struct ov_judge_refusal *refusal);

/* Which text of an image. */
enum ov_judge_show {
    OV_JUDGE_LIST,     /* every rule */
    OV_JUDGE_COUNTS,   /* rules per kind, and what was left out */
    OV_JUDGE_SECTIONS, /* of the image */
    OV_JUDGE_RULE,     /* all of one rule, by name */
    OV_JUDGE_PROOF,    /* no image: whether a log's proof holds */
    OV_JUDGE_FORMAT,   /* no image: a YARA source, laid out anew */
    OV_JUDGE_SLOW,     /* strings that slow a scan down */
    OV_JUDGE_MADE,     /* no image: when a .cvd or .cld was made, as its header
                          says; seconds since 1970 in digits */
    OV_JUDGE_STATISTICS, /* what yara -S prints */
    OV_JUDGE_COSTS,      /* what each rule takes of the image */
};

/* Has a jailed process print an image, verify a proof, format a source; write
 * gets the text piece by piece, and stops it by returning false. */
struct ov_judge_view {
    enum ov_judge_show what;
    const char *name; /* OV_JUDGE_RULE */
    int image_fd;
    uint64_t image_len;
    unsigned spawn_flags;
    unsigned max_silence;
    bool (*write)(void *data, struct ov_span text);
    void *data;
};
OV_MUST_USE enum ov_status ov_judge_show(const struct ov_judge_view *view,
                                         struct ov_judge_refusal *refusal);

/* ret_n_left: rules that the format has no words for, and that are listed. */
OV_MUST_USE enum ov_status ov_judge_export(const struct ov_judge_export *job,
                                           uint64_t *ret_n_exported,
                                           uint64_t *ret_n_left,
                                           struct ov_judge_refusal *refusal);
