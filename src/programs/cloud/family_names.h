/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cloud.h"

/* Names of families and their numbers: DIR/families, lines "NUMBER NAME". A
 * number is given once and for ever, so the file only grows. */

struct family_names {
    struct ov_buf text; /* the whole file */
    struct ov_span *names;
    uint32_t n; /* names[i] has number i + 1; offsets into text */
    uint32_t *slots;
    size_t n_slots;
    size_t n_saved; /* bytes of text that the file has */
};

void family_names_new(struct family_names *f);
/* Reads them; none are fine. A line without its end is dropped. */
bool family_names_open(const struct cloud *c, struct family_names *ret);
void family_names_done(struct family_names *f);

/* The number of a name, which is given one if it has none. */
bool family_names_number(struct family_names *f, struct ov_span name,
                         uint32_t *ret);
/* Puts what is new on disk. To be called before a verdict uses it. */
bool family_names_save(const struct cloud *c, struct family_names *f);
/* The name of a number; empty if it has none. */
struct ov_span family_names_of(const struct family_names *f, uint32_t number);
