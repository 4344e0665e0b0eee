/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/crew.h"
#include "test.h"

/* A crew that does what it is given as late as can be. */
struct late_crew {
    struct ov_crew crew; /* must be first */
    void (*work[2])(void *data);
    void *data[2];
};

static void keep_for_later(struct ov_crew *crew, unsigned i,
                           void (*work)(void *data), void *data)
{
    struct late_crew *c = (struct late_crew *)(void *)crew;

    assert_null(c->work[i]);
    c->work[i] = work;
    c->data[i] = data;
}

static bool has_nothing(struct ov_crew *crew, unsigned i)
{
    return ((struct late_crew *)(void *)crew)->work[i] == NULL;
}

static void do_now(struct ov_crew *crew, unsigned i)
{
    struct late_crew *c = (struct late_crew *)(void *)crew;

    if (c->work[i] != NULL)
        c->work[i](c->data[i]);
    c->work[i] = NULL;
}

static struct late_crew late = {.crew = {.n = 2,
                                         .stretch = 1,
                                         .start = keep_for_later,
                                         .is_idle = has_nothing,
                                         .wait = do_now}};
