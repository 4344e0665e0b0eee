/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "host/option.h"

/* overt.conf: defaults for a command's options, applied before its command
 * line, and all that overtd is told. docs/man/overt.conf.5. Commands read
 * $XDG_CONFIG_HOME/overt/overt.conf or ~/.config/overt/overt.conf, and if that
 * is not there (and for root always) CONFIG_SYSTEM_PATH. None is fine. */
#define CONFIG_SYSTEM_PATH "/etc/overt/overt.conf"

/* A section that a program takes: its options, and what their setters set. */
struct config_section {
    const char *name;
    const struct option_list *list;
    void *data;
    bool is_lax; /* names that the list does not have are left alone */
};

/* A file as it was read. All zero but for path and is_thorough. */
struct config_file {
    const char *path;          /* borrowed; needs not be there */
    bool is_thorough;          /* tell all wrong lines, not only the first */
    struct ov_buf text;        /* values point into it */
    struct config_line *lines; /* which option stood where */
    size_t n_lines;
    size_t n_wrong; /* lines that were told of */
};

/* Applies the lines of the sections that are given. False after a line of error
 * on stderr, with file, line and remedy. A file that is not there is empty. */
bool config_read(struct config_file *f, const struct config_section *sections,
                 size_t n);
void config_file_done(struct config_file *f);

/* Where the option stands last; 0 if it does not. */
unsigned config_line_of(const struct config_file *f, const char *section,
                        const char *name);

/* Tells what is wrong with an option's value once it is known to be one, with
 * the option's line; counts it. */
void config_wrong(struct config_file *f, const char *section, const char *name,
                  const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* In place of a command's file (overt --config FILE), which must then be there;
 * borrowed. */
void config_place_set(const char *path);

/* Whether config_apply is at work: what sets an option may do it otherwise. */
bool config_is_applying(void);

/* Sets the options of `section` in data, from the file that is a command's;
 * values stay valid until the program ends. False after one line of error. */
bool config_apply(const struct option_list *list, const char *section,
                  void *data);
