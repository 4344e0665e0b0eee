/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log_view.h"
#include "rounds.h"
#include "trust/head.h"

/* Puts a release together again: its records from segments and delta, each of
 * which must be logged, and its images by the compiler. */

/* The repository as a place. */
struct log_view repository_view(const struct rounds *r);

/* head: of the release whose entry is at index; its note is e's. What is found
 * is told; true if it has just the logged rules and came out the same. */
bool rebuild_release(struct rounds *r, const struct ov_head *head,
                     const struct ov_entry *e, uint64_t index);

/* Appends a file of the content store, digest and size compared. OV_NOT_FOUND,
 * OV_BAD_DIGEST and so on. */
OV_MUST_USE enum ov_status rebuild_read_blob(struct rounds *r,
                                             const struct audit_file *file,
                                             struct ov_buf *into);
