/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clamscan.h"
#include "command.h"
#include "signals.h"
#include "sys/fd.h"

/* overt clamscan: for scripts that call clamscan. Also what runs when overt is
 * called by a link named clamscan. */
#define DEFAULT_DATABASE "/var/lib/clamav"
#define DEFAULT_TIMEOUT_MS 120000

static bool matches(const struct clamscan_regexes *list, const char *path)
{
    for (size_t i = 0; i < list->n; i++)
        if (regexec(&list->items[i], path, 0, NULL, 0) == 0)
            return true;
    return false;
}

static bool is_excluded(const struct clamscan *c, const char *path,
                        bool is_folder)
{
    const struct clamscan_regexes *include =
        is_folder ? &c->include_dir : &c->include;

    return matches(is_folder ? &c->exclude_dir : &c->exclude, path) ||
           (include->n > 0 && !matches(include, path));
}

static bool wants(void *data, const char *path, const char *name,
                  bool is_folder)
{
    struct clamscan *c = data;

    (void)name;
    if (is_folder && !c->is_recursive)
        return false;
    if (is_excluded(c, path, is_folder)) {
        if (!c->is_infected_only)
            clamscan_print(c, path, ": Excluded");
        return false;
    }
    if (is_folder)
        c->n_folders++;
    return true;
}

/* Paths that the user named: links among them may not be wanted. */
static size_t keep_wanted(struct clamscan *c, const char **paths, size_t n)
{
    size_t n_kept = 0;

    for (size_t i = 0; i < n; i++) {
        struct stat st = {0};
        struct stat target = {0};
        bool is_link = lstat(paths[i], &st) == 0 && S_ISLNK(st.st_mode) &&
                       stat(paths[i], &target) == 0;
        bool is_folder = S_ISDIR(is_link ? target.st_mode : st.st_mode);

        if (is_link && (is_folder ? c->follow_dirs : c->follow_files) == 0) {
            clamscan_print(c, paths[i], ": Symbolic link");
            continue;
        }
        if (is_folder)
            c->n_folders++;
        paths[n_kept++] = paths[i];
    }
    return n_kept;
}

static bool count_rule(void *data, struct ov_span text)
{
    uint64_t *n = data;
    size_t at = 0;

    while ((at = ov_span_find_byte(text, '\n', at)) != SIZE_MAX) {
        *n += 1;
        at++;
    }
    return true;
}

/* How many rules there are; a ready image does not say, but its list does. */
static uint64_t count_rules(const struct clamscan *c,
                            const struct rule_set *rules)
{
    uint64_t n = 0;

    if (rules->is_compiled && rules->images.n == 1)
        return rules->report.n_rules;
    for (size_t i = 0; i < rules->images.n && !c->has_no_summary; i++) {
        struct ov_judge_refusal refusal;
        const struct ov_judge_view view = {
            .what = OV_JUDGE_LIST,
            .image_fd = rules->images.fds[i],
            .image_len = rules->images.lens[i],
            .write = count_rule,
            .data = &n,
        };

        if (ov_judge_show(&view, &refusal) != OV_OK)
            return 0;
    }
    return n;
}

static bool open_log(struct clamscan *c)
{
    static const char line[] = "\n-------------------------------------------"
                               "------------------------------------\n\n";

    c->log_fd = -1;
    if (c->log_path == NULL)
        return true;
    c->log_fd =
        open(c->log_path,
             O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (c->log_fd >= 0 &&
        write(c->log_fd, line, sizeof(line) - 1) == (ssize_t)sizeof(line) - 1)
        return true;
    out_error("clamscan: the log file %s cannot be written: %s", c->log_path,
              strerror(errno));
    return false;
}

static int exit_code_of(const struct clamscan *c, const struct scan_totals *t)
{
    if (t->is_interrupted)
        return EXIT_ERROR;
    if (c->n_infected > 0)
        return EXIT_DETECTED;
    return c->n_errors > 0 ? EXIT_ERROR : EXIT_CLEAN;
}

static int run(struct clamscan *c, const char **paths, size_t n_paths)
{
    const struct rule_set_options from = {.paths = c->databases.items,
                                          .n_paths = c->databases.n,
                                          .has_file_values = true};
    bool follows = c->follow_dirs == 2 || c->follow_files == 2;
    struct rule_set rules;
    struct scan_totals totals;
    struct ov_diag diag = {0};
    struct scan_job job = {
        .paths = paths,
        .n_paths = n_paths,
        .files_from = c->file_list,
        .walk = {.max_depth = c->max_folders, .wants = wants, .data = c},
        .rules = &rules,
        .open = c->open,
        .timeout_ms = c->timeout_ms,
        .no_cache = c->has_no_cache || c->action != CLAMSCAN_LEAVE,
        .report = &c->report,
    };
    int code = EXIT_ERROR;

    if (c->is_one_fs)
        job.walk.flags |= OV_WALK_ONE_FILE_SYSTEM;
    if (follows)
        job.walk.flags |= OV_WALK_FOLLOW;
    if (!rule_set_load(&from, &rules))
        return EXIT_ERROR;
    if (scan_run(&job, &totals, &diag) == OV_OK) {
        clamscan_summary(c, &totals, count_rules(c, &rules));
        code = exit_code_of(c, &totals);
    } else {
        out_error("clamscan: %s", diag.text);
    }
    rule_set_done(&rules);
    return out_flush(c->out) ? code : EXIT_ERROR;
}

int cmd_clamscan(int argc, char **argv)
{
    static struct clamscan c; /* zeroed; large */
    const char **paths = (const char **)(void *)(argv + 1);
    size_t n_paths;

    c.out = out_standard();
    c.timeout_ms = DEFAULT_TIMEOUT_MS;
    if (!clamscan_parse(&c, &argc, argv))
        return EXIT_ERROR;
    n_paths = (size_t)argc - 1;
    if (c.is_help)
        clamscan_help(c.out);
    else if (c.is_version)
        out_format(c.out, "ClamAV-compatible, overt %s\n", OV_VERSION);
    if (c.is_help || c.is_version)
        return out_flush(c.out) ? EXIT_CLEAN : EXIT_ERROR;
    if (c.databases.n == 0)
        c.databases.items[c.databases.n++] = DEFAULT_DATABASE;
    if (!clamscan_action_ready(&c) || !open_log(&c))
        return EXIT_ERROR;
    clamscan_report_init(&c);
    signals_catch();
    if (!clamscan_young(&c)) {
        const struct scan_totals none = {0};

        clamscan_summary(&c, &none, 0);
        (void)out_flush(c.out);
        return EXIT_ERROR;
    }
    if (n_paths == 0 && c.file_list == NULL) {
        static const char *here[] = {"."};

        paths = here;
        n_paths = 1;
    }
    n_paths = keep_wanted(&c, paths, n_paths);
    return run(&c, paths, n_paths);
}
