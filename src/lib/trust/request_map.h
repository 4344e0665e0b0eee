/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/status.h"

/* From digests to numbers. Keys are digests of what strangers chose, so that
 * nobody can choose where they fall. */

struct ov_request_map;

/* Lives in a. NULL: out of memory. */
struct ov_request_map *ov_request_map_new(struct ov_arena *a);

bool ov_request_map_get(const struct ov_request_map *m,
                        const uint8_t key[static 32], size_t *ret);

/* Puts the number there instead of another one. */
OV_MUST_USE enum ov_status ov_request_map_put(struct ov_request_map *m,
                                              const uint8_t key[static 32],
                                              size_t number);
