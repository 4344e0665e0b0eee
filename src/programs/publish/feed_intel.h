/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "intel/intel_import.h"
#include "trust/record_set.h"

/* Other people's intelligence (STIX, TAXII, MISP) as databases of hash rules in
 * ClamAV's formats, which then are records like those of any feed. */

/* Whether a file of that name is such a document: "*.json". */
bool feed_intel_is(struct ov_span name);

/* Adds the rules of n documents, which must outlive the set, as must the arena.
 * Tells on stderr, in words, what was taken and what was not. */
OV_MUST_USE enum ov_status
feed_intel_add(struct ov_record_set *set, struct ov_arena *arena,
               struct ov_span feed, const struct ov_intel_options *options,
               const struct ov_span *documents, size_t n);
