/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clamscan.h"
#include "formats/type.h"
#include "host/option.h"

/* clamscan's command line: long options with "=value" or a value behind, most
 * of them yes or no; letters may stand together ("-ri"). What overt cannot do
 * as clamscan does it is refused by name: a script must not believe in a check
 * that is not made. */

static const char *add_to(struct clamscan_list *list, const char *value)
{
    if (list->n == CLAMSCAN_MAX_LIST)
        return "too many of them";
    list->items[list->n++] = value;
    return NULL;
}

static const char *add_regex(struct clamscan_regexes *list, const char *value)
{
    if (list->n == CLAMSCAN_MAX_LIST)
        return "too many of them";
    if (regcomp(&list->items[list->n], value, REG_EXTENDED | REG_NOSUB) != 0)
        return "not a regular expression";
    list->n++;
    return NULL;
}

/* "yes", "true" and "1", or their opposites. */
bool clamscan_flag(const char *value, bool *ret)
{
    static const char *const yes[] = {"yes", "true", "1"};
    static const char *const no[] = {"no", "false", "0"};

    for (size_t i = 0; i < 3; i++) {
        if (strcmp(value, yes[i]) == 0 || strcmp(value, no[i]) == 0) {
            *ret = strcmp(value, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

const char *clamscan_set_bit(uint32_t *flags, uint32_t bit, const char *value)
{
    bool is_on;

    if (!clamscan_flag(value, &is_on))
        return "not yes or no";
    *flags = is_on ? *flags | bit : *flags & ~bit;
    return NULL;
}

static const char *set_database(struct clamscan *c, const char *value)
{
    return add_to(&c->databases, value);
}

static const char *set_max_age(struct clamscan *c, const char *value)
{
    if (!option_number(value, UINT32_MAX, &c->max_age_days))
        return "not a number of days";
    return NULL;
}

static const char *set_log(struct clamscan *c, const char *value)
{
    c->log_path = value;
    return NULL;
}

static const char *set_file_list(struct clamscan *c, const char *value)
{
    c->file_list = value;
    return NULL;
}

static const char *set_allmatch(struct clamscan *c, const char *value)
{
    return clamscan_set_bit(&c->open.flags, OV_SCAN_ALL_MATCHES, value);
}

static const char *set_pua(struct clamscan *c, const char *value)
{
    return clamscan_set_bit(&c->open.flags, OV_SCAN_UNWANTED, value);
}

/* The flag is set if the option says no. */
static const char *set_bit_if_no(uint32_t *flags, uint32_t bit,
                                 const char *value)
{
    bool is_on;

    if (!clamscan_flag(value, &is_on))
        return "not yes or no";
    *flags = is_on ? *flags & ~bit : *flags | bit;
    return NULL;
}

#define NO_FLAG(function, bit)                                                 \
    static const char *function(struct clamscan *c, const char *value)         \
    {                                                                          \
        return set_bit_if_no(&c->open.flags, bit, value);                      \
    }
NO_FLAG(set_normalize, OV_SCAN_NO_TEXT)
NO_FLAG(set_pe, OV_SCAN_NO_PE)
NO_FLAG(set_elf, OV_SCAN_NO_ELF)
NO_FLAG(set_image_hash, OV_SCAN_NO_IMAGE_HASH)

static const char *set_count(uint64_t *field, const char *value)
{
    uint64_t n;

    if (!option_number(value, UINT32_MAX, &n) || n == 0)
        return "not a number of 1 or more";
    *field = n;
    return NULL;
}

#define COUNT(function, bound)                                                 \
    static const char *function(struct clamscan *c, const char *value)         \
    {                                                                          \
        return set_count(&c->open.bounds[bound], value);                       \
    }
COUNT(set_icons, OV_BOUND_ICONS)
COUNT(set_pcre_calls, OV_BOUND_PCRE_CALLS)
COUNT(set_pcre_depth, OV_BOUND_PCRE_DEPTH)
COUNT(set_partitions, OV_BOUND_PARTITIONS)

/* ---- categories of unwanted software ---- */

static const char *add_category(struct clamscan *c, const char *value)
{
    size_t n = strlen(value);
    size_t room = sizeof(c->open.unwanted) - c->open.unwanted_len;

    if (n == 0)
        return "a category is missing";
    if (c->has_pua_include && c->has_pua_exclude)
        return "--include-pua and --exclude-pua do not go together";
    if (n + 3 > room || strchr(value, ',') != NULL)
        return "no such category, or too many";
    c->open.unwanted_len += (uint32_t)snprintf(
        (char *)c->open.unwanted + c->open.unwanted_len, room, "%s.%s.",
        c->open.unwanted_len > 0 ? "," : "", value);
    return NULL;
}

static const char *set_pua_include(struct clamscan *c, const char *value)
{
    c->has_pua_include = true;
    return add_category(c, value);
}

static const char *set_pua_exclude(struct clamscan *c, const char *value)
{
    c->has_pua_exclude = true;
    c->open.flags |= OV_SCAN_UNWANTED_BUT;
    return add_category(c, value);
}

static const char *set_cross_fs(struct clamscan *c, const char *value)
{
    bool is_on;

    if (!clamscan_flag(value, &is_on))
        return "not yes or no";
    c->is_one_fs = !is_on;
    return NULL;
}

static const char *set_follow(unsigned *field, const char *value)
{
    if (value[0] < '0' || value[0] > '2' || value[1] != '\0')
        return "not 0, 1 or 2";
    *field = (unsigned)(value[0] - '0');
    return NULL;
}

static const char *set_follow_dirs(struct clamscan *c, const char *value)
{
    return set_follow(&c->follow_dirs, value);
}

static const char *set_follow_files(struct clamscan *c, const char *value)
{
    return set_follow(&c->follow_files, value);
}

static const char *set_action(struct clamscan *c, enum clamscan_action action,
                              const char *folder)
{
    if (c->action != CLAMSCAN_LEAVE && c->action != action)
        return "only one of --move, --copy and --remove";
    c->action = action;
    c->action_folder = folder;
    return NULL;
}

static const char *set_remove(struct clamscan *c, const char *value)
{
    bool is_on;

    if (!clamscan_flag(value, &is_on))
        return "not yes or no";
    return is_on ? set_action(c, CLAMSCAN_REMOVE, NULL) : NULL;
}

static const char *set_move(struct clamscan *c, const char *value)
{
    return set_action(c, CLAMSCAN_MOVE, value);
}

static const char *set_copy(struct clamscan *c, const char *value)
{
    return set_action(c, CLAMSCAN_COPY, value);
}

static const char *set_exclude(struct clamscan *c, const char *value)
{
    return add_regex(&c->exclude, value);
}

static const char *set_exclude_dir(struct clamscan *c, const char *value)
{
    return add_regex(&c->exclude_dir, value);
}

static const char *set_include(struct clamscan *c, const char *value)
{
    return add_regex(&c->include, value);
}

static const char *set_include_dir(struct clamscan *c, const char *value)
{
    return add_regex(&c->include_dir, value);
}

static const char *set_scantime(struct clamscan *c, const char *value)
{
    uint64_t n;

    if (!option_number(value, UINT32_MAX, &n))
        return "not a number of milliseconds";
    c->timeout_ms = n == 0 ? UINT32_MAX : (unsigned)n;
    return NULL;
}

static const char *set_limit(uint64_t *limit, const char *value)
{
    uint64_t n;

    if (!option_size(value, &n))
        return "not a size: a number, with K, M or G behind it if need be";
    *limit = n == 0 ? UINT64_MAX : n;
    return NULL;
}

static const char *set_filesize(struct clamscan *c, const char *value)
{
    return set_limit(&c->open.max_object, value);
}

static const char *set_scansize(struct clamscan *c, const char *value)
{
    return set_limit(&c->open.limits[OV_COST_BYTES], value);
}

static const char *set_files(struct clamscan *c, const char *value)
{
    return set_limit(&c->open.limits[OV_COST_OBJECTS], value);
}

#define SIZE(function, bound)                                                  \
    static const char *function(struct clamscan *c, const char *value)         \
    {                                                                          \
        return set_limit(&c->open.bounds[bound], value);                       \
    }
SIZE(set_html_size, OV_BOUND_HTML)
SIZE(set_notags_size, OV_BOUND_NOTAGS)
SIZE(set_script_size, OV_BOUND_SCRIPT)
SIZE(set_pcre_size, OV_BOUND_PCRE_FILE)
SIZE(set_embedded_size, OV_BOUND_EMBEDDED)

static const char *set_recursion(struct clamscan *c, const char *value)
{
    uint64_t n;

    if (!option_number(value, UINT32_MAX, &n) || n == 0)
        return "not a depth of 1 or more";
    c->open.max_depth = (uint32_t)n;
    return NULL;
}

static const char *set_folders(struct clamscan *c, const char *value)
{
    uint64_t n;

    if (!option_number(value, UINT32_MAX, &n) || n == 0)
        return "not a depth of 1 or more";
    c->max_folders = (unsigned)n;
    return NULL;
}

/* None are kept of regular expressions: a rule's cost is told as a whole. */
static const char *set_statistics(struct clamscan *c, const char *value)
{
    (void)c;
    if (strcmp(value, "pcre") == 0)
        return "pcre is not supported: use overt scan --profile-rules";
    if (strcmp(value, "bytecode") == 0)
        out_error("clamscan: --statistics: no bytecode is run");
    else if (strcmp(value, "none") != 0)
        return "not none, bytecode or pcre";
    return NULL;
}

static const char *set_nothing(struct clamscan *c, const char *value)
{
    (void)c;
    (void)value;
    return NULL;
}

/* ---- the table ---- */

static const enum ov_type archives[] = {
    OV_TYPE_ZIP,       OV_TYPE_RAR,      OV_TYPE_7Z,       OV_TYPE_ARJ,
    OV_TYPE_TAR,       OV_TYPE_OLD_TAR,  OV_TYPE_CPIO_OLD, OV_TYPE_CPIO_ODC,
    OV_TYPE_CPIO_NEWC, OV_TYPE_CPIO_CRC, OV_TYPE_AR,       OV_TYPE_RPM,
    OV_TYPE_GZ,        OV_TYPE_BZ,       OV_TYPE_XZ,       OV_TYPE_LZMA,
    OV_TYPE_ZSTD,      OV_TYPE_LZ4,      OV_TYPE_COMPRESS, OV_TYPE_CAB,
    OV_TYPE_CHM,       OV_TYPE_SZDD,     OV_TYPE_ISO9660,  OV_TYPE_UDF,
    OV_TYPE_DMG,       OV_TYPE_GPT,      OV_TYPE_MBR,      OV_TYPE_XAR,
    OV_TYPE_LHA,       OV_TYPE_WARC,     OV_TYPE_ALZ,      OV_TYPE_EGG,
    OV_TYPE_SIS,       OV_TYPE_NSIS,     OV_TYPE_AUTOIT,   OV_TYPE_ISHIELD,
    OV_TYPE_ZIPSFX,    OV_TYPE_RARSFX,   OV_TYPE_7ZSFX,    OV_TYPE_CABSFX,
    OV_TYPE_ARJSFX,    OV_TYPE_APM,
};

static const enum ov_type mails[] = {OV_TYPE_MAIL};

static const enum ov_type pdfs[] = {OV_TYPE_PDF};

static const enum ov_type ole2s[] = {OV_TYPE_OLE2};

static const enum ov_type swfs[] = {OV_TYPE_SWF};

static const enum ov_type hwp3s[] = {OV_TYPE_HWP3};

static const enum ov_type onenotes[] = {OV_TYPE_ONENOTE};

static const enum ov_type xmldocs[] = {
    OV_TYPE_OOXML_WORD, OV_TYPE_OOXML_PPT, OV_TYPE_OOXML_XL, OV_TYPE_OOXML_HWP,
    OV_TYPE_XML_WORD,   OV_TYPE_XML_XL,    OV_TYPE_XML_HWP,  OV_TYPE_XDP};

static const struct {
    const char *name;
    const enum ov_type *types;
    size_t n;
} type_rows[] = {

#define CLAMSCAN_TYPES(name, list, help)                                       \
    {name, list, sizeof(list) / sizeof((list)[0])},
#include "clamscan_options.def"
#undef CLAMSCAN_TYPES
};

#define N_TYPE_ROWS (sizeof(type_rows) / sizeof(type_rows[0]))

static const struct {
    const char *name;
    char letter;
    size_t at; /* of a bool in struct clamscan */
    const char *help;
} flag_rows[] = {

#define CLAMSCAN_FLAG(name, letter, field, help)                               \
    {name, letter, offsetof(struct clamscan, field), help},
#include "clamscan_options.def"
#undef CLAMSCAN_FLAG
};

#define N_FLAG_ROWS (sizeof(flag_rows) / sizeof(flag_rows[0]))

static const struct {
    const char *name;
    char letter;
    const char *(*set)(struct clamscan *c, const char *value);
    const char *help;
} value_rows[] = {

#define CLAMSCAN_VALUE(name, letter, set, help) {name, letter, set, help},
#include "clamscan_options.def"
#undef CLAMSCAN_VALUE
};

#define N_VALUE_ROWS (sizeof(value_rows) / sizeof(value_rows[0]))

static const struct {
    const char *name;
    const char *value;
    const char *why;
} only_rows[] = {

#define CLAMSCAN_ONLY(name, value, why) {name, value, why},
#include "clamscan_options.def"
#undef CLAMSCAN_ONLY
};

#define N_ONLY_ROWS (sizeof(only_rows) / sizeof(only_rows[0]))

static const struct {
    const char *name;
    const char *why;
} refused_rows[] = {

#define CLAMSCAN_REFUSE(name, why) {name, why},
#include "clamscan_options.def"
#undef CLAMSCAN_REFUSE
};

#define N_REFUSED_ROWS (sizeof(refused_rows) / sizeof(refused_rows[0]))

/* ---- parsing ---- */

/* One option as it stands on the command line. */
struct given {
    char name[64];
    const char *value; /* behind "="; NULL: none */
    const char *next;  /* the next argument, which may be the value */
    bool took_next;
};

static bool complain(const struct given *g, const char *what)
{
    out_error("clamscan: --%s: %s", g->name, what);
    return false;
}

static bool set_flag(struct clamscan *c, size_t row, const struct given *g)
{
    bool *field = (bool *)((char *)c + flag_rows[row].at);

    if (g->value == NULL)
        *field = true;
    else if (!clamscan_flag(g->value, field))
        return complain(g, "not yes or no");
    return true;
}

/* Those among the values that are yes without one. */
static bool has_default(const char *name)
{
    static const char *const names[] = {
        "allmatch",
        "detect-pua",
        "cross-fs",
        "remove",
        "heuristic-alerts",
        "heuristic-scan-precedence",
        "alert-encrypted",
        "alert-broken",
        "alert-broken-media",
        "normalize",
        "scan-html",
        "scan-pe",
        "scan-elf",
        "scan-image-fuzzy-hash",
        "detect-structured",
        "alert-macros",
        "alert-partition-intersection",
        "scan-image",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool set_value(struct clamscan *c, size_t row, struct given *g)
{
    const char *value = g->value;
    const char *wrong;

    if (value == NULL && has_default(g->name)) {
        value = "yes";
    } else if (value == NULL) {
        if (g->next == NULL)
            return complain(g, "a value is missing");
        value = g->next;
        g->took_next = true;
    }
    wrong = value_rows[row].set(c, value);
    return wrong == NULL || complain(g, wrong);
}

static bool set_types(struct clamscan *c, size_t row, const struct given *g)
{
    bool is_on = true;

    if (g->value != NULL && !clamscan_flag(g->value, &is_on))
        return complain(g, "not yes or no");
    for (size_t i = 0; i < type_rows[row].n; i++) {
        size_t t = (size_t)type_rows[row].types[i];
        uint64_t bit = UINT64_C(1) << t % 64;

        if (is_on)
            c->open.skip_types[t / 64] &= ~bit;
        else
            c->open.skip_types[t / 64] |= bit;
    }
    return true;
}

static bool set_only(size_t row, const struct given *g)
{
    const char *value = g->value != NULL ? g->value : "yes";
    const char *want = only_rows[row].value;
    bool is_on;
    bool wants_on;

    if (strcmp(value, want) == 0 ||
        (clamscan_flag(value, &is_on) && clamscan_flag(want, &wants_on) &&
         is_on == wants_on))
        return true;
    out_error("clamscan: --%s=%s is not supported: %s", g->name, value,
              only_rows[row].why);
    return false;
}

static bool apply(struct clamscan *c, struct given *g)
{
    for (size_t i = 0; i < N_FLAG_ROWS; i++)
        if (strcmp(flag_rows[i].name, g->name) == 0)
            return set_flag(c, i, g);
    for (size_t i = 0; i < N_VALUE_ROWS; i++)
        if (strcmp(value_rows[i].name, g->name) == 0)
            return set_value(c, i, g);
    for (size_t i = 0; i < N_TYPE_ROWS; i++)
        if (strcmp(type_rows[i].name, g->name) == 0)
            return set_types(c, i, g);
    for (size_t i = 0; i < N_ONLY_ROWS; i++)
        if (strcmp(only_rows[i].name, g->name) == 0)
            return set_only(i, g);
    for (size_t i = 0; i < N_REFUSED_ROWS; i++) {
        if (strcmp(refused_rows[i].name, g->name) == 0) {
            out_error("clamscan: --%s is not supported: %s", g->name,
                      refused_rows[i].why);
            return false;
        }
    }
    return complain(g, "no such option; see overt clamscan --help");
}

static bool apply_long(struct clamscan *c, const char *text, struct given *g)
{
    const char *equal = strchr(text, '=');
    size_t len = equal != NULL ? (size_t)(equal - text) : strlen(text);

    if (len >= sizeof(g->name)) {
        out_error("clamscan: --%s: no such option", text);
        return false;
    }
    memcpy(g->name, text, len);
    g->name[len] = '\0';
    g->value = equal != NULL ? equal + 1 : NULL;
    return apply(c, g);
}

/* A letter's long name; NULL if there is none. takes: a value follows. */
static const char *name_of(char letter, bool *ret_takes)
{
    *ret_takes = false;
    for (size_t i = 0; i < N_FLAG_ROWS; i++)
        if (flag_rows[i].letter == letter)
            return flag_rows[i].name;
    for (size_t i = 0; i < N_VALUE_ROWS; i++) {
        if (value_rows[i].letter == letter) {
            *ret_takes = !has_default(value_rows[i].name);
            return value_rows[i].name;
        }
    }
    return NULL;
}

static bool apply_letters(struct clamscan *c, const char *text, struct given *g)
{
    for (; *text != '\0'; text++) {
        bool takes;
        const char *name = name_of(*text, &takes);

        if (name == NULL) {
            out_error("clamscan: -%c: no such option; see overt clamscan "
                      "--help",
                      *text);
            return false;
        }
        (void)snprintf(g->name, sizeof(g->name), "%s", name);
        g->value = takes && text[1] != '\0' ? text + 1 : NULL;
        if (!apply(c, g))
            return false;
        if (takes)
            break;
    }
    return true;
}

bool clamscan_parse(struct clamscan *c, int *argc, char **argv)
{
    int n = 1;

    c->follow_dirs = c->follow_files = 1;
    for (int i = 1; i < *argc; i++) {
        struct given g = {.next = i + 1 < *argc ? argv[i + 1] : NULL};

        if (argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[n++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            while (++i < *argc)
                argv[n++] = argv[i];
            break;
        }
        if (argv[i][1] == '-' ? !apply_long(c, argv[i] + 2, &g)
                              : !apply_letters(c, argv[i] + 1, &g))
            return false;
        if (g.took_next)
            i++;
    }
    *argc = n;
    clamscan_choose_alerts(c);
    return true;
}

static void put_row(struct out *out, const char *name, char letter,
                    const char *help)
{
    char letters[8] = "";

    if (letter != 0)
        (void)snprintf(letters, sizeof(letters), "-%c", letter);
    out_format(out, "    --%-22s %-3s %s\n", name, letters, help);
}

void clamscan_help(struct out *out)
{
    out_format(out, "usage: overt clamscan [options] [file/directory/-]\n\n"
                    "clamscan's options; what is not here is refused by "
                    "name:\n");
    for (size_t i = 0; i < N_FLAG_ROWS; i++)
        put_row(out, flag_rows[i].name, flag_rows[i].letter, flag_rows[i].help);
    for (size_t i = 0; i < N_VALUE_ROWS; i++)
        put_row(out, value_rows[i].name, value_rows[i].letter,
                value_rows[i].help);
    for (size_t i = 0; i < N_TYPE_ROWS; i++)
        put_row(out, type_rows[i].name, 0, "=no: do not open them");
}
