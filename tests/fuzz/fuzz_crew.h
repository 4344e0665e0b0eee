/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/crew.h"

/* A crew of one, which works at once. */

static void work_at_once(struct ov_crew *crew, unsigned i,
                         void (*work)(void *data), void *data)
{
    (void)crew;
    (void)i;
    work(data);
}

static bool rests(struct ov_crew *crew, unsigned i)
{
    (void)crew;
    (void)i;
    return true;
}

static void do_not_wait(struct ov_crew *crew, unsigned i)
{
    (void)crew;
    (void)i;
}

static struct ov_crew crew = {
    .n = 1,
    .stretch = 1,
    .start = work_at_once,
    .is_idle = rests,
    .wait = do_not_wait,
};
