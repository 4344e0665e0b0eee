/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/span.h"
#include "base/status.h"

/* Texts of lines "name value" in a fixed order, read strictly: a text that
 * parses is the only one that says what it says. The first wrong line makes it
 * fail where it stands; later reads give nothing, and who reads asks once. */
struct ov_fields {
    struct ov_span rest;
    unsigned line; /* from 1, of what was read last */
    enum ov_status status;
};

static inline struct ov_fields ov_fields_over(struct ov_span text)
{
    return (struct ov_fields){.rest = text};
}

/* The value of the next line, which has this name. Printable, not empty. */
struct ov_span ov_field_text(struct ov_fields *f, const char *name);
/* Of words without a space. */
struct ov_span ov_field_word(struct ov_fields *f, const char *name);
uint64_t ov_field_number(struct ov_fields *f, const char *name, uint64_t max);
/* As many hexadecimal digits as fill ret. */
void ov_field_hex(struct ov_fields *f, const char *name, uint8_t *ret,
                  size_t len);
/* "2026-11-22T10:00:00Z" as seconds since 1970. */
uint64_t ov_field_time(struct ov_fields *f, const char *name);
/* The next line is exactly this. */
void ov_field_line(struct ov_fields *f, const char *line);
/* Whether the next line has this name. */
bool ov_field_follows(const struct ov_fields *f, const char *name);

/* Fails with s unless cond holds. */
void ov_fields_require(struct ov_fields *f, bool cond, enum ov_status s);
/* OV_OK only if all was read. Fills diag with the line. */
OV_MUST_USE enum ov_status ov_fields_end(struct ov_fields *f,
                                         struct ov_diag *diag);
