/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_found.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

#include "host/finding_log.h"
#include "sys/file_place.h"

/* The digest is that of the file, wherever in it something was found, and only
 * of files in which something was. It is read after the worker has read the
 * file; if it was changed in between, its times tell (scan_job.c), and the file
 * is not clean.
 *
 * Of a file in which everything that was found is allowed: if by its content,
 * path, or who uses it, it is trusted. If by rules, the other rules have been
 * tried (allow_lists_want_rules), and what was not looked at still counts. */

void scan_found_done(struct scan_found *f)
{
    finding_done(&f->finding);
    ov_buf_done(&f->real);
}

void scan_found_clear(struct scan_found *f)
{
    const struct scan_found kept = *f;

    *f = (struct scan_found){.finding = kept.finding, .real = kept.real};
    finding_clear(&f->finding);
    ov_buf_clear(&f->real);
    f->real.max = PATH_MAX;
}

static void find_real(struct scan_found *f, int fd)
{
    char path[PATH_MAX];

    if (ov_place_path(fd, path) != OV_OK)
        return;
    ov_put_str(&f->real, path);
    ov_put_u8(&f->real, 0);
}

/* Where the file is and what it is; once. */
static void get_to_know(struct scan_found *f, int fd)
{
    if (f->is_known)
        return;
    f->is_known = true;
    find_real(f, fd);
    f->has_digest =
        quarantine_digest(fd, UINT64_MAX, f->digest, &f->size) == OV_OK;
}

static const char *real_of(const struct scan_found *f)
{
    return f->real.len > 0 && ov_buf_status(&f->real) == OV_OK
               ? (const char *)f->real.ptr
               : NULL;
}

static const struct allow_entry *allowed_by(const struct scan_found *f,
                                            const struct scan_job *job,
                                            const struct ov_wire_detection *d)
{
    const struct allow_subject s = {.digest = f->has_digest ? f->digest : NULL,
                                    .path = real_of(f),
                                    .rule = d->rule};

    return job->allow == NULL
               ? NULL
               : allow_lists_find(job->allow, &s, (int64_t)time(NULL));
}

bool scan_found_counts(struct scan_found *f, const struct scan_job *job, int fd,
                       const struct ov_wire_detection *d)
{
    bool is_suspicious = (d->flags & OV_RULE_SUSPICIOUS) != 0;
    const struct allow_entry *e;

    if (job->allow == NULL) {
        f->n_suspicious += is_suspicious;
        return true;
    }
    get_to_know(f, fd);
    e = allowed_by(f, job, d);
    if (e != NULL) {
        f->n_allowed++;
        f->n_allowed_here += e->rule.len > 0;
        return false;
    }
    if (is_suspicious)
        return f->n_suspicious++ == 0 || !job->is_first_told;
    if (!f->finding.is_set)
        (void)!finding_set(&f->finding, d); /* it is told without */
    /* All were looked for because some are allowed. */
    return f->n_counted++ == 0 || !job->is_first_told;
}

static const char *const verdict_words[] = {
#define OV_VERDICT(id, word) [id] = word,
#include <overt/verdict.def>
#undef OV_VERDICT
};

const char *verdict_word(enum ov_verdict v)
{
    return v < OV_N_VERDICTS ? verdict_words[v] : "?";
}

enum ov_verdict scan_found_verdict(const struct scan_found *f,
                                   enum ov_verdict verdict)
{
    if ((verdict < OV_UNWANTED && verdict != OV_SUSPICIOUS) ||
        f->n_counted > 0 || f->n_allowed == 0)
        return verdict;
    if (f->n_allowed_here > 0 && f->has_inconclusive)
        return OV_INCONCLUSIVE;
    return f->n_suspicious > 0 ? OV_SUSPICIOUS : OV_TRUSTED;
}

static void fail(const struct scan_job *job, const char *path,
                 const struct ov_diag *diag)
{
    OV_AUTO_PTR char *text = NULL;

    if (asprintf(&text, "NOT in quarantine: %s", diag->text) < 0)
        text = NULL;
    job->report->error(job->report, path, text != NULL ? text : diag->text);
}

void scan_found_put_away(const struct scan_found *f, const struct scan_job *job,
                         const char *path, int fd, const struct stat *scanned,
                         struct scan_totals *totals)
{
    const struct quarantine_request request = {.fd = fd,
                                               .scanned = scanned,
                                               .finding = &f->finding,
                                               .by = "overt scan"};
    struct quarantine_taken taken;
    struct ov_diag diag = {0};
    const char *real = real_of(f);

    if (f->has_digest && job->findings != NULL)
        finding_log_add(job->findings, f->digest, f->size,
                        real != NULL ? real : path,
                        ov_buf_span(&f->finding.rule));
    if (job->quarantine == NULL || scanned == NULL)
        return;
    if (quarantine_take(job->quarantine, &request, &taken, &diag) == OV_OK) {
        totals->n_taken++;
        job->report->taken(job->report, path, &taken);
        return;
    }
    totals->n_errors++;
    fail(job, path, &diag);
}
