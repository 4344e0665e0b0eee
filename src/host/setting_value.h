/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/option.h"

/* Values of options in overt.conf. Each takes a value from overt.conf and
 * returns NULL, or in words what is wrong with it and what would be right. */

#define SETTING_MAX_LIST 64

/* Values of an option that may be repeated; borrowed from the file's text. */
struct setting_list {
    const char *items[SETTING_MAX_LIST];
    size_t n;
};

const char *setting_add(struct setting_list *list, const char *value);

/* An absolute path. */
const char *setting_path(const char **to, const char *value);
const char *setting_add_path(struct setting_list *list, const char *value);

/* Words, not empty. */
const char *setting_text(const char **to, const char *value);

/* "ADDRESS:PORT", the address numeric, IPv6 in brackets. */
const char *setting_add_listen(struct setting_list *list, const char *value);

const char *setting_number(unsigned *to, const char *value, unsigned max);
const char *setting_size(uint64_t *to, const char *value);
/* "500ms", "30", "30s", "5m", "2h", "7d": milliseconds. */
const char *setting_time(uint64_t *to_ms, const char *value);
/* Octal. */
const char *setting_mode(unsigned *to, const char *value);
const char *setting_yes_no(bool *to, const char *value);
/* One of words, which end with NULL: its index. `wrong` lists them. */
const char *setting_choice(unsigned *to, const char *value,
                           const char *const *words, const char *wrong);

/* A setter for a row of a table: what is done with struct type *s and value. */
#define SETTING(function, type, what)                                          \
    static const char *function(void *data, const char *value)                 \
    {                                                                          \
        struct type *s = data;                                                 \
                                                                               \
        return what;                                                           \
    }

/* The same for a switch, which has no value. */
#define SETTING_SWITCH(function, type, what)                                   \
    static const char *function(void *data, const char *value)                 \
    {                                                                          \
        struct type *s = data;                                                 \
                                                                               \
        (void)value;                                                           \
        what;                                                                  \
        return NULL;                                                           \
    }
