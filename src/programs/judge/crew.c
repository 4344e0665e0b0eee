/* SPDX-License-Identifier: Apache-2.0 */
#include "crew.h"

#include <pthread.h>
#include <stdatomic.h>

/* Items are taken from one counter, so who does what depends on who is faster;
 * what comes of it must not. The threads live until the process ends. */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const struct crew_job *job;
    unsigned long n_jobs; /* how many there have been: a new one wakes */
    unsigned n_places;    /* threads that may still join this job */
    unsigned n_running;   /* threads that have started */
    unsigned n_busy;      /* threads inside this job */
    atomic_size_t next;
    atomic_size_t done;
} crew = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .changed = PTHREAD_COND_INITIALIZER,
};

static void work_through(const struct crew_job *job, bool is_caller)
{
    size_t i;

    while ((i = atomic_fetch_add(&crew.next, 1)) < job->n) {
        size_t done;

        job->work(job->data, i);
        done = atomic_fetch_add(&crew.done, 1) + 1;
        if (is_caller && job->tell != NULL)
            job->tell(job->data, done);
    }
}

static void *serve(void *unused)
{
    unsigned long seen = 0;

    (void)unused;
    pthread_mutex_lock(&crew.lock);
    crew.n_running++;
    pthread_cond_broadcast(&crew.changed);
    for (;;) {
        const struct crew_job *job;

        while (seen == crew.n_jobs || crew.n_places == 0)
            pthread_cond_wait(&crew.changed, &crew.lock);
        seen = crew.n_jobs;
        crew.n_places--;
        crew.n_busy++;
        job = crew.job;
        pthread_mutex_unlock(&crew.lock);
        work_through(job, false);
        pthread_mutex_lock(&crew.lock);
        crew.n_busy--;
        pthread_cond_broadcast(&crew.changed);
    }
    return NULL;
}

bool crew_start(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, serve, NULL) != 0)
            return false;
        (void)!pthread_detach(thread); /* cannot fail on a live thread */
    }
    pthread_mutex_lock(&crew.lock);
    while (crew.n_running < n)
        pthread_cond_wait(&crew.changed, &crew.lock);
    pthread_mutex_unlock(&crew.lock);
    return true;
}

void crew_run(const struct crew_job *job)
{
    pthread_mutex_lock(&crew.lock);
    atomic_store(&crew.next, 0);
    atomic_store(&crew.done, 0);
    crew.job = job;
    crew.n_jobs++;
    crew.n_places = job->n_threads > 0 ? job->n_threads - 1 : 0;
    if (crew.n_places > crew.n_running)
        crew.n_places = crew.n_running;
    pthread_cond_broadcast(&crew.changed);
    pthread_mutex_unlock(&crew.lock);
    work_through(job, true);
    pthread_mutex_lock(&crew.lock);
    crew.n_places = 0;
    while (crew.n_busy > 0)
        pthread_cond_wait(&crew.changed, &crew.lock);
    pthread_mutex_unlock(&crew.lock);
}
