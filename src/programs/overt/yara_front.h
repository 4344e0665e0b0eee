/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/output.h"
#include "scan_job.h"

/* overt yara: yara's options, output and exit codes over our scan
 * (yara 4.2). */

#define YARA_MAX_RULE_FILES 256
#define YARA_MAX_WORDS 32

struct yara_words {
    const char *items[YARA_MAX_WORDS];
    size_t n;
};

/* What is to be printed about one file once it is done: yara prints a file's
 * rules together, however many files are looked at at once. */
struct yara_file {
    struct yara_file *next;
    struct ov_buf path; /* with a NUL */
    struct ov_buf text;
    uint64_t n_rules;          /* told so far */
    bool is_shown;             /* the last rule is one that is asked for */
    struct ov_buf last_string; /* -f: the string that had a match */
};

struct yara {
    struct report report; /* must be first */

    /* what is asked for */
    struct yara_words identifiers;
    struct yara_words tags;
    struct ov_wire_open open;
    struct ov_buf defines; /* external variables */
    uint64_t max_rules;    /* 0: all */
    uint64_t skip_larger;  /* 0: none */
    unsigned n_threads;
    unsigned timeout_ms;
    const char *report_file; /* of a sandbox, or NULL */
    int pid;                 /* the target is this process; 0: it is none */
    uint64_t max_chunk;      /* of its memory; 0: 1 GiB */
    bool is_compiled;
    bool is_count;
    bool is_fast;
    bool is_list;
    bool is_negated;
    bool is_recursive;
    bool follows_no_links;
    bool has_meta;
    bool has_module_values;
    bool has_statistics;
    bool has_namespace;
    bool has_tags;
    bool has_strings;
    bool has_lengths;
    bool has_no_warnings;
    bool fails_on_warnings;
    bool is_version;

    /* how it goes */
    struct out *out;
    struct yara_file *files; /* being looked at */
    struct yara_file *unused;
    uint64_t n_rules; /* told */
    bool is_folder;   /* what is scanned */
    bool has_errors;
};

/* cmd_yara.c: the version whose language this is, first, as scripts read it. */
const char *yara_version(void);

/* yara_report.c */
void yara_report_init(struct yara *y);
/* What is known of files whose scan was not ended. */
void yara_report_end(struct yara *y);
void yara_report_done(struct yara *y);
/* As many rules were told as were wanted: the scan ends. */
bool yara_is_full(const struct yara *y);
