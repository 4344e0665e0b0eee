/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/status.h"

/* A database as the control store sees it: SQL that SQLite and PostgreSQL both
 * take, with parameters $1, $2 ... in the order of their first use, and values
 * that are all text (numbers in decimal, bytes in hexadecimal). */

#define STORE_PARAMS_MAX 16

/* The values of one row; NULL where there is none. Valid during the call. */
typedef void (*store_row)(void *data, const char *const *values, size_t n);

struct store_query {
    const char *sql;
    const char *const *params;
    size_t n_params;
    store_row row; /* may be NULL */
    void *data;
};

struct store_driver {
    const char *begin; /* the statement that begins a transaction in which
                          what was read stays true until it ends */
    /* OV_MISMATCH: somebody else was faster, the transaction is to be done
     * again. OV_PEER_GONE: the server is away; the next call tries again.
     * OV_IO, OV_NO_MEMORY with words in diag. ret_changed (may be NULL): how
     * many rows were written. */
    enum ov_status (*run)(void *db, const struct store_query *q,
                          uint64_t *ret_changed, struct ov_diag *diag);
    /* Statements without parameters, a semicolon between. */
    enum ov_status (*script)(void *db, const char *sql, struct ov_diag *diag);
    void (*close)(void *db);
};

OV_MUST_USE enum ov_status store_sqlite_open(const char *path,
                                             const struct store_driver **ret,
                                             void **ret_db,
                                             struct ov_diag *diag);

/* url: "postgres://..." or "postgresql://..." as libpq reads it. */
OV_MUST_USE enum ov_status store_postgres_open(const char *url,
                                               const struct store_driver **ret,
                                               void **ret_db,
                                               struct ov_diag *diag);
