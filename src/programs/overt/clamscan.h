/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <regex.h>

#include "host/output.h"
#include "scan_job.h"

/* overt clamscan: clamscan's options, output and exit codes over our scan. */

#define CLAMSCAN_MAX_LIST 64

struct clamscan_list {
    const char *items[CLAMSCAN_MAX_LIST];
    size_t n;
};

/* POSIX extended expressions, any of which may match. */
struct clamscan_regexes {
    regex_t items[CLAMSCAN_MAX_LIST];
    size_t n;
};

enum clamscan_action {
    CLAMSCAN_LEAVE,
    CLAMSCAN_REMOVE,
    CLAMSCAN_MOVE,
    CLAMSCAN_COPY,
};

struct clamscan {
    struct report report; /* must be first */

    /* what is asked for */
    struct clamscan_list databases;
    struct clamscan_regexes exclude;
    struct clamscan_regexes include;
    struct clamscan_regexes exclude_dir;
    struct clamscan_regexes include_dir;
    const char *file_list;
    const char *log_path;
    uint64_t max_age_days; /* of databases; 0: any */
    enum clamscan_action action;
    const char *action_folder;
    struct ov_wire_open open;
    unsigned timeout_ms;
    bool is_recursive;
    bool is_infected_only;
    bool is_ok_suppressed;
    bool is_quiet;
    bool is_verbose;
    bool is_archive_verbose;
    bool is_stdout;
    bool has_no_summary;
    bool has_bell;
    bool has_no_cache;
    bool is_one_fs;
    bool alerts_archives; /* that are encrypted */
    bool alerts_documents;
    bool alerts_limits;
    bool has_no_heuristics;
    bool has_no_images; /* damage and hashes of pictures are not looked at */
    bool has_pua_include;
    bool has_pua_exclude;
    unsigned security_format; /* 0 with dashes, 1 without, 2 both */
    unsigned max_folders;     /* in each other; 0: any */
    unsigned follow_dirs;     /* 0 never, 1 what is given, 2 always */
    unsigned follow_files;
    bool is_help;
    bool is_version;

    /* how it goes */
    struct out *out;
    int log_fd;
    uint64_t n_folders;
    uint64_t n_scanned;
    uint64_t n_infected;
    uint64_t n_errors;
    char hit_path[4096]; /* the file that had the last FOUND line */
    bool is_hit;
};

/* clamscan_options.c: sets what argv asks for; operands go to the front, behind
 * argv[0]. False after a line on stderr. */
bool clamscan_parse(struct clamscan *c, int *argc, char **argv);
void clamscan_help(struct out *out);
/* "yes", "true" and "1", or their opposites. */
bool clamscan_flag(const char *value, bool *ret);
/* Each way to set an option returns NULL, or what is wrong with the value. */
const char *clamscan_set_bit(uint32_t *flags, uint32_t bit, const char *value);

/* clamscan_alerts.c: an option each. */
const char *clamscan_heuristics(struct clamscan *c, const char *value);
const char *clamscan_precedence(struct clamscan *c, const char *value);
const char *clamscan_alert_encrypted(struct clamscan *c, const char *value);
const char *clamscan_alert_broken(struct clamscan *c, const char *value);
const char *clamscan_alert_media(struct clamscan *c, const char *value);
const char *clamscan_alert_macros(struct clamscan *c, const char *value);
const char *clamscan_alert_partitions(struct clamscan *c, const char *value);
const char *clamscan_images(struct clamscan *c, const char *value);
const char *clamscan_structured(struct clamscan *c, const char *value);
const char *clamscan_card_count(struct clamscan *c, const char *value);
const char *clamscan_card_mode(struct clamscan *c, const char *value);
const char *clamscan_security_count(struct clamscan *c, const char *value);
const char *clamscan_security_format(struct clamscan *c, const char *value);
/* What follows from several options together. */
void clamscan_choose_alerts(struct clamscan *c);

/* clamscan_age.c: whether no database is older than may be. False after a line
 * on stderr. */
bool clamscan_young(const struct clamscan *c);

/* clamscan_report.c */
void clamscan_report_init(struct clamscan *c);
/* A line of the report: to stdout unless quiet, and to the log file. */
void clamscan_print(struct clamscan *c, const char *path, const char *text);
void clamscan_summary(struct clamscan *c, const struct scan_totals *t,
                      uint64_t n_rules);

/* clamscan_action.c: what --move, --copy and --remove do with a file in which
 * something was found; fd is the file that was scanned. Links are not
 * followed, and nothing else than that file is touched. */
void clamscan_act(struct clamscan *c, const char *path, int fd);
/* Whether the folder of --move or --copy can be used. */
bool clamscan_action_ready(const struct clamscan *c);
