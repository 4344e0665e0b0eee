/* SPDX-License-Identifier: Apache-2.0 */

/* switch FILE OLD NEW BAD: has a file scanned again and again while the pool
 * goes from the image OLD to NEW and OLD together and then to BAD, which cannot
 * be opened, and prints which rules held before, between and behind. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/pool.h"

#define TASKS 400

struct counts {
    unsigned n_old; /* tasks that the first rule held for, and so on */
    unsigned n_new;
    unsigned n_other;
    unsigned n_done;
};

static struct counts counts;

static void on_detection(void *ticket, const struct ov_wire_detection *d)
{
    (void)ticket;
    if (ov_span_starts(d->rule, OV_SPAN_LIT("Old")))
        counts.n_old++;
    else
        counts.n_new++;
}

static void on_inconclusive(void *ticket, const struct ov_wire_inconclusive *i)
{
    (void)ticket;
    (void)i;
    counts.n_other++;
}

static void on_done(void *ticket, const struct ov_pool_result *r)
{
    (void)ticket;
    (void)r;
    counts.n_done++;
}

static bool add_image(struct ov_pool_images *images, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0)
        return false;
    images->fds[images->n] = fd;
    images->lens[images->n++] = (uint64_t)st.st_size;
    return true;
}

static bool submit(struct ov_pool *pool, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0)
        return false;
    ov_pool_submit(pool, fd, (uint64_t)st.st_size, NULL);
    return true;
}

static bool wait_once(struct ov_pool *pool)
{
    struct ov_diag diag = {0};

    if (ov_pool_wait(pool, 100, &diag) == OV_OK)
        return true;
    (void)fprintf(stderr, "%s\n", diag.text);
    return false;
}

/* Tasks until none is open; a switch, if there is one, is over then, too. */
static bool run(struct ov_pool *pool, const char *path, const char *when)
{
    counts = (struct counts){0};
    for (unsigned i = 0; i < TASKS; i++) {
        while (!ov_pool_has_room(pool))
            if (!wait_once(pool))
                return false;
        if (!submit(pool, path))
            return false;
    }
    while (ov_pool_n_open(pool) > 0 || ov_pool_state(pool).is_switching)
        if (!wait_once(pool))
            return false;
    printf("%s: %u done, old %s, new %s, inconclusive %u, %s\n", when,
           counts.n_done,
           counts.n_old == TASKS ? "all" : (counts.n_old > 0 ? "some" : "none"),
           counts.n_new == TASKS ? "all" : (counts.n_new > 0 ? "some" : "none"),
           counts.n_other, ov_status_name(ov_pool_state(pool).switch_status));
    return true;
}

int main(int argc, char **argv)
{
    struct ov_pool_options options = {
        .open = {.flags = OV_SCAN_ALL_MATCHES},
        .n_workers = 2,
        .detection = on_detection,
        .inconclusive = on_inconclusive,
        .done = on_done,
    };
    struct ov_pool_images both = {.n = 0};
    struct ov_pool_images bad = {.n = 0};
    OV_AUTO(pool) pool = NULL;

    if (argc != 5 || !add_image(&options.images, argv[2]) ||
        !add_image(&both, argv[2]) || !add_image(&both, argv[3]) ||
        !add_image(&bad, argv[4]) || ov_pool_new(&options, &pool) != OV_OK)
        return 2;
    if (!run(pool, argv[1], "before"))
        return 1;
    if (ov_pool_switch(pool, &both) != OV_OK || !run(pool, argv[1], "during") ||
        !run(pool, argv[1], "behind"))
        return 1;
    if (ov_pool_switch(pool, &bad) != OV_OK || !run(pool, argv[1], "refused"))
        return 1;
    printf("crashes: %u\n", ov_pool_state(pool).n_crashes);
    return 0;
}
