/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/reader.h"
#include "rules/counts.h"
#include "rules/describe.h"
#include "rules/lookup.h"
#include "rules/names.h"

/* What the files of describe.h share: text on its way out, and its pieces. */

struct ov_describe {
    struct ov_image *image;
    const struct ov_text_out *out;
    struct ov_arena *arena; /* reset after each rule */
    struct ov_buf text;     /* not yet written */
    enum ov_status status;  /* the first failure */
    uint32_t *order;        /* of one hash table (hash_entry.h), or NULL */
    size_t n_order;
    struct ov_reader programs; /* of the patterns, read up to walked */
    uint32_t walked;           /* a pattern ID */
};

/* OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_describe_begin(struct ov_describe *d,
                                             struct ov_image *image,
                                             const struct ov_text_out *out);

/* To be called now and then: passes on what has gathered. False once something
 * has failed. */
bool ov_describe_pass(struct ov_describe *d);

/* Passes on the rest, frees, and gives the status of all of it. */
OV_MUST_USE enum ov_status ov_describe_end(struct ov_describe *d);

/* Notes that the image could not be read. */
void ov_describe_damaged(struct ov_describe *d);

enum ov_rule_kind ov_describe_kind(const struct ov_rule_view *rule);

/* "source:line", escaped. */
void ov_describe_put_place(struct ov_describe *d, uint32_t source,
                           uint32_t line);

/* "NAME (source:line)" of a rule with a record, escaped (describe.c). */
void ov_describe_put_rule(struct ov_describe *d, uint32_t rule);

/* A condition, one operation a line (describe_rule.c). */
void ov_describe_put_condition(struct ov_buf *b, struct ov_span code,
                               const char *indent);

/* Where a match may begin, as ClamAV writes it: "EP+4,16" (describe_pattern.c).
 */
void ov_describe_put_offset(struct ov_buf *b, const struct ov_place *p);

/* The next program of a pattern, in the order of IDs, from the first on: its
 * pattern and its bytes. False behind the last. Not between calls of
 * ov_describe_put_pattern. */
bool ov_describe_next_program(struct ov_describe *d, uint32_t *ret_id,
                              uint64_t *ret_len);

/* The forms of a pattern as text, a line each. Cheap if IDs rise from call to
 * call. */
void ov_describe_put_pattern(struct ov_describe *d, uint32_t id,
                             const char *indent);
