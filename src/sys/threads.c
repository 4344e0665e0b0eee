/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/threads.h"

#include <pthread.h>
#include <sys/resource.h>

#include "base/alloc.h"

/* Each thread sleeps until it is given one piece of work, does it, and sleeps
 * again. Nice values are each thread's own in Linux: so helpers take what cores
 * have to spare, and a core that has a worker of its own stays with it. Where
 * several workers have large files at once, their helpers hardly run. */

#define STACK ((size_t)1 << 20)

struct helper {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void (*work)(void *data); /* NULL: idle */
    void *data;
    int niceness;
};

struct crew {
    struct ov_crew face; /* first: what the user has is this */
    struct helper helpers[];
};

static struct helper *helper_of(struct ov_crew *crew, unsigned i)
{
    return &((struct crew *)(void *)crew)->helpers[i];
}

/* The first work of each. Without it all is done as well, only less politely.
 */
static void become_nice(void *data)
{
    const struct helper *h = data;

    (void)!setpriority(PRIO_PROCESS, 0,
                       getpriority(PRIO_PROCESS, 0) + h->niceness);
}

static void *serve(void *data)
{
    struct helper *h = data;

    pthread_mutex_lock(&h->lock);
    for (;;) {
        while (h->work == NULL)
            pthread_cond_wait(&h->changed, &h->lock);
        pthread_mutex_unlock(&h->lock);
        h->work(h->data);
        pthread_mutex_lock(&h->lock);
        h->work = NULL;
        pthread_cond_broadcast(&h->changed);
    }
    return NULL;
}

static void start(struct ov_crew *crew, unsigned i, void (*work)(void *data),
                  void *data)
{
    struct helper *h = helper_of(crew, i);

    pthread_mutex_lock(&h->lock);
    h->work = work;
    h->data = data;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

static bool is_idle(struct ov_crew *crew, unsigned i)
{
    struct helper *h = helper_of(crew, i);
    bool is;

    pthread_mutex_lock(&h->lock);
    is = h->work == NULL;
    pthread_mutex_unlock(&h->lock);
    return is;
}

static void wait_for(struct ov_crew *crew, unsigned i)
{
    struct helper *h = helper_of(crew, i);

    pthread_mutex_lock(&h->lock);
    while (h->work != NULL)
        pthread_cond_wait(&h->changed, &h->lock);
    pthread_mutex_unlock(&h->lock);
}

static bool start_thread(struct helper *h)
{
    pthread_attr_t attributes;
    pthread_t thread;
    bool is_started;

    if (pthread_mutex_init(&h->lock, NULL) != 0 ||
        pthread_cond_init(&h->changed, NULL) != 0 ||
        pthread_attr_init(&attributes) != 0)
        return false;
    is_started = pthread_attr_setstacksize(&attributes, STACK) == 0 &&
                 pthread_attr_setdetachstate(&attributes,
                                             PTHREAD_CREATE_DETACHED) == 0 &&
                 pthread_create(&thread, &attributes, serve, h) == 0;
    (void)pthread_attr_destroy(&attributes); /* cannot fail */
    return is_started;
}

struct ov_crew *ov_crew_new(unsigned n, int niceness)
{
    struct crew *c = ov_alloc(sizeof(*c) + n * sizeof(c->helpers[0]));

    if (c == NULL)
        return NULL;
    c->face = (struct ov_crew){
        .n = n, .start = start, .is_idle = is_idle, .wait = wait_for};
    for (unsigned i = 0; i < n; i++) {
        c->helpers[i] = (struct helper){
            .work = become_nice, .data = &c->helpers[i], .niceness = niceness};
        if (!start_thread(&c->helpers[i]))
            return NULL; /* its threads live on: the process is to end */
    }
    /* A thread that has not begun yet would ask for more than a jail allows. */
    for (unsigned i = 0; i < n; i++)
        wait_for(&c->face, i);
    return &c->face;
}
