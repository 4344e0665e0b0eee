/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "sys/file.h"

/* Lines of "name = value" below a "[section]"; a switch stands alone; "#"
 * begins a comment where a line or a word could. Names are those of the
 * options, so there is one list of them. A file that others may write to is
 * refused: it decides which rules count. */
#define SYSTEM_PATH "/etc/overt/overt.conf"
#define MAX_FILE ((size_t)1 << 20)

struct config {
    const struct option_list *list;
    const char *section;
    void *data;
    const char *path;
    unsigned line;
    bool is_known; /* inside of a section */
    bool is_ours;  /* inside of the one that is asked for */
};

static bool refuse(const struct config *c, const char *name, const char *what)
{
    out_error("%s:%u: %s%s%s", c->path, c->line, name, name[0] ? ": " : "",
              what);
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

static bool apply_line(const struct config *c, char *line)
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
    row = find_row(c->list, line);
    if (row == NULL)
        return refuse(c, line, "no such option; overt.conf(5) has them");
    if (row->argument != NULL && value == NULL)
        return refuse(c, line, "needs \"= value\"");
    if (row->argument == NULL && value != NULL)
        return refuse(c, line, "takes no value; leave it out to switch it off");
    wrong = row->set(c->data, value);
    return wrong == NULL || refuse(c, line, wrong);
}

static bool is_section(const char *name)
{
    return strcmp(name, "scan") == 0 || strcmp(name, "update") == 0;
}

static bool take_line(struct config *c, char *line)
{
    size_t len;

    cut_comment(line);
    line = trim(line);
    len = strlen(line);
    if (len == 0)
        return true;
    if (line[0] == '[') {
        if (line[len - 1] != ']')
            return refuse(c, line, "a section's name ends with ]");
        line[len - 1] = '\0';
        c->is_ours = strcmp(line + 1, c->section) == 0;
        c->is_known = is_section(line + 1);
        if (!c->is_known)
            return refuse(c, line + 1,
                          "no such section; there are [scan] and "
                          "[update]");
        return true;
    }
    if (!c->is_known)
        return refuse(c, line, "stands before the first [section]");
    return !c->is_ours || apply_line(c, line);
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

bool config_apply(const struct option_list *list, const char *section,
                  void *data)
{
    static struct ov_buf text; /* values point into it */
    static char path[PATH_MAX];
    struct config c = {
        .list = list, .section = section, .data = data, .path = path};
    char *rest;

    if (!has_own_path(path, sizeof(path)))
        (void)snprintf(path, sizeof(path), "%s", SYSTEM_PATH);
    if (!is_there(path))
        return true;
    text = ov_buf_with_max(MAX_FILE);
    if (!is_safe(path))
        return false;
    if (ov_file_read(path, &text) != OV_OK) {
        out_error("%s: cannot be read", path);
        return false;
    }
    ov_put_u8(&text, 0);
    if (ov_buf_status(&text) != OV_OK)
        return false;
    rest = (char *)text.ptr;
    while (rest != NULL) {
        char *line = rest;

        rest = strchr(line, '\n');
        if (rest != NULL)
            *rest++ = '\0';
        c.line++;
        if (!take_line(&c, line))
            return false;
    }
    return true;
}
