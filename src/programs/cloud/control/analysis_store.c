/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis_store.h"

#include "control_run.h"

/* A row of analyses is made by the first who takes a submission. It counts the
 * tries, and the count is the token: who comes back with an older one has been
 * too slow. The row stays when the submission is analysed, with what became of
 * it in words. */

/* ---- taking one ---- */

struct take_act {
    uint64_t now;
    uint64_t lease;
    struct control_found found;
    uint64_t tries;
};

static void take_number(void *data, const char *const *values, size_t n)
{
    if (n >= 1)
        *(uint64_t *)data = control_number(values[0]);
}

static enum ov_status read_tries(struct control_store *s, const uint8_t *name,
                                 uint64_t *ret, struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    *ret = 0;
    control_add_text(&v, s->region);
    control_add_hex(&v, name, OV_ENVELOPE_NAME);
    return control_run(s,
                       "SELECT tries FROM analyses WHERE region = $1"
                       " AND name = $2",
                       &v, take_number, ret, diag);
}

static enum ov_status write_lease(struct control_store *s, const uint8_t *name,
                                  uint64_t tries, uint64_t until,
                                  struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    control_add_hex(&v, name, OV_ENVELOPE_NAME);
    OV_TRY(control_run(s,
                       "DELETE FROM analyses WHERE region = $1 AND name = $2",
                       &v, NULL, NULL, diag));
    control_add_number(&v, tries);
    control_add_number(&v, until);
    return control_run(s,
                       "INSERT INTO analyses (region, name, tries,"
                       " lease_until) VALUES ($1, $2, $3, $4)",
                       &v, NULL, NULL, diag);
}

static enum ov_status take_one(struct control_store *s, void *data,
                               struct ov_diag *diag)
{
    struct take_act *a = data;
    struct control_values v = {.n = 0};

    a->found.is_found = false;
    control_add_text(&v, s->region);
    control_add_number(&v, a->now);
    OV_TRY(control_run(
        s,
        "SELECT " CONTROL_SUBMISSION_COLUMNS " FROM submissions"
        " WHERE region = $1 AND analysed = 0 AND NOT EXISTS"
        " (SELECT 1 FROM analyses WHERE analyses.region = submissions.region"
        " AND analyses.name = submissions.name"
        " AND analyses.lease_until > $2) ORDER BY taken, name LIMIT 1",
        &v, control_submission_row, &a->found, diag));
    if (!a->found.is_found)
        return ov_diag_set(diag, OV_NOT_FOUND, 0, "none");
    OV_TRY(read_tries(s, a->found.row.name, &a->tries, diag));
    a->tries++;
    return write_lease(s, a->found.row.name, a->tries, a->now + a->lease, diag);
}

enum ov_status control_job_take(struct control_store *s, uint64_t now,
                                uint64_t lease, struct control_job *ret,
                                struct ov_diag *diag)
{
    struct take_act a = {.now = now, .lease = lease};

    OV_TRY(control_transaction(s, take_one, &a, diag));
    ret->submission = a.found.row;
    ret->tries = a.tries;
    explicit_bzero(&a, sizeof(a));
    return OV_OK;
}

static enum ov_status give_back(struct control_store *s, void *data,
                                struct ov_diag *diag)
{
    const struct control_job *j = data;
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    control_add_hex(&v, j->submission.name, OV_ENVELOPE_NAME);
    control_add_number(&v, j->tries);
    return control_run(s,
                       "UPDATE analyses SET lease_until = 0 WHERE region = $1"
                       " AND name = $2 AND tries = $3",
                       &v, NULL, NULL, diag);
}

enum ov_status control_job_give_back(struct control_store *s,
                                     const struct control_job *j,
                                     struct ov_diag *diag)
{
    struct control_job job = *j;
    enum ov_status status = control_transaction(s, give_back, &job, diag);

    explicit_bzero(&job, sizeof(job));
    return status;
}

/* ---- what came of it ---- */

struct end_act {
    const struct control_job *job;
    const struct control_finding *finding;
    bool is_ours;
};

/* Whether nobody else has it, and it is still to be done. */
static enum ov_status look_whose(struct control_store *s, struct end_act *a,
                                 struct ov_diag *diag)
{
    struct control_values v = {.n = 0};
    uint64_t n = 0;

    control_add_text(&v, s->region);
    control_add_hex(&v, a->job->submission.name, OV_ENVELOPE_NAME);
    control_add_number(&v, a->job->tries);
    OV_TRY(
        control_run(s,
                    "SELECT COUNT(*) FROM submissions, analyses"
                    " WHERE submissions.region = $1 AND submissions.name = $2"
                    " AND submissions.analysed = 0 AND analyses.region = $1"
                    " AND analyses.name = $2 AND analyses.tries = $3",
                    &v, take_number, &n, diag));
    a->is_ours = n == 1;
    return OV_OK;
}

static enum ov_status mark_done(struct control_store *s,
                                const struct end_act *a, struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    control_add_hex(&v, a->job->submission.name, OV_ENVELOPE_NAME);
    OV_TRY(control_run(s,
                       "UPDATE submissions SET analysed = 1 WHERE region = $1"
                       " AND name = $2",
                       &v, NULL, NULL, diag));
    v = (struct control_values){.n = 0};
    control_add_text(&v, a->finding->words);
    control_add_text(&v, s->region);
    control_add_hex(&v, a->job->submission.name, OV_ENVELOPE_NAME);
    return control_run(s,
                       "UPDATE analyses SET lease_until = 0, outcome = $1"
                       " WHERE region = $2 AND name = $3",
                       &v, NULL, NULL, diag);
}

static void begin_case(struct control_values *v, const struct control_store *s,
                       const struct end_act *a)
{
    control_add_text(v, s->region);
    control_add_hex(v, a->finding->sample, 32);
    control_add_number(v, a->job->submission.purpose);
}

/* What the newest look has found is shown, until somebody has signed what the
 * one before had. */
static enum ov_status count_in(struct control_store *s, const struct end_act *a,
                               struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    begin_case(&v, s, a);
    OV_TRY(control_run(s,
                       "UPDATE cases SET n = n + 1 WHERE region = $1"
                       " AND sample = $2 AND purpose = $3",
                       &v, NULL, NULL, diag));
    v = (struct control_values){.n = 0};
    control_add_text(&v, a->finding->found);
    begin_case(&v, s, a);
    return control_run(
        s,
        "UPDATE cases SET found = $1 WHERE region = $2 AND sample = $3"
        " AND purpose = $4 AND state = 0 AND NOT EXISTS"
        " (SELECT 1 FROM decisions WHERE decisions.region = cases.region"
        " AND decisions.sample = cases.sample"
        " AND decisions.purpose = cases.purpose"
        " AND decisions.round = cases.round)",
        &v, NULL, NULL, diag);
}

static enum ov_status make_case(struct control_store *s,
                                const struct end_act *a, struct ov_diag *diag)
{
    struct control_values v = {.n = 0};
    uint64_t n = 0;

    begin_case(&v, s, a);
    OV_TRY(control_run(s,
                       "SELECT COUNT(*) FROM cases WHERE region = $1"
                       " AND sample = $2 AND purpose = $3",
                       &v, take_number, &n, diag));
    if (n > 0)
        return count_in(s, a, diag);
    control_add_text(&v, a->finding->found);
    control_add_number(&v, a->finding->now);
    return control_run(s,
                       "INSERT INTO cases (region, sample, purpose, round,"
                       " found, since, n, state, decided)"
                       " VALUES ($1, $2, $3, 1, $4, $5, 1, 0, 0)",
                       &v, NULL, NULL, diag);
}

static enum ov_status end_one(struct control_store *s, void *data,
                              struct ov_diag *diag)
{
    struct end_act *a = data;

    OV_TRY(look_whose(s, a, diag));
    if (!a->is_ours)
        return OV_OK;
    OV_TRY(mark_done(s, a, diag));
    return a->finding->sample != NULL ? make_case(s, a, diag) : OV_OK;
}

enum ov_status control_job_end(struct control_store *s,
                               const struct control_job *j,
                               const struct control_finding *f,
                               bool *ret_is_ours, struct ov_diag *diag)
{
    struct end_act a = {.job = j, .finding = f};

    OV_TRY(control_transaction(s, end_one, &a, diag));
    *ret_is_ours = a.is_ours;
    return OV_OK;
}

/* ---- how long it is ---- */

static void take_queue(void *data, const char *const *values, size_t n)
{
    struct control_queue *q = data;

    if (n != 3)
        return;
    q->n_waiting = control_number(values[0]);
    q->n_tried = control_number(values[1]);
    q->n_done = control_number(values[2]);
}

static enum ov_status look(struct control_store *s, void *data,
                           struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    return control_run(
        s,
        "SELECT (SELECT COUNT(*) FROM submissions WHERE region = $1"
        " AND analysed = 0),"
        " (SELECT COUNT(*) FROM submissions, analyses"
        " WHERE submissions.region = $1 AND analysed = 0"
        " AND analyses.region = $1 AND analyses.name = submissions.name),"
        " (SELECT COUNT(*) FROM submissions WHERE region = $1"
        " AND analysed = 1 AND deleted = 0)",
        &v, take_queue, data, diag);
}

enum ov_status control_queue_look(struct control_store *s,
                                  struct control_queue *ret,
                                  struct ov_diag *diag)
{
    struct control_queue q = {0};

    OV_TRY(control_transaction(s, look, &q, diag));
    *ret = q;
    return OV_OK;
}
