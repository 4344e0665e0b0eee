/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "history.h"

/* What the feeds' manifests in the log say, one after the other: each brings
 * records ("ID KIND sha256:HEX SIZE") and takes some away ("ID -"). */

struct feed_word {
    struct ov_span id;
    struct ov_span line; /* without newline; empty: the feed was retired */
    uint64_t index;      /* of the feed's entry */
    bool is_put;
};

struct feed_words {
    struct feed_word *all; /* by ID, then by index */
    size_t n;
};

/* Of the feed of this ID, or of all if it is NULL: what has its signatures. */
bool feed_words_read(struct instance *in, const struct history *h,
                     const char *id, struct feed_words *ret);

/* Whether all[i] is the last word about its ID. */
bool feed_word_is_last(const struct feed_words *w, size_t i);

/* Appends the manifest that makes a feed what `full`, the lines of all its
 * records by ID, says, after the words about this feed. */
void feed_words_put_change(struct ov_buf *b, const struct feed_words *w,
                           struct ov_span full);
