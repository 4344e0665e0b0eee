/* SPDX-License-Identifier: Apache-2.0 */
#include <libpq-fe.h>

#include "base/alloc.h"
#include "base/text.h"
#include "store_driver.h"

/* PostgreSQL by libpq. A connection that is gone is made again at the next
 * call; with several hosts in the address and target_session_attrs=read-write
 * libpq finds the one that was promoted. Commits wait for the disk, and for the
 * replica where the server has synchronous_standby_names. */

struct postgres {
    PGconn *connection;
};

static void result_cleanup(PGresult **r)
{
    PQclear(*r);
}

#define AUTO_RESULT __attribute__((cleanup(result_cleanup))) PGresult *

static enum ov_status fail(const struct postgres *p, enum ov_status status,
                           struct ov_diag *diag)
{
    return ov_diag_set(diag, status, 0, "the database: %.120s",
                       PQerrorMessage(p->connection));
}

/* Codes of PostgreSQL's manual, appendix A. */
static enum ov_status status_of(const struct postgres *p, const PGresult *r,
                                struct ov_diag *diag)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    ExecStatusType s = PQresultStatus(r);

    if (s == PGRES_TUPLES_OK || s == PGRES_COMMAND_OK)
        return OV_OK;
    if (PQstatus(p->connection) != CONNECTION_OK)
        return fail(p, OV_PEER_GONE, diag);
    if (state == NULL)
        return fail(p, OV_IO, diag);
    /* serialization_failure, deadlock_detected, unique_violation */
    if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0 ||
        strcmp(state, "23505") == 0)
        return fail(p, OV_MISMATCH, diag);
    /* admin_shutdown and its kind; read_only_sql_transaction: not the
     * primary */
    if (strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0 ||
        strcmp(state, "25006") == 0)
        return fail(p, OV_PEER_GONE, diag);
    return fail(p, OV_IO, diag);
}

static enum ov_status connect_again(struct postgres *p, struct ov_diag *diag)
{
    if (PQstatus(p->connection) == CONNECTION_OK)
        return OV_OK;
    PQreset(p->connection);
    return PQstatus(p->connection) == CONNECTION_OK
               ? OV_OK
               : fail(p, OV_PEER_GONE, diag);
}

static void give_rows(const struct store_query *q, const PGresult *r)
{
    int n = PQnfields(r);

    for (int i = 0; i < PQntuples(r) && q->row != NULL; i++) {
        const char *values[STORE_PARAMS_MAX] = {NULL};

        for (int k = 0; k < n && k < STORE_PARAMS_MAX; k++)
            values[k] = PQgetisnull(r, i, k) ? NULL : PQgetvalue(r, i, k);
        q->row(q->data, values, (size_t)n);
    }
}

/* What begins a transaction may connect; what is inside of one may not. */
static enum ov_status ready(struct postgres *p, const char *sql,
                            struct ov_diag *diag)
{
    if (strncmp(sql, "BEGIN", 5) == 0)
        return connect_again(p, diag);
    return PQstatus(p->connection) == CONNECTION_OK
               ? OV_OK
               : fail(p, OV_PEER_GONE, diag);
}

static enum ov_status run(void *handle, const struct store_query *q,
                          uint64_t *ret_changed, struct ov_diag *diag)
{
    struct postgres *p = handle;
    AUTO_RESULT r = NULL;
    uint64_t changed = 0;

    OV_TRY(ready(p, q->sql, diag));
    r = PQexecParams(p->connection, q->sql, (int)q->n_params, NULL, q->params,
                     NULL, NULL, 0);
    if (r == NULL)
        return fail(p, OV_NO_MEMORY, diag);
    if (PQresultStatus(r) == PGRES_FATAL_ERROR &&
        PQstatus(p->connection) != CONNECTION_OK)
        return fail(p, OV_PEER_GONE, diag);
    OV_TRY(status_of(p, r, diag));
    give_rows(q, r);
    (void)ov_parse_uint(ov_span_str(PQcmdTuples(r)), UINT64_MAX, &changed);
    if (ret_changed != NULL)
        *ret_changed = changed;
    return OV_OK;
}

static enum ov_status script(void *handle, const char *sql,
                             struct ov_diag *diag)
{
    struct postgres *p = handle;
    AUTO_RESULT r = NULL;

    OV_TRY(ready(p, sql, diag));
    r = PQexec(p->connection, sql);
    return r == NULL ? fail(p, OV_NO_MEMORY, diag) : status_of(p, r, diag);
}

static void close_it(void *handle)
{
    struct postgres *p = handle;

    PQfinish(p->connection);
    ov_free(p);
}

static const struct store_driver driver = {
    .begin = "BEGIN ISOLATION LEVEL SERIALIZABLE",
    .run = run,
    .script = script,
    .close = close_it,
};

/* "NOTICE: relation exists, skipping" is nobody's business. */
static void be_silent(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

enum ov_status store_postgres_open(const char *url,
                                   const struct store_driver **ret,
                                   void **ret_db, struct ov_diag *diag)
{
    struct postgres *p = ov_alloc(sizeof(*p));
    enum ov_status status;

    if (p == NULL)
        return ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
    p->connection = PQconnectdb(url);
    if (PQstatus(p->connection) != CONNECTION_OK) {
        status = fail(p, OV_PEER_GONE, diag);
        close_it(p);
        return status;
    }
    (void)PQsetNoticeProcessor(p->connection, be_silent, NULL);
    *ret = &driver;
    *ret_db = p;
    return OV_OK;
}
