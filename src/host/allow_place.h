/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/allow.h"

/* Which lists count: the one in the state that is meant and, for who is not
 * root and names no state, the machine's as well. */

#define ALLOW_USUAL_TIME "90d"

struct allow_lists {
    struct allow_list lists[2];
    size_t n;
};

void allow_lists_done(struct allow_lists *l);

/* Lists that are not there are empty. False after a line of error for each that
 * is damaged, of which nothing holds; those that are good do. */
bool allow_lists_load(struct allow_lists *ret);

const struct allow_entry *allow_lists_find(const struct allow_lists *l,
                                           const struct allow_subject *s,
                                           int64_t now);
bool allow_lists_want_digest(const struct allow_lists *l, uint64_t size,
                             int64_t now);
bool allow_lists_want_rules(const struct allow_lists *l, int64_t now);

/* Appends the path of the list that "overt allow" changes, with its NUL. False
 * after a line of error. */
bool allow_place_put(struct ov_buf *b);
/* The same without a word. */
bool allow_place_has(struct ov_buf *b);

/* "2027-01-31", "30d", "never", or NULL for the usual time. False after a line
 * of error; so is a moment that is past. */
bool allow_until(const char *text, int64_t *ret);
/* The same without a word; text is not NULL. */
bool allow_read_until(const char *text, int64_t now, int64_t *ret);

/* Adds an entry to that list, of now and, if it does not say by whom, by
 * whoever runs this. False after a line of error. */
bool allow_place_add(struct allow_entry *e,
                     char ret_id[static ALLOW_ID_LEN + 1]);

/* The same of the record of findings (host/finding_log.h), without a word. */
bool finding_place_put(struct ov_buf *b);
