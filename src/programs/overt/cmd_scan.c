/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "host/config.h"
#include "host/option.h"
#include "host/quarantine_place.h"
#include "host/state_place.h"
#include "own_network.h"
#include "report_people.h"
#include "scan_job.h"
#include "signals.h"
#include "sys/file.h"
#include "sys/spawn.h"

/* overt scan: options, and from totals to an exit code. */

#define MAX_JOBS 256
#define MAX_GLOBS 256
#define MAX_RULE_PATHS 256
#define MAX_SECONDS 86400
#define MAX_PIDS 4096
#define MAX_PASSWORDS ((size_t)64 << 10) /* bytes */

struct globs {
    const char *items[MAX_GLOBS];
    size_t n;
};

struct scan_options {
    struct rule_set_options rules;
    const char *rule_paths[MAX_RULE_PATHS];
    struct scan_job job;
    int pids[MAX_PIDS];
    struct globs exclude;
    struct globs include;
    struct ov_buf defines;
    struct ov_buf passwords; /* lines */
    bool is_json;
    bool is_verbose;
    bool is_quiet;
    bool has_quarantine;
    bool does_suspicious_fail;
    enum scan_cloud_when cloud;
    struct quarantine_settings quarantine;
    struct allow_lists allow;
    struct ov_buf findings; /* path, with its NUL */
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

/* What a sandbox says of a file is about that file alone, and may change: what
 * was clean without it is looked at again. */
static const char *set_module_data(void *data, const char *value)
{
    struct scan_options *o = data;
    struct ov_span rest = ov_span_str(value), name;

    if (!ov_span_cut(&rest, '=', &name) || rest.len == 0)
        return "not of the form MODULE=FILE";
    if (!ov_span_equal(name, OV_SPAN_LIT("cuckoo")))
        return "only the module cuckoo takes a file";
    o->job.sandbox_report = value + name.len + 1;
    o->job.no_cache = true;
    return NULL;
}

static const char *passwords_status(const struct scan_options *o)
{
    return o->passwords.status == OV_OK ? NULL : "too many of them";
}

static const char *set_password(void *data, const char *value)
{
    struct scan_options *o = data;

    ov_put_format(&o->passwords, "%s\n", value);
    return passwords_status(o);
}

static const char *set_password_file(void *data, const char *value)
{
    OV_AUTO_DONE(buf) lines = ov_buf_with_max(16 * MAX_PASSWORDS);
    struct scan_options *o = data;

    if (ov_file_read(value, &lines) != OV_OK)
        return "cannot be read";
    ov_put_span(&o->passwords, ov_buf_span(&lines));
    ov_put_u8(&o->passwords, '\n');
    return passwords_status(o);
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

static const char *set_pid(void *data, const char *value)
{
    struct scan_options *o = data;
    uint64_t n;

    if (!option_number(value, INT32_MAX, &n) || n == 0)
        return "not the number of a process";
    if (o->job.n_pids == MAX_PIDS)
        return "too many of them";
    o->pids[o->job.n_pids++] = (int)n;
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

SWITCH(set_heuristics, o->job.open.flags |= OV_SCAN_HEURISTICS)
SWITCH(set_fail, o->job.open.flags |= OV_SCAN_HEURISTICS;
       o->does_suspicious_fail = true)
SWITCH(set_all, o->job.open.flags |= OV_SCAN_ALL_MATCHES)
SWITCH(set_unwanted, o->job.open.flags |= OV_SCAN_UNWANTED)
SWITCH(set_explain, o->job.open.flags |= OV_SCAN_EXPLAIN)
SWITCH(set_profile, o->job.open.flags |= OV_SCAN_PROFILE;
       o->job.no_cache = true)
SWITCH(set_json, o->is_json = true)
SWITCH(set_verbose, o->is_verbose = true)
SWITCH(set_quiet, o->is_quiet = true)
SWITCH(set_quarantine, o->has_quarantine = true)
SWITCH(set_cloud, o->cloud = SCAN_CLOUD_WANTED)
SWITCH(set_no_cloud, o->cloud = SCAN_CLOUD_NEVER)
SWITCH(set_no_cache, o->job.no_cache = o->rules.no_cache = true)
SWITCH(set_follow, o->job.walk.flags |= OV_WALK_FOLLOW)
SWITCH(set_one_fs, o->job.walk.flags |= OV_WALK_ONE_FILE_SYSTEM)
SWITCH(set_wait, o->job.waits_on_battery = true)
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
    {"module-data", 0, "MODULE=FILE",
     "a sandbox's report for YARA's module cuckoo", set_module_data},
    {"state", 0, "DIR", "where overt update has installed rules",
     state_place_option},
    {"unwanted", 'u', NULL, "rules for unwanted software count, too",
     set_unwanted},
    {"heuristics", 0, NULL, "rules for what is only suspicious count, too",
     set_heuristics},
    {"fail-on-suspicious", 0, NULL,
     "--heuristics, and what is suspicious makes the exit code 1", set_fail},
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
    {"pid", 0, "N", "the memory of this process instead of files; repeatable",
     set_pid},
    {"one-file-system", 'x', NULL, "stay on the file systems of the paths",
     set_one_fs},
    {"password", 0, "WORD", "try it on what is encrypted; repeatable",
     set_password},
    {"password-file", 0, "FILE", "passwords to try, one a line",
     set_password_file},
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
    {"quarantine", 0, NULL, "take what is found away; overt quarantine has it",
     set_quarantine},
    {"cloud", 0, NULL, "look programs up in the cloud's data; see overt cloud",
     set_cloud},
    {"no-cloud", 0, NULL, "do not, whatever overt cloud mode says",
     set_no_cloud},
    {"explain", 'e', NULL, "what matched, and where", set_explain},
    {"profile-rules", 0, NULL, "which rule costs what; scans all files",
     set_profile},
    {"json", 0, NULL, "one JSON object a line", set_json},
    {"verbose", 'v', NULL, "name clean files, too", set_verbose},
    {"quiet", 'q', NULL, "no summary", set_quiet},
    {"jobs", 'j', "N", "workers; default: one per processor", set_jobs},
    {"wait-on-battery", 0, NULL, "begin no file while on battery", set_wait},
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

static int exit_code_of(const struct scan_options *o,
                        const struct scan_totals *t, bool has_errors)
{
    if (t->is_interrupted)
        return EXIT_ERROR;
    if (t->by_verdict[OV_DETECTED] + t->by_verdict[OV_UNWANTED] > 0)
        return EXIT_DETECTED;
    if (o->does_suspicious_fail && t->n_suspicious > 0)
        return EXIT_DETECTED;
    if (has_errors || t->n_errors > 0)
        return EXIT_ERROR;
    return t->by_verdict[OV_INCONCLUSIVE] > 0 ? EXIT_INCONCLUSIVE : EXIT_CLEAN;
}

/* Explanations are kept with what is taken, shown or not. */
static bool open_quarantine(struct scan_options *o)
{
    if (!o->has_quarantine)
        return true;
    o->job.open.flags |= OV_SCAN_EXPLAIN;
    return quarantine_place_open(&o->quarantine, QUARANTINE_WRITE,
                                 &o->job.quarantine) == OV_OK;
}

static void close_quarantine(struct scan_options *o)
{
    if (o->job.quarantine != NULL)
        quarantine_place_retain(&o->quarantine, o->job.quarantine);
    quarantine_close(o->job.quarantine);
    o->job.quarantine = NULL;
}

/* A damaged list is an error, and the scan goes on without it. */
static bool open_allow_lists(struct scan_options *o)
{
    bool is_good = allow_lists_load(&o->allow);

    o->job.allow = &o->allow;
    if (allow_lists_want_rules(&o->allow, (int64_t)time(NULL)) &&
        (o->job.open.flags & OV_SCAN_ALL_MATCHES) == 0) {
        o->job.open.flags |= OV_SCAN_ALL_MATCHES;
        o->job.is_first_told = true;
    }
    o->findings = ov_buf_with_max(PATH_MAX);
    if (finding_place_put(&o->findings))
        o->job.findings = (const char *)o->findings.ptr;
    return is_good;
}

static void close_allow_lists(struct scan_options *o)
{
    allow_lists_done(&o->allow);
    ov_buf_done(&o->findings);
}

static int scan(struct scan_options *o)
{
    struct scan_report r = {.out = out_standard(),
                            .is_verbose = o->is_verbose,
                            .is_quiet = o->is_quiet,
                            .has_explanation =
                                (o->job.open.flags & OV_SCAN_EXPLAIN) != 0,
                            .has_quarantine = o->has_quarantine};
    struct scan_totals totals;
    struct ov_diag diag = {0};
    struct rule_set rules;
    enum ov_status status;
    int code = EXIT_ERROR;

    if (o->is_json)
        report_json(&r);
    else
        report_people(&r);
    if (!scan_cloud_open(o->cloud, "overt scan", o->job.spawn_flags,
                         &o->job.cloud) ||
        !own_network_settle(o->job.cloud != NULL ? FETCHED : NONE) ||
        !open_quarantine(o) || !rule_set_load(&o->rules, &rules))
        return EXIT_ERROR;
    rules.has_errors |= !open_allow_lists(o);
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
        if (r.costs.is_cut)
            out_error("scan: out of memory: what some rules have cost is "
                      "missing");
        code = exit_code_of(o, &totals, rules.has_errors || r.costs.is_cut);
    } else {
        out_progress(NULL);
        out_error("scan: %s", diag.text);
    }
    scan_cloud_close(o->job.cloud);
    close_quarantine(o);
    close_allow_lists(o);
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

/* What may be read of a file is far less than a process has. */
static void set_process_limits(struct scan_options *o)
{
    struct ov_wire_open *open = &o->job.open;

    o->job.pids = o->pids;
    o->job.process_prefix = "/proc/";
    if (open->max_object == 0)
        open->max_object = UINT64_MAX;
    if (open->limits[OV_COST_BYTES] == 0)
        open->limits[OV_COST_BYTES] = UINT64_MAX;
}

static bool has_targets(struct scan_options *o, int argc)
{
    bool has_files = argc >= 2 || o->job.files_from != NULL;

    if (has_files == (o->job.n_pids > 0)) {
        out_error(has_files ? "scan: give processes or files, not both"
                            : "scan: give files or folders to scan; see overt "
                              "scan --help");
        return false;
    }
    if (o->job.n_pids > 0)
        set_process_limits(o);
    return true;
}

int cmd_scan(int argc, char **argv)
{
    static struct scan_options o; /* zeroed; large */
    bool is_help = false;
    size_t n_configured;
    int code;

    o.passwords = ov_buf_with_max(2 * MAX_PASSWORDS);
    if (!config_apply(&options, "scan", &o) ||
        !config_apply(&quarantine_options, "quarantine", &o.quarantine))
        return EXIT_ERROR;
    n_configured = o.rules.n_paths;
    if (!options_parse(&options, &argc, argv, &o, &is_help))
        return EXIT_ERROR;
    forget_configured_rules(&o, n_configured);
    if (is_help)
        return EXIT_CLEAN;
    if (!has_targets(&o, argc))
        return EXIT_ERROR;
    o.job.paths = (const char *const *)argv + 1;
    o.job.n_paths = (size_t)argc - 1;
    o.job.walk.wants = wants;
    o.job.walk.data = &o;
    o.job.has_progress = out_has_progress();
    o.rules.paths = o.rule_paths;
    o.rules.skip_errors = true;
    o.rules.has_file_values = true;
    o.rules.defines = ov_buf_span(&o.defines);
    o.job.open.defines = o.rules.defines;
    o.job.passwords = ov_buf_span(&o.passwords);
    code = scan(&o);
    ov_buf_done(&o.defines);
    ov_buf_done(&o.passwords);
    return code;
}
