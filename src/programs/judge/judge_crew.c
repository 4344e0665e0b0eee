/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_crew.h"

#include <stdatomic.h>

#include "sys/threads.h"

/* Items are taken from one counter, so who does what depends on who is faster;
 * what comes of it must not. */

static struct ov_crew *helpers;

struct run {
    const struct crew_job *job;
    atomic_size_t next;
    atomic_size_t done;
};

static void work_through(struct run *run, bool is_caller)
{
    const struct crew_job *job = run->job;
    size_t i;

    while ((i = atomic_fetch_add(&run->next, 1)) < job->n) {
        size_t done;

        job->work(job->data, i);
        done = atomic_fetch_add(&run->done, 1) + 1;
        if (is_caller && job->tell != NULL)
            job->tell(job->data, done);
    }
}

static void help(void *data)
{
    work_through(data, false);
}

bool crew_start(unsigned n)
{
    helpers = ov_crew_new(n, 0);
    return helpers != NULL;
}

void crew_run(const struct crew_job *job)
{
    struct run run = {.job = job};
    unsigned n = job->n_threads > 0 ? job->n_threads - 1 : 0;

    if (n > helpers->n)
        n = helpers->n;
    for (unsigned i = 0; i < n; i++)
        helpers->start(helpers, i, help, &run);
    work_through(&run, true);
    for (unsigned i = 0; i < n; i++)
        helpers->wait(helpers, i);
}
