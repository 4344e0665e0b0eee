/* SPDX-License-Identifier: Apache-2.0 */
#include "arguments.h"

#include <stdio.h>
#include <string.h>

#include "tell.h"

/* One table of options for all commands (publish_options.def); a command names
 * those that it takes. Names are C names there and have '-' for '_' here. */

static const struct {
    const char *name;
    const char *argument;
    const char *help;
} options[N_OPTIONS] = {

#define OPTION(name, argument, help) {#name, argument, help},
#include "publish_options.def"
#undef OPTION
};

static char dashed(char c)
{
    return c == '_' ? '-' : c;
}

/* Whether the word (of len) is the option's name. */
static bool is_named(const char *name, const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (name[i] == '\0' || dashed(name[i]) != word[i])
            return false;
    }
    return name[len] == '\0';
}

static bool is_allowed(const char *allowed, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = allowed; (at = strstr(at, name)) != NULL; at++) {
        bool begins = at == allowed || at[-1] == ' ';

        if (begins && (at[len] == '\0' || at[len] == ' '))
            return true;
    }
    return false;
}

static int find(const char *allowed, const char *word, size_t len)
{
    for (int i = 0; i < N_OPTIONS; i++) {
        if (is_named(options[i].name, word, len) &&
            is_allowed(allowed, options[i].name))
            return i;
    }
    return -1;
}

static bool add(struct arguments *a, int which, const char *value)
{
    if (a->counts[which] == MAX_REPEAT)
        return tell_error("too many --%s", options[which].name);
    a->values[which][a->counts[which]++] = value;
    return true;
}

bool arguments_parse(struct arguments *a, const char *allowed, int argc,
                     char **argv)
{
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        const char *equals = strchr(word, '=');
        size_t len;
        int which;

        if (strncmp(word, "--", 2) != 0) {
            if (a->n_operands == MAX_OPERANDS)
                return tell_error("too many operands");
            a->operands[a->n_operands++] = word;
            continue;
        }
        word += 2;
        len = equals != NULL ? (size_t)(equals - word) : strlen(word);
        which = find(allowed, word, len);
        if (which < 0)
            return tell_error("no option --%.*s here; see --help", (int)len,
                              word);
        if (options[which].argument[0] == '\0') {
            if (!add(a, which, ""))
                return false;
        } else if (equals != NULL || i + 1 < argc) {
            if (!add(a, which, equals != NULL ? equals + 1 : argv[++i]))
                return false;
        } else {
            return tell_error("--%s wants %s", word, options[which].argument);
        }
    }
    return true;
}

const char *option_get(const struct arguments *a, enum option o)
{
    return a->counts[o] > 0 ? a->values[o][a->counts[o] - 1] : NULL;
}

bool option_is_set(const struct arguments *a, enum option o)
{
    return a->counts[o] > 0;
}

void arguments_help(const char *allowed)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        char name[64];
        size_t len = 0;

        if (!is_allowed(allowed, options[i].name))
            continue;
        for (; options[i].name[len] != '\0' && len + 1 < sizeof(name); len++)
            name[len] = dashed(options[i].name[len]);
        name[len] = '\0';
        (void)printf("  --%s %s%*s %s\n", name, options[i].argument,
                     (int)(len + strlen(options[i].argument) < 26
                               ? 26 - len - strlen(options[i].argument)
                               : 0),
                     "", options[i].help);
    }
}
