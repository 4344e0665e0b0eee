/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "modules/module.h"
#include "rules/image.h"

/* External variables of YARA's conditions (YARA documentation, "External
 * variables"): values that the user gives by name. Rules are compiled with
 * their names, kinds and values; a scan may give other values of the same
 * kinds. */

struct ov_external {
    struct ov_span name;
    struct ov_datum value; /* INTEGER, FLOAT or STRING */
    bool is_truth;         /* of INTEGER: true or false */
};

#define OV_EXTERNALS_MAX 1000

/* Reads a list of "name=value", each ended by a NUL, as yara's option -d takes
 * them: true and false are truth values, then numbers are tried, and all else
 * is text. A later one of the same name replaces the earlier. Lives in the
 * arena; borrows list. OV_MALFORMED with diag. */
OV_MUST_USE enum ov_status ov_externals_parse(struct ov_span list,
                                              struct ov_arena *arena,
                                              struct ov_external **ret,
                                              size_t *ret_n,
                                              struct ov_diag *diag);

/* Writes and reads the section "externals" of an image. What is read borrows
 * the image. OV_MALFORMED, OV_BAD_DIGEST, OV_NO_MEMORY. */
void ov_externals_put(struct ov_buf *b, const struct ov_external *list,
                      size_t n);
OV_MUST_USE enum ov_status ov_externals_read(struct ov_image *image,
                                             struct ov_arena *arena,
                                             struct ov_external **ret,
                                             size_t *ret_n);

/* Takes over the values of those in `from` that have a name of `to`; an integer
 * will do for a floating point number. OV_USAGE with diag if a kind is another
 * one. */
OV_MUST_USE enum ov_status ov_externals_replace(struct ov_external *to,
                                                size_t n_to,
                                                const struct ov_external *from,
                                                size_t n_from,
                                                struct ov_diag *diag);
