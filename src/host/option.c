/* SPDX-License-Identifier: Apache-2.0 */
#include "host/option.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/output.h"

/* GNU manners: --name=value, --name value, -n value, -nvalue, switches in one
 * word (-vq), options anywhere, "--" ends them, "-" is an operand. */

static const struct option_row *find_long(const struct option_list *l,
                                          const char *name, size_t len)
{
    for (size_t i = 0; i < l->n; i++) {
        const char *candidate = l->rows[i].name;

        if (candidate != NULL && strlen(candidate) == len &&
            memcmp(candidate, name, len) == 0)
            return &l->rows[i];
    }
    return NULL;
}

static const struct option_row *find_letter(const struct option_list *l,
                                            char letter)
{
    for (size_t i = 0; i < l->n; i++) {
        if (letter != 0 && l->rows[i].letter == letter)
            return &l->rows[i];
    }
    return NULL;
}

static void put_row(struct out *o, const struct option_row *row)
{
    char left[64];

    if (row->name == NULL) {
        out_format(o, "%s\n", row->help);
        return;
    }
    (void)!snprintf(left, sizeof(left), "%s%c%s --%s%s%s",
                    row->letter ? "-" : " ", row->letter ? row->letter : ' ',
                    row->letter ? "," : " ", row->name,
                    row->argument ? " " : "",
                    row->argument ? row->argument : ""); /* short by design */
    out_format(o, "  %-28s %s\n", left, row->help);
}

static void print_help(const struct option_list *l)
{
    struct out *o = out_standard();

    out_format(o, "usage: %s %s\n", l->command, l->usage);
    for (size_t i = 0; i < l->n; i++)
        put_row(o, &l->rows[i]);
    (void)!out_flush(o); /* nothing more can be done here */
}

/* ---- words ---- */

static const char *word_of(const struct option_list *l)
{
    const char *space = strrchr(l->command, ' ');

    return space != NULL ? space + 1 : l->command;
}

static int widest_name(const struct option_list *(*list)(size_t i))
{
    size_t most = 0;

    for (size_t i = 0; list(i) != NULL; i++) {
        for (size_t k = 0; k < list(i)->n; k++) {
            const char *name = list(i)->rows[k].name;
            size_t len = name != NULL ? strlen(name) : 0;

            most = len > most ? len : most;
        }
    }
    return (int)most;
}

static void put_words_help(const struct option_list *(*list)(size_t i))
{
    struct out *o = out_standard();
    int width = widest_name(list);

    for (size_t i = 0; list(i) != NULL; i++)
        out_format(o, "%s %s %s\n", i == 0 ? "usage:" : "      ",
                   list(i)->command, list(i)->usage);
    for (size_t i = 0; list(i) != NULL; i++)
        for (size_t k = 0; k < list(i)->n; k++)
            if (list(i)->rows[k].name != NULL)
                out_format(o, "  %-8s --%-*s %s\n", word_of(list(i)), width,
                           list(i)->rows[k].name, list(i)->rows[k].help);
}

size_t option_word_find(const struct option_list *(*list)(size_t i), int argc,
                        char **argv, bool *is_help)
{
    *is_help = argc >= 2 &&
               (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    if (*is_help)
        put_words_help(list);
    for (size_t i = 0; argc >= 2 && list(i) != NULL; i++)
        if (strcmp(argv[1], word_of(list(i))) == 0)
            return i;
    return SIZE_MAX;
}

#define MAX_TIME_MS ((uint64_t)10 * 365 * 86400 * 1000)

struct parse {
    const struct option_list *list;
    int argc;
    char **argv;
    int at;
    void *data;
};

static bool refuse(const struct parse *p, const char *option, const char *what)
{
    out_error("%s: %s: %s; see %s --help", p->list->command, option, what,
              p->list->command);
    return false;
}

static bool apply(struct parse *p, const struct option_row *row,
                  const char *option, const char *value)
{
    const char *wrong;

    if (row->argument == NULL && value != NULL)
        return refuse(p, option, "takes no value");
    if (row->argument != NULL && value == NULL) {
        if (p->at >= p->argc)
            return refuse(p, option, "needs a value");
        value = p->argv[p->at++];
    }
    wrong = row->set(p->data, value);
    return wrong == NULL || refuse(p, option, wrong);
}

static bool take_long(struct parse *p, const char *word)
{
    const char *equals = strchr(word, '=');
    size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
    const struct option_row *row = find_long(p->list, word + 2, len - 2);

    if (row == NULL)
        return refuse(p, word, "no such option");
    return apply(p, row, word, equals != NULL ? equals + 1 : NULL);
}

static bool take_letters(struct parse *p, const char *word)
{
    for (const char *at = word + 1; *at != '\0'; at++) {
        const struct option_row *row = find_letter(p->list, *at);
        bool has_value;

        if (row == NULL)
            return refuse(p, word, "no such option");
        has_value = row->argument != NULL && at[1] != '\0';
        if (!apply(p, row, word, has_value ? at + 1 : NULL))
            return false;
        if (row->argument != NULL)
            return true;
    }
    return true;
}

bool options_parse(const struct option_list *list, int *argc, char **argv,
                   void *data, bool *is_help)
{
    struct parse p = {list, *argc, argv, 1, data};
    int n = 1;
    bool is_over = false;

    while (p.at < p.argc) {
        char *word = argv[p.at++];

        if (is_over || word[0] != '-' || word[1] == '\0') {
            argv[n++] = word;
        } else if (strcmp(word, "--") == 0) {
            is_over = true;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            print_help(list);
            *is_help = true;
            return true;
        } else if (!(word[1] == '-' ? take_long(&p, word)
                                    : take_letters(&p, word))) {
            return false;
        }
    }
    *argc = n;
    return true;
}

bool option_number(const char *value, uint64_t max, uint64_t *ret)
{
    return ov_parse_uint(ov_span_str(value), max, ret);
}

bool option_size(const char *value, uint64_t *ret)
{
    static const char units[] = "kmgt";
    struct ov_span s = ov_span_str(value);
    unsigned shift = 0;
    uint64_t n;

    if (s.len > 1 && !ov_is_digit(s.ptr[s.len - 1])) {
        const char *unit = strchr(units, ov_lower(s.ptr[s.len - 1]));

        if (unit == NULL)
            return false;
        shift = 10 * (unsigned)(unit - units + 1);
        s.len--;
    }
    if (!ov_parse_uint(s, UINT64_MAX >> shift, &n))
        return false;
    *ret = n << shift;
    return true;
}

bool option_time(const char *value, uint64_t *ret_ms)
{
    static const struct {
        const char *word;
        uint64_t ms;
    } units[] = {{"ms", 1},      {"s", 1000},     {"m", 60000},
                 {"h", 3600000}, {"d", 86400000}, {"", 1000}};
    struct ov_span s = ov_span_str(value);
    uint64_t n;

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t len = strlen(units[i].word);

        if (s.len <= len || strcmp(value + s.len - len, units[i].word) != 0)
            continue;
        if (!ov_parse_uint(ov_span_of(s.ptr, s.len - len),
                           MAX_TIME_MS / units[i].ms, &n))
            return false;
        *ret_ms = n * units[i].ms;
        return true;
    }
    return false;
}
