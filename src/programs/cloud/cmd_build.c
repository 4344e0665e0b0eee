/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "delta_make.h"
#include "epoch.h"
#include "family_names.h"
#include "log_act.h"
#include "reputation/snapshot.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/threads.h"

/*
 * overt-cloud build and delta. A build first tells what the journal has behind
 * the last delta, so that a snapshot is always what the one before and the
 * deltas in between come to; only the first one needs none. Then it makes all
 * files in DIR/work/epoch, signs the statement, and lets pending_act.c do the
 * rest: up to there nothing of it can be seen, and what a killed build has left
 * is thrown away by the next.
 */

#define MAX_NOTE ((size_t)1 << 20)
#define MAX_THREADS 64
#define USUAL_THREADS 4

static bool open_all(struct cloud *c, struct verdict_journal **ret)
{
    struct ov_diag diag = {0};
    char path[CLOUD_PATH_MAX];

    if (!cloud_open(c, 0) || !cloud_lock(c) || !pending_finish(c) ||
        !cloud_path(c, path, "journal"))
        return false;
    if (journal_open(path, true, ret, &diag) == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}

int cmd_delta(struct cloud *c)
{
    struct verdict_journal *j = NULL;
    uint64_t n = 0;
    bool ok = open_all(c, &j) && delta_make_all(c, j, &n);

    journal_close(j);
    if (ok && n == 0)
        (void)printf("nothing has changed\n");
    else if (ok)
        (void)printf("%llu new segments\n", (unsigned long long)n);
    return ok ? CLOUD_OK : CLOUD_FAILED;
}

/* ---- build ---- */

static bool start_threads(struct epoch *e)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t usual =
        cores > 0 && cores < USUAL_THREADS ? (uint64_t)cores : USUAL_THREADS;
    uint64_t n;

    if (!cloud_number(e->c, "threads", usual, &n))
        return false;
    if (n < 1 || n > MAX_THREADS) {
        (void)cloud_say("--threads: 1 to %d", MAX_THREADS);
        return false;
    }
    e->crew = ov_crew_new((unsigned)n - 1, 0);
    if (e->crew == NULL)
        (void)cloud_say("cannot start threads");
    return e->crew != NULL;
}

static void describe(const struct epoch *e, struct ov_snapshot *s)
{
    const struct cloud *c = e->c;

    s->instance = ov_span_str(c->name);
    s->epoch = e->number;
    s->shape = e->shape;
    memcpy(s->buckets_root, e->nodes[1], sizeof(s->buckets_root));
    memcpy(s->counts, e->counts, sizeof(s->counts));
    memcpy(s->filters, e->filters, sizeof(s->filters));
    s->hot = e->hot_blob;
    s->families = e->families_blob;
    s->builder = OV_SPAN_LIT("overt-cloud " OV_VERSION);
    s->time = c->now;
    s->expires = c->now + c->days * 86400;
}

static bool put_statement(const struct epoch *e, struct ov_buf *text)
{
    struct ov_snapshot s = {0};
    uint64_t epoch;
    uint64_t delta;

    describe(e, &s);
    if (!head_read(e->c, &epoch, &delta))
        return false;
    s.has_previous = epoch > 0;
    s.delta_from = delta + 1;
    if (!tree_digest(e->c, "snap", epoch, "/statement", s.previous) ||
        !tree_digest(e->c, "delta", delta, "", s.delta_previous))
        return false;
    ov_put_snapshot(text, &s);
    return ov_buf_status(text) == OV_OK;
}

/* All that lies in DIR/work is on disk before the statement is signed. */
static bool sync_work(const struct cloud *c)
{
    char path[CLOUD_PATH_MAX];

    if (!cloud_path(c, path, "work"))
        return false;
    OV_AUTO_FD fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && syncfs(fd) == 0)
        return true;
    (void)cloud_say("%s: %s", path, strerror(errno));
    return false;
}

static bool find_position(const struct cloud *c, struct verdict_journal *j,
                          struct position *ret)
{
    struct family_names families;
    bool ok = family_names_open(c, &families);

    ret->journal = journal_end(j);
    ret->families = families.n;
    family_names_done(&families);
    return ok;
}

static bool publish(const struct epoch *e, const struct position *at)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_NOTE);
    OV_AUTO_DONE(buf) note = ov_buf_with_max(MAX_NOTE);
    OV_AUTO_DONE(buf) position = ov_buf_with_max(MAX_NOTE);
    struct pending p = {.is_snapshot = true, .number = e->number};

    put_position(&position, at);
    if (!put_statement(e, &text) || !sync_work(e->c) ||
        !sign_entry(e->c, ov_buf_span(&text), &note))
        return false;
    p.note = ov_buf_span(&note);
    p.position = ov_buf_span(&position);
    return pending_begin(e->c, &p) && pending_finish(e->c);
}

static bool make(struct epoch *e, struct verdict_journal *j)
{
    char path[CLOUD_PATH_MAX];
    struct position at;

    if (!folder_remove(e->c, "work") || !epoch_path(e, path, "x"))
        return false;
    ov_folders_make(path);
    if (!find_position(e->c, j, &at) || !start_threads(e))
        return false;
    return epoch_make_parts(e, j) && epoch_make_pack(e) && publish(e, &at) &&
           folder_remove(e->c, "work");
}

static bool build(struct epoch *e, struct verdict_journal *j)
{
    uint64_t n_deltas = 0;
    uint64_t epoch;
    uint64_t delta;

    if (!head_read(e->c, &epoch, &delta) ||
        ((epoch > 0 || delta > 0) && !delta_make_all(e->c, j, &n_deltas)))
        return false;
    if (epoch >= UINT32_MAX) {
        (void)cloud_say("there are no more epochs");
        return false;
    }
    e->number = (uint32_t)epoch + 1;
    return make(e, j);
}

int cmd_build(struct cloud *c)
{
    struct epoch *e = ov_alloc(sizeof(*e));
    struct verdict_journal *j = NULL;
    bool ok;

    if (e == NULL)
        return cloud_say("out of memory");
    e->c = c;
    e->pack = -1;
    e->hot = -1;
    ok = open_all(c, &j) && build(e, j);
    if (ok)
        (void)printf("epoch %u: %llu files, %u bits, buckets of %u bytes\n",
                     e->number, (unsigned long long)e->n, e->shape.prefix_bits,
                     e->shape.size);
    journal_close(j);
    ov_free(e->nodes);
    ov_free(e);
    return ok ? CLOUD_OK : CLOUD_FAILED;
}
