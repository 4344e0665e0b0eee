/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* Whether a path of a request, hostile, is as a pattern has it; one "*" in it
 * stands for PATH_PART_MAX letters, digits and "-" at most, of which items of
 * the quarantine have names: *ret_part. */
#define PATH_PART_MAX 31

bool path_matches(const char *pattern, struct ov_span path,
                  struct ov_span *ret_part);
