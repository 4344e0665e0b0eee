/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/alloc.h"
#include "base/status.h"
#include "test.h"

/* The pattern for "does each failed allocation end well?": run does the work
 * once, from start to end, and gives its status. It is called with its first,
 * second, third ... allocation failing, until a call meets no failure any more.
 * Every failure must come out as OV_NO_MEMORY, the last call as OV_OK; that
 * nothing leaks is seen by LSan. Returns how many allocations were failed. */
#define TORTURE_MAX 100000

static inline size_t ov_torture(enum ov_status (*run)(void *), void *arg)
{
    for (size_t nth = 1; nth < TORTURE_MAX; nth++) {
        enum ov_status status;

        (void)ov_alloc_fail_at(nth);
        status = run(arg);
        if (ov_alloc_fail_at(0) < nth) {
            assert_int_equal(status, OV_OK);
            return nth - 1;
        }
        if (status != OV_NO_MEMORY)
            fail_msg("allocation %zu failed and the status is \"%s\"", nth,
                     ov_status_name(status));
    }
    fail_msg("no end after %d failed allocations", TORTURE_MAX);
    return 0;
}
