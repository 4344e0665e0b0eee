/* SPDX-License-Identifier: Apache-2.0 */
#include "host/config.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/output.h"
#include "sys/file.h"

/* Lines of "name = value" below a "[section]"; a switch stands alone; "#"
 * begins a comment where a line or a word could. Names are those of the
 * options, so there is one list of them. A file that others may write to is
 * refused: it decides which rules count. */
#define MAX_FILE ((size_t)1 << 20)
#define MAX_WORDS 512

static const char *given; /* by config_place_set */
static bool is_applying;

struct config_line {
    const char *section;
    const char *name;
    unsigned line;
};

struct reading {
    struct config_file *file;
    const struct config_section *sections;
    size_t n_sections;
    const struct config_section *now; /* NULL: another program's */
    unsigned line;
    bool is_inside; /* of any section */
};

static bool refuse(const struct reading *r, const char *name, const char *what)
{
    out_error("%s:%u: %s%s%s", r->file->path, r->line, name,
              name[0] ? ": " : "", what);
    r->file->n_wrong++;
    return false;
}

static bool is_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

static bool has_own_path(char *ret, size_t len)
{
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int n = -1;

    if (geteuid() == 0)
        return false;
    if (base != NULL && base[0] == '/')
        n = snprintf(ret, len, "%s/overt/overt.conf", base);
    else if (home != NULL && home[0] == '/')
        n = snprintf(ret, len, "%s/.config/overt/overt.conf", home);
    return n > 0 && (size_t)n < len && is_there(ret);
}

static const struct option_row *find_row(const struct option_list *list,
                                         const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->rows[i].name != NULL && strcmp(list->rows[i].name, name) == 0)
            return &list->rows[i];
    return NULL;
}

/* Without blanks at both ends; changes text. */
static char *trim(char *text)
{
    size_t len;

    while (*text == ' ' || *text == '\t')
        text++;
    len = strlen(text);
    while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
        text[--len] = '\0';
    return text;
}

static void cut_comment(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        if (*at == '#' && (at == text || at[-1] == ' ' || at[-1] == '\t')) {
            *at = '\0';
            return;
        }
    }
}

static bool keep_line(const struct reading *r, const struct option_row *row)
{
    struct config_file *f = r->file;
    struct config_line *lines =
        ov_realloc_array(f->lines, f->n_lines + 1, sizeof(*lines));

    if (lines == NULL)
        return refuse(r, row->name, "out of memory");
    f->lines = lines;
    f->lines[f->n_lines++] =
        (struct config_line){r->now->name, row->name, r->line};
    return true;
}

static bool apply_line(const struct reading *r, char *line)
{
    char *equals = strchr(line, '=');
    const struct option_row *row;
    const char *value = NULL;
    const char *wrong;

    if (equals != NULL) {
        *equals = '\0';
        value = trim(equals + 1);
    }
    line = trim(line);
    row = find_row(r->now->list, line);
    if (row == NULL)
        return r->now->is_lax ||
               refuse(r, line, "no such option; overt.conf(5) has them");
    if (row->argument != NULL && value == NULL)
        return refuse(r, line, "needs \"= value\"");
    if (row->argument == NULL && value != NULL)
        return refuse(r, line, "takes no value; leave it out to switch it off");
    wrong = row->set(r->now->data, value);
    if (wrong != NULL)
        return refuse(r, line, wrong);
    return keep_line(r, row);
}

static bool is_section(const char *name)
{
    static const char *const names[] = {
#define SECTION(name) name,
#include "host/section.def"
#undef SECTION
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool take_section(struct reading *r, char *line)
{
    size_t len = strlen(line);

    r->now = NULL;
    r->is_inside = true; /* of a wrong one no line is told */
    if (line[len - 1] != ']')
        return refuse(r, line, "a section's name ends with ]");
    line[len - 1] = '\0';
    for (size_t i = 0; i < r->n_sections; i++)
        if (strcmp(r->sections[i].name, line + 1) == 0)
            r->now = &r->sections[i];
    return r->now != NULL || is_section(line + 1) ||
           refuse(r, line + 1, "no such section; there are"
#define SECTION(name) " [" name "]"
#include "host/section.def"
#undef SECTION
           );
}

static bool take_line(struct reading *r, char *line)
{
    cut_comment(line);
    line = trim(line);
    if (line[0] == '\0')
        return true;
    if (line[0] == '[')
        return take_section(r, line);
    if (!r->is_inside)
        return refuse(r, line, "stands before the first [section]");
    return r->now == NULL || apply_line(r, line);
}

static bool is_safe(const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0 && (st.st_uid == 0 || st.st_uid == geteuid()) &&
        (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return true;
    out_error("%s: others may change it; make it yours or root's, and "
              "writable by nobody else",
              path);
    return false;
}

static bool read_text(struct config_file *f)
{
    f->text = ov_buf_with_max(MAX_FILE);
    if (!is_safe(f->path))
        return false;
    if (ov_file_read(f->path, &f->text) != OV_OK) {
        out_error("%s: cannot be read", f->path);
        return false;
    }
    ov_put_u8(&f->text, 0);
    return ov_buf_status(&f->text) == OV_OK;
}

bool config_read(struct config_file *f, const struct config_section *sections,
                 size_t n)
{
    struct reading r = {.file = f, .sections = sections, .n_sections = n};
    char *rest;

    if (!is_there(f->path))
        return true;
    if (!read_text(f)) {
        f->n_wrong++;
        return false;
    }
    rest = (char *)f->text.ptr;
    while (rest != NULL) {
        char *line = rest;

        rest = strchr(line, '\n');
        if (rest != NULL)
            *rest++ = '\0';
        r.line++;
        if (!take_line(&r, line) && !f->is_thorough)
            return false;
    }
    return f->n_wrong == 0;
}

void config_file_done(struct config_file *f)
{
    ov_buf_done(&f->text);
    ov_free(f->lines);
    f->lines = NULL;
    f->n_lines = 0;
}

unsigned config_line_of(const struct config_file *f, const char *section,
                        const char *name)
{
    for (size_t i = f->n_lines; i > 0; i--) {
        const struct config_line *l = &f->lines[i - 1];

        if (strcmp(l->section, section) == 0 && strcmp(l->name, name) == 0)
            return l->line;
    }
    return 0;
}

void config_wrong(struct config_file *f, const char *section, const char *name,
                  const char *format, ...)
{
    unsigned line = config_line_of(f, section, name);
    char words[MAX_WORDS];
    va_list arguments;

    va_start(arguments, format);
    (void)!vsnprintf(words, sizeof(words), format, arguments); /* cut is fine */
    va_end(arguments);
    f->n_wrong++;
    if (line != 0)
        out_error("%s:%u: %s: %s", f->path, line, name, words);
    else
        out_error("%s: [%s] %s (not set, so its default): %s", f->path, section,
                  name, words);
}

void config_place_set(const char *path)
{
    given = path;
}

bool config_is_applying(void)
{
    return is_applying;
}

static bool find_file(char *ret, size_t len)
{
    if (given != NULL && !is_there(given)) {
        out_error("%s: there is no such file", given);
        return false;
    }
    if (given != NULL || !has_own_path(ret, len))
        (void)snprintf(ret, len, "%s",
                       given != NULL ? given : CONFIG_SYSTEM_PATH);
    return true;
}

bool config_apply(const struct option_list *list, const char *section,
                  void *data)
{
    static struct applied {
        struct config_file file;
        struct applied *next;
    } * all; /* values point into them */

    static char path[PATH_MAX];
    const struct config_section sections[] = {{section, list, data, false}};
    struct applied *a;
    bool is_good;

    if (!find_file(path, sizeof(path)))
        return false;
    a = ov_alloc(sizeof(*a));
    if (a == NULL) {
        out_error("out of memory");
        return false;
    }
    a->file.path = path;
    a->next = all;
    all = a;
    is_applying = true;
    is_good = config_read(&a->file, sections, 1);
    is_applying = false;
    return is_good;
}
