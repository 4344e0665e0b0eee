/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_count.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

/* The same walk as the scan's, but only with fstatat. */

struct scan_count {
    struct ov_walk_options options;
    const char *const *paths;
    size_t n_paths;
    pthread_t thread;
    atomic_bool is_stopped;
    atomic_bool is_done;
    uint64_t n_files; /* read by others only after is_done */
    uint64_t n_bytes;
};

static void count_path(struct scan_count *c, struct ov_walk *w)
{
    struct ov_walk_entry e;
    struct stat st;

    while (!atomic_load(&c->is_stopped) && ov_walk_next(w, &e) == OV_OK) {
        if (e.kind != OV_WALK_FILE || fstatat(e.folder, e.name, &st, 0) != 0 ||
            !S_ISREG(st.st_mode))
            continue;
        c->n_files++;
        c->n_bytes += (uint64_t)st.st_size;
    }
}

static void *count(void *data)
{
    struct scan_count *c = data;
    OV_AUTO(walk) w = ov_walk_new(&c->options);

    for (size_t i = 0; w != NULL && i < c->n_paths; i++) {
        if (strcmp(c->paths[i], "-") == 0)
            return NULL; /* nobody knows how much comes */
        if (ov_walk_start(w, c->paths[i]) == OV_OK)
            count_path(c, w);
    }
    if (w != NULL && !atomic_load(&c->is_stopped))
        atomic_store(&c->is_done, true);
    return NULL;
}

struct scan_count *scan_count_start(const struct ov_walk_options *options,
                                    const char *const *paths, size_t n_paths)
{
    struct scan_count *c = ov_alloc(sizeof(*c));
    sigset_t all;
    sigset_t before;
    bool is_running;

    if (c == NULL)
        return NULL;
    c->options = *options;
    c->paths = paths;
    c->n_paths = n_paths;
    /* Signals are for the main thread, which waits for them. */
    sigfillset(&all);
    (void)!pthread_sigmask(SIG_SETMASK, &all, &before);
    is_running = pthread_create(&c->thread, NULL, count, c) == 0;
    (void)!pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (is_running)
        return c;
    ov_free(c);
    return NULL;
}

void scan_count_stop(struct scan_count *c)
{
    if (c == NULL)
        return;
    atomic_store(&c->is_stopped, true);
    (void)!pthread_join(c->thread, NULL); /* it was created */
    ov_free(c);
}

bool scan_count_get(const struct scan_count *c, uint64_t *ret_files,
                    uint64_t *ret_bytes)
{
    if (c == NULL || !atomic_load(&c->is_done))
        return false;
    *ret_files = c->n_files;
    *ret_bytes = c->n_bytes;
    return true;
}
