/* SPDX-License-Identifier: Apache-2.0 */
#include "count_requests.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "sys/file.h"
#include "trust/request_report.h"
#include "whole_log.h"

/* Counts a half-year's requests of authorities again, from the leaves of the
 * log alone, and compares what was published (docs/requests.md). */

#define ARENA_SIZE ((size_t)256 << 20)
#define MAX_OUTPUT ((size_t)256 << 20)

static const char usage[] =
    "usage: overt-monitor report [--people FILE] [--json|--csv]\n"
    "           [--published FILE] [--max-age SECONDS] PERIOD LOG POLICY\n"
    "\n"
    "Counts the requests of PERIOD, as 2026H2, from the entries of a log.\n"
    "LOG is the address or folder that has the file \"checkpoint\"; POLICY "
    "says\nwhose signatures it needs (c2sp.org/tlog-policy).\n"
    "\n"
    "  --people FILE     who may sign what, as the log names it: signatures of "
    "entries\n                    are looked at\n"
    "  --json            everything, by request\n"
    "  --csv             the table only\n"
    "  --published FILE  the table as somebody shows it, to be compared\n"
    "  --max-age SECONDS of the checkpoint\n"
    "\n"
    "Exit codes: 0 what was published comes out; 1 it does not, or something "
    "does not\nhold; 2 wrong use; 3 it could not be looked at\n";

struct job {
    struct whole_log log;
    const char *period;
    const char *people_file;
    const char *published_file;
    bool is_json;
    bool is_csv;
    struct ov_arena *arena;
    struct ov_buf people_text;
    struct ov_people people;
    struct ov_request_ledger *ledger;
    struct ov_request_report report;
    uint8_t people_named[32]; /* what the log's last key-event of people says */
    bool has_people_named;
    bool is_other; /* --published is another table */
};

static enum ov_status read_people(struct job *job, struct ov_diag *diag)
{
    enum ov_status status;

    if (job->people_file == NULL)
        return OV_OK;
    status = ov_file_read(job->people_file, &job->people_text);
    if (status != OV_OK)
        return ov_diag_set(diag, OV_USAGE, 0, "%s: %s", job->people_file,
                           ov_status_name(status));
    status = ov_people_parse(job->arena, ov_buf_span(&job->people_text),
                             &job->people, diag);
    return status == OV_OK ? OV_OK : OV_USAGE;
}

/* Remembers which people file the log names last. */
static enum ov_status note_people(struct job *job, uint64_t index,
                                  struct ov_span bytes)
{
    OV_AUTO(arena) a = NULL;
    struct ov_span head = ov_span_clip(bytes, 0, 256);
    struct ov_opened *o;

    if (job->people_file == NULL ||
        ov_span_find(head, OV_SPAN_LIT("/key-event/v1\nrole people\n"), 0) ==
            SIZE_MAX)
        return OV_OK;
    a = ov_arena_new((size_t)4 << 20);
    o = a != NULL ? ov_arena_alloc(a, sizeof(*o)) : NULL;
    if (o == NULL)
        return OV_NO_MEMORY;
    if (ov_entry_open(a, bytes, &job->people, index, o, NULL) == OV_OK &&
        ov_entry_is(&o->entry, "role", "people"))
        job->has_people_named =
            ov_entry_digest(&o->entry, "file", job->people_named, NULL);
    return OV_OK;
}

static enum ov_status take_entry(void *data, uint64_t index,
                                 struct ov_span bytes)
{
    struct job *job = data;

    OV_TRY(note_people(job, index, bytes));
    return ov_request_ledger_add(job->ledger, index, bytes);
}

static enum ov_status check_people(struct job *job, struct ov_diag *diag)
{
    uint8_t digest[OV_DIGEST_MAX];

    if (job->people_file == NULL)
        return OV_OK;
    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(&job->people_text), digest));
    if (!job->has_people_named ||
        memcmp(digest, job->people_named, sizeof(job->people_named)) != 0)
        return ov_diag_set(diag, OV_BAD_DIGEST, 0,
                           "%s: not the people file that the log names last",
                           job->people_file);
    return OV_OK;
}

/* -- what somebody shows -- */

static enum ov_status compare_published(struct job *job, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) shown = ov_buf_with_max(OV_REQUEST_MAX_CSV);
    OV_AUTO_DONE(buf) csv = ov_buf_with_max(OV_REQUEST_MAX_CSV);
    const struct ov_request_report *r = &job->report;
    uint8_t digest[OV_DIGEST_MAX];
    enum ov_status status;

    if (job->published_file == NULL)
        return OV_OK;
    status = ov_file_read(job->published_file, &shown);
    if (status != OV_OK)
        return ov_diag_set(diag, OV_USAGE, 0, "%s: %s", job->published_file,
                           ov_status_name(status));
    if (r->n_published == 0) {
        ov_put_request_csv(&csv, &r->table);
        OV_TRY(ov_buf_status(&csv));
        job->is_other = !ov_span_equal(ov_buf_span(&csv), ov_buf_span(&shown));
        return OV_OK;
    }
    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(&shown), digest));
    job->is_other =
        memcmp(digest, r->published[r->n_published - 1].digest, 32) != 0;
    return OV_OK;
}

static enum ov_status make(struct job *job, struct ov_diag *diag)
{
    OV_TRY(read_people(job, diag));
    OV_TRY(ov_request_ledger_new(job->people_file != NULL ? &job->people : NULL,
                                 &job->ledger));
    OV_TRY(whole_log_read(&job->log, take_entry, job, diag));
    OV_TRY(check_people(job, diag));
    OV_TRY(ov_request_report_make(
        job->arena, job->ledger, ov_span_str(job->period),
        job->log.result.checkpoint.size, &job->report));
    return compare_published(job, diag);
}

/* -- words -- */

static void put_line(struct ov_buf *b, const struct ov_request_row *row)
{
    const uint64_t *n = row->counts;

    ov_put_format(b, "%-7s %-19s %8llu %8llu %9llu %8llu %9llu %8llu %8llu\n",
                  row->country, ov_request_kind_name(row->kind),
                  (unsigned long long)n[OV_COUNT_REQUESTS],
                  (unsigned long long)n[OV_COUNT_PENDING],
                  (unsigned long long)n[OV_COUNT_PROCESSED],
                  (unsigned long long)n[OV_COUNT_REJECTED],
                  (unsigned long long)n[OV_COUNT_WITHDRAWN],
                  (unsigned long long)n[OV_COUNT_SUBJECTS],
                  (unsigned long long)n[OV_COUNT_ACCOUNTS]);
}

static void put_commitments(struct ov_buf *b, const struct job *job)
{
    const struct ov_request_ledger *l = job->ledger;
    const struct ov_request_report *r = &job->report;

    if (l->n_days == 0) {
        ov_put_str(b, "no commitments to events that may not be told\n");
        return;
    }
    ov_put_format(b, "commitments: %llu a day since ",
                  (unsigned long long)l->daily);
    ov_put_date(b, l->first_day);
    ov_put_format(b,
                  ", %llu days missing; of %zu %llu were to nothing, %llu were "
                  "events, %llu are closed",
                  (unsigned long long)l->missing_days, l->n_commitments,
                  (unsigned long long)r->n_empty, (unsigned long long)r->n_told,
                  (unsigned long long)r->n_unopened);
    if (r->n_overdue > 0) {
        ov_put_format(b,
                      ", %llu of these for more than %d days, the oldest "
                      "since ",
                      (unsigned long long)r->n_overdue, OV_REQUEST_EMPTY_DAYS);
        ov_put_date(b, r->oldest);
    }
    ov_put_u8(b, '\n');
}

static void put_published(struct ov_buf *b, const struct job *job)
{
    const struct ov_request_report *r = &job->report;

    if (r->n_published == 0)
        ov_put_format(b, "no table of %s was published\n", job->period);
    for (size_t i = 0; i < r->n_published; i++)
        ov_put_format(b, "entry %llu publishes a table of %llu entries: %s\n",
                      (unsigned long long)r->published[i].index,
                      (unsigned long long)r->published[i].size,
                      r->published[i].is_same ? "it comes out the same"
                                              : "IT COMES OUT DIFFERENTLY");
    if (job->published_file == NULL)
        return;
    ov_put_escaped(b, ov_span_str(job->published_file));
    ov_put_str(b, job->is_other ? ": ANOTHER TABLE\n" : ": the same table\n");
}

static void put_words(struct ov_buf *b, const struct job *job)
{
    const struct ov_request_table *t = &job->report.table;
    const struct ov_request_ledger *l = job->ledger;

    ov_put_escaped(b, job->log.result.checkpoint.origin);
    ov_put_format(b, ", %llu entries: requests received in %s\n\n",
                  (unsigned long long)job->log.result.checkpoint.size,
                  job->period);
    ov_put_str(b, "country kind                requests  pending processed "
                  "rejected withdrawn subjects accounts\n");
    for (size_t i = 0; i < t->n_rows; i++)
        put_line(b, &t->rows[i]);
    for (size_t i = 0; i < t->n_totals; i++)
        put_line(b, &t->totals[i]);
    ov_put_u8(b, '\n');
    put_commitments(b, job);
    put_published(b, job);
    if (l->n_histories > 0)
        ov_put_format(b,
                      "%zu entries repeat what others have said of requests "
                      "to others; none of it is in the table (--json)\n",
                      l->n_histories);
    if (l->people == NULL)
        ov_put_str(b, "signatures of entries were not looked at (--people)\n");
    for (size_t i = 0; i < l->n_problems && i < OV_REQUEST_MAX_PROBLEMS; i++) {
        ov_put_format(b, "PROBLEM: entry %llu: ",
                      (unsigned long long)l->problems[i].index);
        ov_put_escaped(b, ov_span_str(l->problems[i].what));
        ov_put_u8(b, '\n');
    }
}

static enum ov_status put_report(struct ov_buf *b, struct job *job)
{
    struct ov_request_log log = {
        .origin = job->log.result.checkpoint.origin,
        .size = job->log.result.checkpoint.size,
    };

    memcpy(log.root, job->log.result.checkpoint.root, sizeof(log.root));
    if (job->is_json)
        return ov_put_request_json(b, job->ledger, &job->report, &log);
    if (job->is_csv)
        ov_put_request_csv(b, &job->report.table);
    else
        put_words(b, job);
    return ov_buf_status(b);
}

static int run(struct job *job)
{
    OV_AUTO_DONE(buf) out = ov_buf_with_max(MAX_OUTPUT);
    struct ov_diag diag = {0};
    enum ov_status status = make(job, &diag);

    if (status == OV_OK)
        status = put_report(&out, job);
    if (status != OV_OK) {
        OV_AUTO_DONE(buf) words = ov_buf_with_max(1024);

        ov_put_escaped(&words, ov_span_str(diag.text[0] != '\0'
                                               ? diag.text
                                               : ov_status_name(status)));
        (void)fprintf(stderr, "overt-monitor: %.*s\n", (int)words.len,
                      (const char *)words.ptr);
        return whole_log_exit_code(status);
    }
    if (fwrite(out.ptr, 1, out.len, stdout) != out.len || fflush(stdout) != 0)
        return 2;
    return job->report.n_different > 0 || job->ledger->n_problems > 0 ||
                   job->is_other
               ? 1
               : 0;
}

static bool read_option(struct job *job, int option)
{
    switch (option) {
    case 'j':
        job->is_json = true;
        return true;
    case 'c':
        job->is_csv = true;
        return true;
    case 'p':
        job->people_file = optarg;
        return true;
    case 'f':
        job->published_file = optarg;
        return true;
    case 'a':
        return ov_parse_uint(ov_span_str(optarg), INT64_MAX, &job->log.max_age);
    default:
        return false;
    }
}

static bool read_options(int argc, char **argv, struct job *job)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"csv", no_argument, NULL, 'c'},
        {"people", required_argument, NULL, 'p'},
        {"published", required_argument, NULL, 'f'},
        {"max-age", required_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    uint64_t from;
    uint64_t to;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!read_option(job, option))
            return false;
    }
    if (argc - optind != 3 || (job->is_json && job->is_csv) ||
        !ov_period_parse(ov_span_str(argv[optind]), &from, &to))
        return false;
    job->period = argv[optind];
    job->log.place = argv[optind + 1];
    job->log.policy_file = argv[optind + 2];
    return true;
}

int count_requests(int argc, char **argv)
{
    OV_AUTO(arena) arena = ov_arena_new(ARENA_SIZE);
    OV_AUTO_PTR struct job *job = ov_alloc(sizeof(*job));
    int code = 2;

    if (arena == NULL || job == NULL)
        return 2;
    job->arena = arena;
    job->people_text = ov_buf_with_max((size_t)1 << 20);
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        code = fputs(usage, stdout) >= 0 ? 0 : 2;
    else if (!read_options(argc, argv, job))
        (void)fputs(usage, stderr);
    else if (whole_log_begin(&job->log))
        code = run(job);
    ov_request_ledger_free(job->ledger);
    ov_buf_done(&job->people_text);
    whole_log_done(&job->log);
    return code;
}
