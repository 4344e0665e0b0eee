/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/image.h"
#include "rules/ruleset.h"

/* What a rule says about itself, and what it calls its terms: for those who
 * read a report, never for a scan. docs/protocol-image.md, "notes". */

struct ov_notes {
    const struct ov_span *term_names; /* "$a"; of the rule's first terms */
    const uint8_t *term_forms;        /* enum ov_term_form, or-ed */
    size_t n_term_names;
    const struct ov_rule_note *notes;
    size_t n_notes;
};

/* Appends what rule number id says, if anything. */
void ov_notes_put(struct ov_buf *index, struct ov_buf *data, uint32_t id,
                  const struct ov_rule *rule);

/* Appends the section. */
void ov_notes_write(const struct ov_buf *index, const struct ov_buf *data,
                    struct ov_buf *ret);

/* The notes of a rule, in the arena; all zero if there are none. OV_NO_MEMORY,
 * or OV_MALFORMED if the section is damaged. */
OV_MUST_USE enum ov_status ov_notes_find(struct ov_image *image, uint32_t id,
                                         struct ov_arena *arena,
                                         struct ov_notes *ret);
