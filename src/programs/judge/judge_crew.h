/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Threads that work through numbered items together. They are started before
 * the jail closes, as no thread can be started afterwards. */

/* Starts n threads. Called once. */
bool crew_start(unsigned n);

/* Calls work(data, i) once for each i in [0, n), from up to n_threads threads
 * of which the caller is one; returns when all are done. tell(data, done) is
 * called by the caller's own thread, now and then; it may be NULL. */
struct crew_job {
    void (*work)(void *data, size_t i);
    void (*tell)(void *data, size_t done);
    void *data;
    size_t n;
    unsigned n_threads;
};

void crew_run(const struct crew_job *job);
