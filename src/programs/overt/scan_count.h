/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/walk.h"

/* How much there is to scan, counted beside the scan by a thread of its own,
 * for the progress line: nothing else depends on it. */
struct scan_count;

/* Begins to count; NULL if it cannot. Borrows all until it is stopped, and
 * options->wants is called from the thread. Returns owned. */
struct scan_count *scan_count_start(const struct ov_walk_options *options,
                                    const char *const *paths, size_t n_paths);

/* Stops the thread and waits for it; NULL is fine. */
void scan_count_stop(struct scan_count *c);

/* True once all is counted. */
bool scan_count_get(const struct scan_count *c, uint64_t *ret_files,
                    uint64_t *ret_bytes);
