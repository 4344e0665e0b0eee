/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "rules/ruleset.h"

/* Writes hash tables. For compile.c. */

/* Appends the empty directory to the section hashes. */
void ov_hash_tables_begin(struct ov_buf *hot);

/* Appends the table of one kind of digest: n rules in the order of sources, in
 * which the names section lists them too. hot and cold are the sections hashes
 * and hash-data from their start. OV_NO_MEMORY, OV_LIMIT_SIZE. */
OV_MUST_USE enum ov_status
ov_hash_tables_add(struct ov_buf *hot, struct ov_buf *cold, enum ov_hash_of of,
                   enum ov_digest_kind kind,
                   const struct ov_hash_rule *const *rules, size_t n);
