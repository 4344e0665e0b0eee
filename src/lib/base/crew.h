/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Helpers that a caller may hand in, each of which can work beside the caller:
 * threads (sys/threads.h). The library starts none, and gives the same results
 * with any number of them, and without (n 0, or no crew at all). Only the
 * thread that has the crew calls these. */
struct ov_crew {
    unsigned n; /* helpers 0 .. n - 1 */
    /* How many bytes are worth waking a helper; 0: a good number. Tests make
     * it small. */
    uint32_t stretch;
    /* Helper i, which is idle, calls work(data). */
    void (*start)(struct ov_crew *crew, unsigned i, void (*work)(void *data),
                  void *data);
    /* Whether helper i has done what it was given; then all that it wrote is
     * seen. */
    bool (*is_idle)(struct ov_crew *crew, unsigned i);
    /* Waits until it has. */
    void (*wait)(struct ov_crew *crew, unsigned i);
};
