/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "host/option.h"
#include "signals.h"
#include "yara_front.h"

/* overt yara: for scripts that call yara. Also what runs when overt is called
 * by a link named yara. Only the file's own bytes are looked at, as there:
 * archives are not opened. */
#define DEFAULT_TIMEOUT_S 1000000
#define MAX_THREADS 256

const char *yara_version(void)
{
    return "4.5.0 (overt " OV_VERSION ")";
}

static const char *add_word(struct yara_words *words, const char *value)
{
    if (words->n == YARA_MAX_WORDS)
        return "too many of them";
    words->items[words->n++] = value;
    return NULL;
}

static const char *set_identifier(void *data, const char *value)
{
    return add_word(&((struct yara *)data)->identifiers, value);
}

static const char *set_tag(void *data, const char *value)
{
    return add_word(&((struct yara *)data)->tags, value);
}

static const char *set_number(uint64_t *ret, uint64_t max, const char *value)
{
    return option_number(value, max, ret) ? NULL : "not a number in range";
}

static const char *set_max_rules(void *data, const char *value)
{
    return set_number(&((struct yara *)data)->max_rules, UINT32_MAX, value);
}

static const char *set_chunk(void *data, const char *value)
{
    return set_number(&((struct yara *)data)->max_chunk, UINT64_MAX, value);
}

static const char *set_skip_larger(void *data, const char *value)
{
    return set_number(&((struct yara *)data)->skip_larger, UINT64_MAX, value);
}

static const char *set_threads(void *data, const char *value)
{
    uint64_t n;

    if (!option_number(value, MAX_THREADS, &n) || n == 0)
        return "not a number from 1 to 256";
    ((struct yara *)data)->n_threads = (unsigned)n;
    return NULL;
}

static const char *set_timeout(void *data, const char *value)
{
    uint64_t n;

    if (!option_number(value, DEFAULT_TIMEOUT_S, &n))
        return "not a number of seconds up to 1000000";
    if (n > 0)
        ((struct yara *)data)->timeout_ms = (unsigned)n * 1000;
    return NULL;
}

/* MODULE=FILE; cuckoo is the only module that takes one. */
static const char *set_module_data(void *data, const char *value)
{
    struct ov_span rest = ov_span_str(value), name;

    if (!ov_span_cut(&rest, '=', &name) || rest.len == 0)
        return "not of the form MODULE=FILE";
    if (ov_span_equal(name, OV_SPAN_LIT("cuckoo")))
        ((struct yara *)data)->report_file = value + name.len + 1;
    return NULL;
}

/* Sizes of yara's own tables, which have no counterpart: a number is taken, and
 * means nothing. */
static const char *set_unused(void *data, const char *value)
{
    uint64_t n;

    (void)data;
    return set_number(&n, UINT64_MAX, value);
}

static const char *set_define(void *data, const char *value)
{
    return rule_set_define(&((struct yara *)data)->defines, value);
}

#define SWITCH(function, field)                                                \
    static const char *function(void *data, const char *value)                 \
    {                                                                          \
        (void)value;                                                           \
        ((struct yara *)data)->field = true;                                   \
        return NULL;                                                           \
    }

SWITCH(set_compiled, is_compiled)
SWITCH(set_count, is_count)
SWITCH(set_fast, is_fast)
SWITCH(set_list, is_list)
SWITCH(set_negate, is_negated)
SWITCH(set_recursive, is_recursive)
SWITCH(set_no_links, follows_no_links)
SWITCH(set_meta, has_meta)
SWITCH(set_module_values, has_module_values)
SWITCH(set_statistics, has_statistics)
SWITCH(set_namespace, has_namespace)
SWITCH(set_print_tags, has_tags)
SWITCH(set_strings, has_strings)
SWITCH(set_lengths, has_lengths)
SWITCH(set_no_warnings, has_no_warnings)
SWITCH(set_fail, fails_on_warnings)
SWITCH(set_version, is_version)

static const struct option_row rows[] = {
    {"compiled-rules", 'C', NULL, "the rules are an image of overt yarac",
     set_compiled},
    {"count", 'c', NULL, "print only how many rules match", set_count},
    {"fail-on-warnings", 0, NULL, "warnings about rules are errors", set_fail},
    {"fast-scan", 'f', NULL, "of each string only the first match", set_fast},
    {"identifier", 'i', "NAME", "only rules of this name; repeatable",
     set_identifier},
    {"max-process-memory-chunk", 0, "NUMBER",
     "the longest piece of a process that is looked at as one; 1 GiB",
     set_chunk},
    {"max-rules", 'l', "NUMBER", "stop after so many rules", set_max_rules},
    {"max-strings-per-rule", 0, "NUMBER", "taken; 10000 is ours", set_unused},
    {"module-data", 'x', "MODULE=FILE", "a report for the module cuckoo",
     set_module_data},
    {"negate", 'n', NULL, "the rules that do not hold", set_negate},
    {"no-follow-symlinks", 'N', NULL, "not links inside folders", set_no_links},
    {"no-warnings", 'w', NULL, "nothing about slow rules", set_no_warnings},
    {"print-meta", 'm', NULL, "print meta data", set_meta},
    {"print-module-data", 'D', NULL, "print what the modules say of the file",
     set_module_values},
    {"print-stats", 'S', NULL, "print how the rules' strings are looked for",
     set_statistics},
    {"define", 'd', "VAR=VALUE", "define external variable", set_define},
    {"print-namespace", 'e', NULL, "print the rules' namespaces",
     set_namespace},
    {"print-strings", 's', NULL, "print the strings' matches", set_strings},
    {"print-string-length", 'L', NULL, "print the lengths of matches",
     set_lengths},
    {"print-tags", 'g', NULL, "print tags", set_print_tags},
    {"recursive", 'r', NULL, "look into folders in the folder", set_recursive},
    {"scan-list", 0, NULL, "scan the files listed in FILE", set_list},
    {"skip-larger", 'z', "NUMBER", "in folders no files with more bytes",
     set_skip_larger},
    {"stack-size", 'k', "SLOTS", "taken; the stack is fixed", set_unused},
    {"tag", 't', "TAG", "only rules with this tag; repeatable", set_tag},
    {"threads", 'p', "NUMBER", "workers for a folder", set_threads},
    {"timeout", 'a', "SECONDS", "the longest for one file", set_timeout},
    {"version", 'v', NULL, "print the version", set_version},
};

static const struct option_list options = {
    "overt yara", "[OPTION]... [NAMESPACE:]RULES_FILE... FILE | DIR | PID",
    rows, sizeof(rows) / sizeof(rows[0])};

static bool wants(void *data, const char *path, const char *name,
                  bool is_folder)
{
    const struct yara *y = data;
    struct stat st;

    (void)name;
    if (is_folder)
        return y->is_recursive;
    if (y->skip_larger == 0 || stat(path, &st) != 0 ||
        (uint64_t)st.st_size <= y->skip_larger)
        return true;
    out_error("yara: skipping %s (%llu bytes) because it's larger than %llu "
              "bytes.",
              path, (unsigned long long)st.st_size,
              (unsigned long long)y->skip_larger);
    return false;
}

/* A number that is no file's name; 0: it is none. */
static int process_number(const char *target)
{
    struct stat st;
    uint64_t n;

    if (stat(target, &st) == 0 || !option_number(target, INT32_MAX, &n))
        return 0;
    return (int)n;
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* yara knows no limits but the clock's. */
static void set_limits(struct ov_wire_open *open)
{
    for (size_t i = 0; i < OV_N_COST; i++)
        open->limits[i] = UINT64_MAX;
    open->max_object = UINT64_MAX;
}

static void set_flags(struct yara *y)
{
    y->open.flags = OV_SCAN_ALL_MATCHES | OV_SCAN_UNWANTED |
                    OV_SCAN_HEURISTICS | OV_SCAN_FLAT;
    if (y->has_tags || y->has_meta || y->has_namespace || y->tags.n > 0)
        y->open.flags |= OV_SCAN_EXPLAIN;
    if (y->has_strings || y->has_lengths)
        y->open.flags |= OV_SCAN_MATCHES;
    if (y->has_module_values)
        y->open.flags |= OV_SCAN_MODULES;
    if (y->is_negated && !y->is_count) /* yara counts those that hold */
        y->open.flags |= OV_SCAN_NEGATE;
}

static int scan(struct yara *y, const struct rule_set *rules,
                const char *target)
{
    struct scan_totals totals;
    struct ov_diag diag = {0};
    struct scan_job job = {
        .paths = &target,
        .n_paths = y->is_list || y->pid > 0 ? 0 : 1,
        .pids = &y->pid,
        .n_pids = y->pid > 0 ? 1 : 0,
        .process_prefix = "",
        .max_process_chunk = y->max_chunk,
        .files_from = y->is_list ? target : NULL,
        .walk = {.wants = wants, .data = y},
        .rules = rules,
        .open = y->open,
        .sandbox_report = y->report_file,
        .n_workers = y->n_threads,
        .timeout_ms = y->timeout_ms,
        .no_cache = true,
        .report = &y->report,
    };

    if (!y->follows_no_links)
        job.walk.flags |= OV_WALK_FOLLOW;
    if (scan_run(&job, &totals, &diag) != OV_OK) {
        out_error("yara: %s", diag.text);
        return EXIT_DETECTED;
    }
    if (totals.is_interrupted && !yara_is_full(y))
        return EXIT_DETECTED;
    return y->has_errors ? EXIT_DETECTED : EXIT_CLEAN;
}

static bool load(const struct yara *y, const char *const *paths, size_t n,
                 struct rule_set *ret)
{
    const struct rule_set_options from = {.paths = paths,
                                          .n_paths = n,
                                          .n_threads = y->n_threads,
                                          .space = "default",
                                          .tells_warnings = !y->has_no_warnings,
                                          .defines = ov_buf_span(&y->defines)};

    if (y->is_compiled && n > 1) {
        out_error("yara: can't accept multiple rules files when using -C");
        return false;
    }
    if (y->is_compiled)
        return rule_set_open_image(paths[0], ret);
    if (!rule_set_load(&from, ret))
        return false;
    if (!ret->has_warnings || !y->fails_on_warnings)
        return true;
    rule_set_done(ret);
    return false;
}

static bool write_text(void *data, struct ov_span text)
{
    struct out *o = data;

    ov_put_span(&o->text, text);
    return out_flush(o);
}

static bool print_statistics(struct yara *y, const struct rule_set *rules)
{
    const struct ov_judge_view view = {.what = OV_JUDGE_STATISTICS,
                                       .image_fd = rules->images.fds[0],
                                       .image_len = rules->images.lens[0],
                                       .write = write_text,
                                       .data = y->out};
    struct ov_judge_refusal refusal;

    if (ov_judge_show(&view, &refusal) == OV_OK)
        return true;
    out_error("yara: %s", refusal.text);
    return false;
}

int cmd_yara(int argc, char **argv)
{
    static struct yara y; /* zeroed; large */
    bool is_help = false;
    struct rule_set rules;
    const char *target;
    int code;

    y.out = out_standard();
    y.timeout_ms = DEFAULT_TIMEOUT_S * 1000u;
    if (!options_parse(&options, &argc, argv, &y, &is_help))
        return EXIT_DETECTED;
    if (is_help)
        return EXIT_CLEAN;
    if (y.is_version) {
        out_format(y.out, "%s\n", yara_version());
        return out_flush(y.out) ? EXIT_CLEAN : EXIT_DETECTED;
    }
    if (argc < 3) {
        out_error("yara: wrong number of arguments; see overt yara --help");
        return EXIT_DETECTED;
    }
    target = argv[argc - 1];
    y.is_folder = y.is_list || is_folder(target);
    y.pid = y.is_list ? 0 : process_number(target);
    set_limits(&y.open);
    y.open.defines = ov_buf_span(&y.defines);
    set_flags(&y);
    if (!load(&y, (const char *const *)argv + 1, (size_t)argc - 2, &rules))
        return EXIT_DETECTED;
    if (y.has_statistics && !print_statistics(&y, &rules)) {
        rule_set_done(&rules);
        return EXIT_DETECTED;
    }
    signals_catch();
    yara_report_init(&y);
    code = scan(&y, &rules, target);
    yara_report_end(&y);
    yara_report_done(&y);
    rule_set_done(&rules);
    return out_flush(y.out) ? code : EXIT_DETECTED;
}
