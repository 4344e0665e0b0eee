/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* A short word that is gathered byte by byte, such as a tag's name. Bytes
 * beyond its maximum are lost. */
struct ov_word {
    size_t len;
    size_t max;
    uint8_t *bytes;
};

/* Borrows bytes for the word's life. */
static inline struct ov_word ov_word_over(uint8_t *bytes, size_t max)
{
    return (struct ov_word){0, max, bytes};
}

static inline void ov_word_add(struct ov_word *w, uint8_t c)
{
    if (w->len < w->max)
        w->bytes[w->len++] = c;
}

static inline struct ov_span ov_word_span(const struct ov_word *w)
{
    return ov_span_of(w->bytes, w->len);
}

static inline bool ov_word_is(const struct ov_word *w, const char *text)
{
    return ov_span_equal(ov_word_span(w), ov_span_str(text));
}
