/* SPDX-License-Identifier: Apache-2.0 */
#include "self_test.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/file.h"
#include "sys/locate.h"
#include "sys/walk.h"

/* Rules are code: before they are used they have to load, find, and be silent,
 * each in a worker that can do no harm. What they do to hostile files is the
 * worker's business as always. */

#define MAX_CORPUS 1000
#define TIMEOUT_MS 60000

/* Not a constant: the compiler would do the unmasking, and put the file into
 * this program. */
static const volatile unsigned char mask = 0x20;

/* The EICAR test file, masked, so that this program is not one itself. */
static const char eicar[] =
    "x\025o\001p\005`ap{\024|pzx\025\024\010p~\011\027cc\011\027]\004eicar\015"
    "standard\015antivirus\015test\015file\001\004h\013h\012";

struct sample {
    bool is_bad;
    struct test *test;
    struct sample *next;
    char path[PATH_MAX];
};

struct test {
    struct ov_pool *pool;
    struct ov_diag *diag;
    enum ov_status status;
    struct sample *samples;
    size_t n;
};

static void on_detection(void *ticket, const struct ov_wire_detection *d)
{
    (void)ticket;
    (void)d; /* the verdict tells */
}

static void on_inconclusive(void *ticket, const struct ov_wire_inconclusive *i)
{
    (void)ticket;
    (void)i; /* a limit of formats, not of rules */
}

static void on_done(void *ticket, const struct ov_pool_result *r)
{
    struct sample *s = ticket;
    bool is_found = !r->is_abandoned && r->verdict == OV_DETECTED;

    if (r->is_abandoned || is_found == s->is_bad || s->test->status != OV_OK)
        return;
    s->test->status = ov_diag_set(
        s->test->diag, OV_MISMATCH, 0,
        s->is_bad ? "%s is not found" : "%s is taken for malware", s->path);
}

static enum ov_status submit(struct test *t, int fd, const char *name,
                             bool is_bad)
{
    struct sample *s = ov_alloc(sizeof(*s));
    struct stat st;

    if (s == NULL || fstat(fd, &st) != 0) {
        ov_free(s);
        return OV_NO_MEMORY;
    }
    s->is_bad = is_bad;
    s->test = t;
    (void)!snprintf(s->path, sizeof(s->path), "%s", name); /* cut is fine */
    s->next = t->samples;
    t->samples = s;
    t->n++;
    while (!ov_pool_has_room(t->pool))
        OV_TRY(ov_pool_wait(t->pool, TIMEOUT_MS, t->diag));
    ov_pool_submit(t->pool, ov_fd_steal(&fd), (uint64_t)st.st_size, s);
    return OV_OK;
}

static enum ov_status submit_eicar(struct test *t)
{
    OV_AUTO_FD fd = -1;
    char bytes[sizeof(eicar) - 1];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(eicar[i] ^ mask);
    OV_TRY(ov_memory_file("eicar", &fd));
    if (write(fd, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes))
        return OV_IO;
    return submit(t, ov_fd_steal(&fd), "the standard test file", true);
}

static enum ov_status submit_good(struct test *t, const char *path)
{
    OV_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return OV_OK; /* not on this machine */
    return submit(t, ov_fd_steal(&fd), path, false);
}

static enum ov_status submit_own(struct test *t)
{
    static const char *const system_files[] = {"/bin/sh", "/bin/ls",
                                               "/etc/passwd", "/etc/services"};
    static const char *const roles[] = {"worker", "judge", "fetch"};

    for (size_t i = 0; i < sizeof(system_files) / sizeof(*system_files); i++)
        OV_TRY(submit_good(t, system_files[i]));
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);

        if (ov_locate_program(roles[i], &path) == OV_OK)
            OV_TRY(submit_good(t, (char *)path.ptr));
    }
    return submit_good(t, "/proc/self/exe");
}

static enum ov_status submit_corpus(struct test *t, const char *corpus)
{
    const struct ov_walk_options options = {0};
    OV_AUTO(walk) w = ov_walk_new(&options);
    struct ov_walk_entry e;

    if (corpus == NULL)
        return OV_OK;
    if (w == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_walk_start(w, corpus));
    while (t->n < MAX_CORPUS && ov_walk_next(w, &e) == OV_OK) {
        if (e.kind == OV_WALK_FILE)
            OV_TRY(submit_good(t, e.path));
    }
    return OV_OK;
}

static enum ov_status run(struct test *t, const char *corpus)
{
    OV_TRY(submit_eicar(t));
    OV_TRY(submit_own(t));
    OV_TRY(submit_corpus(t, corpus));
    while (ov_pool_n_open(t->pool) > 0)
        OV_TRY(ov_pool_wait(t->pool, TIMEOUT_MS, t->diag));
    return t->status;
}

enum ov_status self_test_run(const struct ov_pool_images *images,
                             const char *corpus, unsigned spawn_flags,
                             struct ov_diag *diag)
{
    struct test t = {.diag = diag};
    const struct ov_pool_options options = {
        .images = *images,
        .n_workers = 1,
        .timeout_ms = TIMEOUT_MS,
        .spawn_flags = spawn_flags,
        .detection = on_detection,
        .inconclusive = on_inconclusive,
        .done = on_done,
    };
    enum ov_status status = ov_pool_new(&options, &t.pool);

    if (status == OV_OK)
        status = run(&t, corpus);
    if (t.pool != NULL)
        ov_pool_abandon(t.pool);
    ov_pool_free(t.pool);
    while (t.samples != NULL) {
        struct sample *s = t.samples;

        t.samples = s->next;
        ov_free(s);
    }
    return status;
}
