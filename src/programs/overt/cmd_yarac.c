/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "host/option.h"
#include "host/output.h"
#include "yara_front.h"

/* overt yarac: for scripts that call yarac. Writes a rule image; also what runs
 * when overt is called by a link named yarac. */

struct yarac {
    bool is_version;
    bool has_no_warnings;
    bool fails_on_warnings;
    struct ov_buf defines; /* external variables */
};

/* The size of a table of yara's that has no counterpart. */
static const char *set_unused(void *data, const char *value)
{
    uint64_t n;

    (void)data;
    return option_number(value, UINT32_MAX, &n) ? NULL : "not a number";
}

static const char *set_version(void *data, const char *value)
{
    (void)value;
    ((struct yarac *)data)->is_version = true;
    return NULL;
}

static const char *set_define(void *data, const char *value)
{
    return rule_set_define(&((struct yarac *)data)->defines, value);
}

static const char *set_no_warnings(void *data, const char *value)
{
    (void)value;
    ((struct yarac *)data)->has_no_warnings = true;
    return NULL;
}

static const char *set_fail(void *data, const char *value)
{
    (void)value;
    ((struct yarac *)data)->fails_on_warnings = true;
    return NULL;
}

static const struct option_row rows[] = {
    {"define", 'd', "VAR=VALUE", "define external variable", set_define},
    {"fail-on-warnings", 0, NULL, "warnings about rules are errors", set_fail},
    {"max-strings-per-rule", 0, "NUMBER", "taken; 10000 is ours", set_unused},
    {"no-warnings", 'w', NULL, "nothing about slow rules", set_no_warnings},
    {"version", 'v', NULL, "print the version", set_version},
};

static const struct option_list options = {
    "overt yarac", "[OPTION]... [NAMESPACE:]SOURCE_FILE... OUTPUT_FILE", rows,
    sizeof(rows) / sizeof(rows[0])};

int cmd_yarac(int argc, char **argv)
{
    struct yarac y = {0};
    struct rule_set_options from = {.no_cache = true};
    struct rule_set rules;
    bool is_help = false;
    bool is_written;

    if (!options_parse(&options, &argc, argv, &y, &is_help))
        return EXIT_DETECTED;
    if (is_help)
        return EXIT_CLEAN;
    if (y.is_version) {
        out_format(out_standard(), "%s\n", yara_version());
        return out_flush(out_standard()) ? EXIT_CLEAN : EXIT_DETECTED;
    }
    if (argc < 3) {
        out_error("yarac: wrong number of arguments; see overt yarac --help");
        return EXIT_DETECTED;
    }
    from.paths = (const char *const *)argv + 1;
    from.n_paths = (size_t)argc - 2;
    from.space = "default";
    from.defines = ov_buf_span(&y.defines);
    from.tells_warnings = !y.has_no_warnings;
    if (!rule_set_load(&from, &rules))
        return EXIT_DETECTED;
    if (rules.has_warnings && y.fails_on_warnings) {
        rule_set_done(&rules);
        return EXIT_DETECTED;
    }
    is_written = rule_set_write(&rules, argv[argc - 1]);
    rule_set_done(&rules);
    return is_written ? EXIT_CLEAN : EXIT_DETECTED;
}
