/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "host/option.h"
#include "host/output.h"
#include "host/rule_set.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/spawn.h"

/* overt rules: build an image, or have one printed by a jailed process. */

#define MAX_THREADS 256
#define MAX_SILENCE 86400

struct rules_options {
    struct rule_set_options set;
    struct ov_buf defines;
    const char *output;
    bool is_check;
    bool is_write;
    enum ov_judge_show check; /* which account */
};

static const char *set_output(void *data, const char *value)
{
    ((struct rules_options *)data)->output = value;
    return NULL;
}

static const char *set_threads(void *data, const char *value)
{
    uint64_t n;

    if (!option_number(value, MAX_THREADS, &n))
        return "not a number of threads";
    ((struct rules_options *)data)->set.n_threads = (unsigned)n;
    return NULL;
}

static const char *set_key(void *data, const char *value)
{
    ((struct rules_options *)data)->set.cvd_key = value;
    return NULL;
}

static const char *set_define(void *data, const char *value)
{
    return rule_set_define(&((struct rules_options *)data)->defines, value);
}

static const char *set_silence(void *data, const char *value)
{
    uint64_t n;

    if (!option_number(value, MAX_SILENCE, &n) || n == 0)
        return "not a number of seconds";
    ((struct rules_options *)data)->set.max_silence = (unsigned)n;
    return NULL;
}

static const char *set_unsigned(void *data, const char *value)
{
    (void)value;
    ((struct rules_options *)data)->set.allow_unsigned = true;
    return NULL;
}

static const char *set_skip(void *data, const char *value)
{
    (void)value;
    ((struct rules_options *)data)->set.skip_errors = true;
    return NULL;
}

static const char *set_check(void *data, const char *value)
{
    (void)value;
    ((struct rules_options *)data)->is_check = true;
    return NULL;
}

static const char *set_write(void *data, const char *value)
{
    (void)value;
    ((struct rules_options *)data)->is_write = true;
    return NULL;
}

static const char *set_slow(void *data, const char *value)
{
    (void)value;
    ((struct rules_options *)data)->check = OV_JUDGE_SLOW;
    return NULL;
}

static const char *set_profile(void *data, const char *value)
{
    (void)value;
    ((struct rules_options *)data)->check = OV_JUDGE_COSTS;
    return NULL;
}

static const char *set_best_effort(void *data, const char *value)
{
    (void)value;
    ((struct rules_options *)data)->set.spawn_flags |= OV_SPAWN_BEST_EFFORT;
    return NULL;
}

static const struct option_row rows[] = {
    {"output", 'o', "IMAGE", "where to write the image", set_output},
    {"threads", 'j', "N", "threads to compile with; default: all", set_threads},
    {"define", 'd', "NAME=VALUE", "external variable of YARA rules; repeatable",
     set_define},
    {"cvd-key", 0, "FILE", "public key of .cvd and .cld files", set_key},
    {"allow-unsigned", 0, NULL, "take .cvd and .cld whose signature fails",
     set_unsigned},
    {"skip-errors", 0, NULL, "leave out lines at fault, compile the rest",
     set_skip},
    {"max-silence", 0, "SECONDS",
     "give up when the compiler says nothing for so long; 300", set_silence},
    {"check", 0, NULL, "fmt: only name the files that would change", set_check},
    {"slow", 0, NULL, "check: only name the strings that slow a scan down",
     set_slow},
    {"profile-rules", 0, NULL,
     "check: only tell what compiling each rule has made, the dearest first",
     set_profile},
    {"write", 'w', NULL, "fmt: change the files", set_write},
    {"best-effort-jail", 0, NULL, "go on where a jail step is not possible",
     set_best_effort},
};

static const struct option_list options = {
    "overt rules",
    "build SRC... -o IMAGE\n"
    "       overt rules list SRC...       every rule\n"
    "       overt rules check SRC...      counts, and what was left out\n"
    "       overt rules dump SRC [RULE]   the image's parts, or all of a "
    "rule\n"
    "       overt rules fmt FILE...       YARA sources in their usual form\n"
    "SRC: ClamAV databases, YARA files, folders of them, or one image.",
    rows, sizeof(rows) / sizeof(rows[0])};

static void print_report(const struct rule_set *set, const char *path)
{
    struct out *o = out_standard();

    out_escaped(o, ov_span_str(path));
    out_format(o,
               ": %llu rules, %llu hashes, %llu patterns, %llu bytes; %llu "
               "lines not used, %llu ignored\n",
               (unsigned long long)set->report.n_rules,
               (unsigned long long)set->report.n_hashes,
               (unsigned long long)set->report.n_patterns,
               (unsigned long long)set->images.lens[0],
               (unsigned long long)set->report.n_skipped,
               (unsigned long long)set->report.n_ignored);
}

static int build(struct rules_options *o)
{
    struct rule_set set;
    bool is_written;

    o->set.no_cache = true;
    o->set.has_file_values = true;
    if (o->output == NULL || o->set.n_paths == 0) {
        out_error("rules build: give sources and -o IMAGE; see overt rules "
                  "--help");
        return EXIT_ERROR;
    }
    o->set.defines = ov_buf_span(&o->defines);
    if (!rule_set_load(&o->set, &set))
        return EXIT_ERROR;
    if (set.images.n != 1) {
        out_error("rules build: give sources, or one image");
        rule_set_done(&set);
        return EXIT_ERROR;
    }
    is_written = rule_set_write(&set, o->output);
    if (is_written)
        print_report(&set, o->output);
    rule_set_done(&set);
    return is_written && !set.has_errors && out_flush(out_standard())
               ? EXIT_CLEAN
               : EXIT_ERROR;
}

static bool write_text(void *data, struct ov_span text)
{
    struct out *o = data;

    ov_put_span(&o->text, text); /* escaped by those who made it */
    return out_flush(o);
}

/* An image as it is, or one made of sources for this time. False after a line;
 * lines of sources that are at fault are told, and left out. */
static bool open_or_compile(struct rules_options *o, size_t n_paths,
                            struct rule_set *ret)
{
    o->set.n_paths = n_paths;
    o->set.no_cache = true;
    o->set.skip_errors = true;
    o->set.has_file_values = true;
    o->set.defines = ov_buf_span(&o->defines);
    if (!rule_set_load(&o->set, ret))
        return false;
    if (ret->images.n == 1)
        return true;
    out_error("rules: give sources, or one image");
    rule_set_done(ret);
    return false;
}

static int show(struct rules_options *o, enum ov_judge_show what)
{
    struct ov_judge_view view = {.what = what,
                                 .spawn_flags = o->set.spawn_flags,
                                 .max_silence = o->set.max_silence,
                                 .write = write_text,
                                 .data = out_standard()};
    struct ov_judge_refusal refusal;
    size_t n_paths = o->set.n_paths;
    struct rule_set set;
    enum ov_status status;
    bool is_whole;

    if (n_paths == 2 && what == OV_JUDGE_SECTIONS) {
        view.what = OV_JUDGE_RULE;
        view.name = o->set.paths[1];
        n_paths = 1;
    } else if (n_paths == 0 || (n_paths > 1 && what == OV_JUDGE_SECTIONS)) {
        out_error("rules: give an image, or sources; see overt rules --help");
        return EXIT_ERROR;
    }
    if (!open_or_compile(o, n_paths, &set))
        return EXIT_ERROR;
    view.image_fd = set.images.fds[0];
    view.image_len = set.images.lens[0];
    status = ov_judge_show(&view, &refusal);
    if (status != OV_OK)
        out_error("%s: %s", o->set.paths[0], refusal.text);
    is_whole = !set.has_errors;
    rule_set_done(&set);
    return status == OV_OK && is_whole ? EXIT_CLEAN : EXIT_ERROR;
}

/* ---- fmt ---- */

static bool gather_text(void *data, struct ov_span text)
{
    struct ov_buf *b = data;

    ov_put_span(b, text);
    return ov_buf_status(b) == OV_OK;
}

/* False after a line. */
static bool format(const struct rules_options *o, const char *path, int fd,
                   uint64_t len, struct ov_buf *ret)
{
    struct ov_judge_view view = {.what = OV_JUDGE_FORMAT,
                                 .image_fd = fd,
                                 .image_len = len,
                                 .spawn_flags = o->set.spawn_flags,
                                 .max_silence = o->set.max_silence,
                                 .write = gather_text,
                                 .data = ret};
    struct ov_judge_refusal refusal;

    if (ov_judge_show(&view, &refusal) == OV_OK)
        return true;
    if (refusal.line != 0)
        out_error("%s:%u: %s", path, refusal.line, refusal.text);
    else
        out_error("%s: %s", path, refusal.text);
    return false;
}

/* Prints, compares or replaces one file. False after a line; *ret_differs says
 * whether it was not in its usual form. */
static bool format_file(const struct rules_options *o, const char *path,
                        bool *ret_differs)
{
    OV_AUTO_DONE(buf) before = ov_buf_with_max(SIZE_MAX);
    OV_AUTO_DONE(buf) after = ov_buf_with_max(SIZE_MAX);
    OV_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct ov_diag diag = {0};
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || ov_file_read(path, &before) != OV_OK) {
        out_error("%s: cannot read this file", path);
        return false;
    }
    if (!format(o, path, fd, before.len, &after))
        return false;
    *ret_differs = !ov_span_equal(ov_buf_span(&before), ov_buf_span(&after));
    if (!o->is_check && !o->is_write)
        return write_text(out_standard(), ov_buf_span(&after));
    if (!*ret_differs)
        return true;
    out_escaped(out_standard(), ov_span_str(path));
    out_format(out_standard(), "\n");
    if (!o->is_write)
        return true;
    if (ov_file_replace(path, ov_buf_span(&after), st.st_mode & 0777, &diag) ==
        OV_OK)
        return true;
    out_error("%s: cannot write: %s", path, diag.text);
    return false;
}

static int format_all(const struct rules_options *o)
{
    bool has_differences = false;
    bool is_good = o->set.n_paths > 0;

    if (!is_good)
        out_error("rules fmt: give YARA files; see overt rules --help");
    for (size_t i = 0; i < o->set.n_paths; i++) {
        bool differs = false;

        is_good &= format_file(o, o->set.paths[i], &differs);
        has_differences |= differs;
    }
    is_good &= out_flush(out_standard());
    if (!is_good)
        return EXIT_ERROR;
    return o->is_check && has_differences ? EXIT_DETECTED : EXIT_CLEAN;
}

static const struct {
    const char *word;
    enum ov_judge_show what;
} shows[] = {
    {"list", OV_JUDGE_LIST},
    {"check", OV_JUDGE_COUNTS},
    {"dump", OV_JUDGE_SECTIONS},
};

int cmd_rules(int argc, char **argv)
{
    struct rules_options o = {.check = OV_JUDGE_COUNTS};
    bool is_help = false;

    if (!options_parse(&options, &argc, argv, &o, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_CLEAN;
    if (argc < 2) {
        out_error("rules: say what to do; see overt rules --help");
        return EXIT_ERROR;
    }
    o.set.paths = (const char *const *)argv + 2;
    o.set.n_paths = (size_t)argc - 2;
    if (strcmp(argv[1], "build") == 0)
        return build(&o);
    if (strcmp(argv[1], "fmt") == 0)
        return format_all(&o);
    for (size_t i = 0; i < sizeof(shows) / sizeof(shows[0]); i++) {
        if (strcmp(argv[1], shows[i].word) == 0)
            return show(&o, shows[i].what == OV_JUDGE_COUNTS ? o.check
                                                             : shows[i].what);
    }
    out_error("rules: no such thing to do: %s; see overt rules --help",
              argv[1]);
    return EXIT_ERROR;
}
