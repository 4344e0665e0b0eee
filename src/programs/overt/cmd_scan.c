/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <string.h>

#include "command.h"
#include "config.h"
#include "option.h"
#include "report_people.h"
#include "scan_job.h"
#include "signals.h"
#include "state_place.h"
#include "sys/spawn.h"

/* overt scan: options, and from totals to an exit code. */

#define MAX_JOBS 256
#define MAX_GLOBS 256
#define MAX_RULE_PATHS 256
#define MAX_SECONDS 86400

struct globs {
    const char *items[MAX_GLOBS];
    size_t n;
};

struct scan_options {
    struct rule_set_options rules;
    const char *rule_paths[MAX_RULE_PATHS];
    struct scan_job job;
    struct globs exclude;
    struct globs include;
    struct ov_buf defines;
    bool is_json;
    bool is_verbose;
    bool is_quiet;
};

static const char *add_glob(struct globs *g, const char *value)
{
    if (g->n == MAX_GLOBS)
        return "too many of them";
    g->items[g->n++] = value;
    return NULL;
}

static const char *set_rules(void *data, const char *value)
{
    struct scan_options *o = data;

    if (o->rules.n_paths == MAX_RULE_PATHS)
        return "too many of them; give a folder";
    o->rule_paths[o->rules.n_paths++] = value;
    return NULL;
}

static const char *set_define(void *data, const char *value)
{
    return rule_set_define(&((struct scan_options *)data)->defines, value);
}

static const char *set_exclude(void *data, const char *value)
{
    return add_glob(&((struct scan_options *)data)->exclude, value);
}

static const char *set_include(void *data, const char *value)
{
    return add_glob(&((struct scan_options *)data)->include, value);
}

static const char *set_files_from(void *data, const char *value)
{
    ((struct scan_options *)data)->job.files_from = value;
    return NULL;
}

static const char *set_jobs(void *data, const char *value)
{
    uint64_t n;

    if (!option_number(value, MAX_JOBS, &n))
        return "not a number of workers";
    ((struct scan_options *)data)->job.n_workers = (unsigned)n;
    return NULL;
}

static const char *set_state(void *data, const char *value)
{
    (void)data;
    state_place_set(value);
    return NULL;
}

static const char *set_key(void *data, const char *value)
{
    ((struct scan_options *)data)->rules.cvd_key = value;
    return NULL;
}

/* Switches. */
#define SWITCH(function, what)                                                 \
    static const char *function(void *data, const char *value)                 \
    {                                                                          \
        struct scan_options *o = data;                                         \
                                                                               \
        (void)value;                                                           \
        what;                                                                  \
        return NULL;                                                           \
    }

SWITCH(set_all, o->job.open.flags |= OV_SCAN_ALL_MATCHES)
SWITCH(set_unwanted, o->job.open.flags |= OV_SCAN_UNWANTED)
SWITCH(set_explain, o->job.open.flags |= OV_SCAN_EXPLAIN)
SWITCH(set_profile, o->job.open.flags |= OV_SCAN_PROFILE;
       o->job.no_cache = true)
SWITCH(set_json, o->is_json = true)
SWITCH(set_verbose, o->is_verbose = true)
SWITCH(set_quiet, o->is_quiet = true)
SWITCH(set_no_cache, o->job.no_cache = o->rules.no_cache = true)
SWITCH(set_follow, o->job.walk.flags |= OV_WALK_FOLLOW)
SWITCH(set_one_fs, o->job.walk.flags |= OV_WALK_ONE_FILE_SYSTEM)
SWITCH(set_unsigned, o->rules.allow_unsigned = true)
SWITCH(set_best_effort,
       o->job.spawn_flags = o->rules.spawn_flags = OV_SPAWN_BEST_EFFORT)

/* Limits: 0 is none, as clamscan has it. */
static const char *set_limit(uint64_t *limit, const char *value)
{
    uint64_t n;

    if (!option_size(value, &n))
        return "not a size: a number, with K, M, G or T behind it if need be";
    *limit = n == 0 ? UINT64_MAX : n;
    return NULL;
}

#define LIMIT(function, where)                                                 \
    static const char *function(void *data, const char *value)                 \
    {                                                                          \
        return set_limit(&((struct scan_options *)data)->job.open.where,       \
                         value);                                               \
    }

LIMIT(set_scansize, limits[OV_COST_BYTES])
LIMIT(set_files, limits[OV_COST_OBJECTS])
LIMIT(set_steps, limits[OV_COST_STEPS])
LIMIT(set_matches, limits[OV_COST_MATCHES])
LIMIT(set_filesize, max_object)

static const char *set_recursion(void *data, const char *value)
{
    uint64_t n;

    if (!option_number(value, UINT32_MAX, &n) || n == 0)
        return "not a depth of 1 or more";
    ((struct scan_options *)data)->job.open.max_depth = (uint32_t)n;
    return NULL;
}

static const char *set_scantime(void *data, const char *value)
{
    uint64_t n;

    if (!option_number(value, MAX_SECONDS, &n) || n == 0)
        return "not a number of seconds from 1 to 86400";
    ((struct scan_options *)data)->job.timeout_ms = (unsigned)n * 1000;
    return NULL;
}

#define HEADING(text)                                                          \
    {                                                                          \
        NULL, 0, NULL, text, NULL                                              \
    }

static const struct option_row rows[] = {
    HEADING("Rules:"),
    {"rules", 'r', "PATH", "rule file, folder or image; repeatable", set_rules},
    {"define", 'd', "NAME=VALUE", "external variable of YARA rules; repeatable",
     set_define},
    {"state", 0, "DIR", "where overt update has installed rules", set_state},
    {"unwanted", 'u', NULL, "rules for unwanted software count, too",
     set_unwanted},
    {"all-matches", 'a', NULL, "every rule that holds, not only the first",
     set_all},
    {"cvd-key", 0, "FILE", "public key of .cvd and .cld files", set_key},
    {"allow-unsigned", 0, NULL, "take .cvd and .cld whose signature fails",
     set_unsigned},
    HEADING("Files:"),
    {"exclude", 0, "GLOB", "not these files and folders; repeatable",
     set_exclude},
    {"include", 0, "GLOB", "only these files; repeatable", set_include},
    {"files-from", 'f', "FILE", "paths to scan, one a line; -: from stdin",
     set_files_from},
    {"follow", 'L', NULL, "follow symbolic links inside folders", set_follow},
    {"one-file-system", 'x', NULL, "stay on the file systems of the paths",
     set_one_fs},
    HEADING("Limits per file; what is beyond is inconclusive, 0 is none:"),
    {"max-filesize", 0, "SIZE", "largest file or member; 100M", set_filesize},
    {"max-scansize", 0, "SIZE", "bytes looked at, members included; 400M",
     set_scansize},
    {"max-files", 0, "N", "members; 10000", set_files},
    {"max-recursion", 0, "N", "depth of nesting; 17", set_recursion},
    {"max-scantime", 0, "SECONDS", "by the clock; 120", set_scantime},
    {"max-steps", 0, "N", "work, in about nanoseconds; 20G", set_steps},
    {"max-matches", 0, "N", "places where patterns match; 1M", set_matches},
    HEADING("Output and more:"),
    {"explain", 'e', NULL, "what matched, and where", set_explain},
    {"profile-rules", 0, NULL, "which rule costs what; scans all files",
     set_profile},
    {"json", 0, NULL, "one JSON object a line", set_json},
    {"verbose", 'v', NULL, "name clean files, too", set_verbose},
    {"quiet", 'q', NULL, "no summary", set_quiet},
    {"jobs", 'j', "N", "workers; default: one per processor", set_jobs},
    {"no-cache", 0, NULL, "scan what was clean before; keep no notes",
     set_no_cache},
    {"best-effort-jail", 0, NULL, "go on where a jail step is not possible",
     set_best_effort},
};

static const struct option_list options = {"overt scan",
                                           "[OPTION]... PATH... | -", rows,
                                           sizeof(rows) / sizeof(rows[0])};

static bool matches(const struct globs *g, const char *path, const char *name)
{
    for (size_t i = 0; i < g->n; i++) {
        bool is_path = strchr(g->items[i], '/') != NULL;

        if (fnmatch(g->items[i], is_path ? path : name, 0) == 0)
            return true;
    }
    return false;
}

static bool wants(void *data, const char *path, const char *name,
                  bool is_folder)
{
    const struct scan_options *o = data;

    if (matches(&o->exclude, path, name))
        return false;
    return is_folder || o->include.n == 0 || matches(&o->include, path, name);
}

static int exit_code_of(const struct scan_totals *t, bool has_errors)
{
    if (t->is_interrupted)
        return EXIT_ERROR;
    if (t->by_verdict[OV_DETECTED] + t->by_verdict[OV_UNWANTED] > 0)
        return EXIT_DETECTED;
    if (has_errors || t->n_errors > 0)
        return EXIT_ERROR;
    return t->by_verdict[OV_INCONCLUSIVE] > 0 ? EXIT_INCONCLUSIVE : EXIT_CLEAN;
}

static int scan(struct scan_options *o)
{
    struct scan_report r = {.out = out_standard(),
                            .is_verbose = o->is_verbose,
                            .is_quiet = o->is_quiet,
                            .has_explanation =
                                (o->job.open.flags & OV_SCAN_EXPLAIN) != 0};
    struct scan_totals totals;
    struct ov_diag diag = {0};
    struct rule_set rules;
    enum ov_status status;
    int code = EXIT_ERROR;

    if (o->is_json)
        report_json(&r);
    else
        report_people(&r);
    if (!rule_set_load(&o->rules, &rules))
        return EXIT_ERROR;
    signals_catch(); /* until now the default was right: just end */
    o->job.rules = &rules;
    o->job.report = &r.report;
    status = scan_run(&o->job, &totals, &diag);
    while (status != OV_OK && totals.n_files == 0 &&
           rule_set_go_back(&o->rules, &rules)) {
        diag = (struct ov_diag){0};
        status = scan_run(&o->job, &totals, &diag);
    }
    if (status == OV_OK) {
        r.report.summary(&r.report, &totals);
        code = exit_code_of(&totals, rules.has_errors);
    } else {
        out_progress(NULL);
        out_error("scan: %s", diag.text);
    }
    rule_set_done(&rules);
    rule_costs_done(&r.costs);
    return out_flush(r.out) ? code : EXIT_ERROR;
}

/* Rules on the command line take the place of overt.conf's, not a seat beside
 * them. */
static void forget_configured_rules(struct scan_options *o, size_t n)
{
    if (n == 0 || o->rules.n_paths == n)
        return;
    o->rules.n_paths -= n;
    memmove(o->rule_paths, o->rule_paths + n,
            o->rules.n_paths * sizeof(o->rule_paths[0]));
}

int cmd_scan(int argc, char **argv)
{
    static struct scan_options o; /* zeroed; large */
    bool is_help = false;
    size_t n_configured;
    int code;

    if (!config_apply(&options, "scan", &o))
        return EXIT_ERROR;
    n_configured = o.rules.n_paths;
    if (!options_parse(&options, &argc, argv, &o, &is_help))
        return EXIT_ERROR;
    forget_configured_rules(&o, n_configured);
    if (is_help)
        return EXIT_CLEAN;
    if (argc < 2 && o.job.files_from == NULL) {
        out_error("scan: give files or folders to scan; see overt scan --help");
        return EXIT_ERROR;
    }
    o.job.paths = (const char *const *)argv + 1;
    o.job.n_paths = (size_t)argc - 1;
    o.job.walk.wants = wants;
    o.job.walk.data = &o;
    o.job.open.flags |= OV_SCAN_HEURISTICS;
    o.job.has_progress = out_has_progress();
    o.rules.paths = o.rule_paths;
    o.rules.skip_errors = true;
    o.rules.defines = ov_buf_span(&o.defines);
    o.job.open.defines = o.rules.defines;
    code = scan(&o);
    ov_buf_done(&o.defines);
    return code;
}
