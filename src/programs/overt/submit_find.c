/* SPDX-License-Identifier: Apache-2.0 */
#include "submit_find.h"

#include "host/output.h"
#include "scan_job.h"

/* A scan with one worker that tells all rules and, with each, the bytes that
 * it holds for. The same bytes under two rules are one thing; an object that is
 * larger than what may be sent comes without its bytes, and is told so. */

struct finder {
    struct report report; /* first: the scan knows this part */
    struct submit_findings *to;
    struct submit_found *open; /* its bytes are coming */
};

static void found_done(struct submit_found *f)
{
    ov_buf_done(&f->bytes);
    ov_buf_done(&f->rule);
    ov_buf_done(&f->type);
}

void submit_findings_done(struct submit_findings *f)
{
    for (size_t i = 0; i < f->n; i++)
        found_done(&f->list[i]);
    f->n = 0;
}

/* The one that came last is whole: its digest, and out with it if it is there
 * already. */
static void settle(struct finder *f)
{
    struct submit_findings *to = f->to;
    struct submit_found *last = f->open;

    f->open = NULL;
    if (last == NULL)
        return;
    if (ov_buf_status(&last->bytes) != OV_OK ||
        ov_buf_status(&last->rule) != OV_OK ||
        ov_buf_status(&last->type) != OV_OK ||
        ov_digest(OV_SHA256, ov_buf_span(&last->bytes), last->digest) != OV_OK)
        to->is_bad = true;
    for (struct submit_found *i = to->list; i < last; i++) {
        if (i->object_len == last->object_len && i->depth == last->depth &&
            memcmp(i->digest, last->digest, sizeof(i->digest)) == 0) {
            found_done(last);
            to->n--;
            return;
        }
    }
}

/* One more; NULL if there is no room. */
static struct submit_found *add_found(struct finder *f, struct ov_span rule)
{
    struct submit_findings *to = f->to;
    struct submit_found *found;

    if (to->n == SUBMIT_FOUND_MAX) {
        to->n_left_out++;
        return NULL;
    }
    found = &to->list[to->n++];
    *found = (struct submit_found){.bytes = ov_buf_with_max(OV_SAMPLE_MAX),
                                   .rule = ov_buf_with_max(OV_SAMPLE_NOTE_MAX),
                                   .type = ov_buf_with_max(OV_SAMPLE_NOTE_MAX)};
    ov_put_span(&found->rule, rule);
    f->open = found;
    return found;
}

static void on_detection(struct report *r, const char *path,
                         const struct ov_wire_detection *d)
{
    struct finder *f = (struct finder *)r;
    struct submit_found *found;

    (void)path;
    settle(f);
    found = add_found(f, d->rule);
    if (found == NULL)
        return;
    found->depth = d->path.n;
    found->object_len = d->object_len;
    ov_put_span(&found->type, d->type);
}

static void on_sample(struct report *r, const char *path, struct ov_span piece)
{
    struct finder *f = (struct finder *)r;

    (void)path;
    if (f->open == NULL && f->to->n == 0)
        (void)add_found(f, OV_SPAN_LIT("-")); /* nothing is found in it */
    if (f->open != NULL)
        ov_put_span(&f->open->bytes, piece);
}

static void on_sample_facts(struct report *r,
                            const struct ov_wire_sample_facts *facts)
{
    struct submit_found *found = ((struct finder *)r)->open;

    if (found == NULL)
        return;
    found->facts = (struct ov_submission_facts){
        .size = found->bytes.len,
        .class = facts->class < OV_N_SUBMISSION_CLASSES
                     ? (enum ov_submission_class)facts->class
                     : OV_SUBMISSION_OTHER,
        .has_marker = facts->has_marker};
    found->has_facts = true;
    if (found->type.len == 0) {
        ov_put_span(&found->type, facts->type);
        found->object_len = found->bytes.len;
    }
}

static void on_inconclusive(struct report *r, const char *path,
                            const struct ov_wire_inconclusive *i)
{
    (void)r;
    out_error("submit: %s: not all of it could be looked at: %.*s", path,
              (int)i->reason.len, (const char *)i->reason.ptr);
}

static void on_file(struct report *r, const struct scan_file *file)
{
    (void)file;
    settle((struct finder *)r);
}

static void on_error(struct report *r, const char *path, const char *text)
{
    ((struct finder *)r)->to->is_bad = true;
    out_error("submit: %s: %s", path, text);
}

static bool on_tick(struct report *r, const struct scan_totals *t)
{
    (void)r;
    (void)t;
    return true;
}

/* A container in which the rule holds for its bytes as they are, since a member
 * lies in them as it is: the member is meant. */
static bool is_explained(const struct submit_findings *all,
                         const struct submit_found *f)
{
    for (size_t i = 0; i < all->n; i++) {
        if (all->list[i].depth > f->depth &&
            ov_span_equal(ov_buf_span(&all->list[i].rule),
                          ov_buf_span(&f->rule)))
            return true;
    }
    return false;
}

static void drop_containers(struct submit_findings *all)
{
    size_t n = 0;

    for (size_t i = 0; i < all->n; i++) {
        if (is_explained(all, &all->list[i]))
            found_done(&all->list[i]);
        else
            all->list[n++] = all->list[i];
    }
    all->n = n;
}

bool submit_find(const struct submit_look *look, struct submit_findings *ret)
{
    struct finder f = {.report = {.detection = on_detection,
                                  .sample = on_sample,
                                  .sample_facts = on_sample_facts,
                                  .inconclusive = on_inconclusive,
                                  .file = on_file,
                                  .error = on_error,
                                  .tick = on_tick},
                       .to = ret};
    const struct scan_job job = {
        .paths = &look->path,
        .n_paths = 1,
        .rules = look->rules,
        .open = {.flags =
                     OV_SCAN_ALL_MATCHES | OV_SCAN_UNWANTED | OV_SCAN_SAMPLES},
        .n_workers = 1,
        .words = look->words,
        .spawn_flags = look->spawn_flags,
        .no_cache = true,
        .report = &f.report,
    };
    struct scan_totals totals;
    struct ov_diag diag = {.text = ""};

    ret->n = ret->n_left_out = 0;
    ret->is_bad = false;
    if (scan_run(&job, &totals, &diag) != OV_OK) {
        out_error("submit: %s", diag.text);
        return false;
    }
    if (totals.n_files == 0 && !ret->is_bad) {
        out_error("submit: %s: not a file", look->path);
        return false;
    }
    drop_containers(ret);
    return !ret->is_bad;
}
