/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <sqlite3.h>

#include "base/alloc.h"
#include "store_driver.h"

/* SQLite with a write-ahead log, synced at each commit: what was acknowledged
 * is on the disk. Deleted rows are overwritten (secure_delete), since the key
 * of a sample that was deleted must be gone. */

#define BUSY_MILLISECONDS 10000

static enum ov_status status_of(sqlite3 *db, int code, struct ov_diag *diag)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return OV_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ov_diag_set(diag, OV_MISMATCH, 0, "the database is busy");
    case SQLITE_NOMEM:
        return ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
    default:
        return ov_diag_set(diag, OV_IO, 0, "the database: %s",
                           sqlite3_errmsg(db));
    }
}

static void statement_cleanup(sqlite3_stmt **s)
{
    (void)sqlite3_finalize(*s); /* tells the last step's failure again */
}

static void give_row(const struct store_query *q, sqlite3_stmt *s)
{
    const char *values[STORE_PARAMS_MAX] = {NULL};
    int n = sqlite3_column_count(s);

    for (int i = 0; i < n && i < STORE_PARAMS_MAX; i++)
        values[i] = (const char *)sqlite3_column_text(s, i);
    if (q->row != NULL)
        q->row(q->data, values, (size_t)n);
}

static enum ov_status run(void *handle, const struct store_query *q,
                          uint64_t *ret_changed, struct ov_diag *diag)
{
    sqlite3 *db = handle;
    __attribute__((cleanup(statement_cleanup))) sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(db, q->sql, -1, &s, NULL);

    for (size_t i = 0; code == SQLITE_OK && i < q->n_params; i++)
        code = q->params[i] == NULL
                   ? sqlite3_bind_null(s, (int)i + 1)
                   : sqlite3_bind_text(s, (int)i + 1, q->params[i], -1,
                                       SQLITE_STATIC);
    if (code != SQLITE_OK)
        return status_of(db, code, diag);
    while ((code = sqlite3_step(s)) == SQLITE_ROW)
        give_row(q, s);
    OV_TRY(status_of(db, code, diag));
    if (ret_changed != NULL)
        *ret_changed = (uint64_t)sqlite3_changes64(db);
    return OV_OK;
}

static enum ov_status script(void *handle, const char *sql,
                             struct ov_diag *diag)
{
    sqlite3 *db = handle;

    return status_of(db, sqlite3_exec(db, sql, NULL, NULL, NULL), diag);
}

static void close_it(void *handle)
{
    (void)sqlite3_close_v2(handle);
}

static const struct store_driver driver = {
    .begin = "BEGIN IMMEDIATE",
    .run = run,
    .script = script,
    .close = close_it,
};

enum ov_status store_sqlite_open(const char *path,
                                 const struct store_driver **ret, void **ret_db,
                                 struct ov_diag *diag)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(path, &db,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                   SQLITE_OPEN_NOFOLLOW,
                               NULL);
    enum ov_status status = status_of(db, code, diag);

    if (status == OV_OK)
        status =
            status_of(db, sqlite3_busy_timeout(db, BUSY_MILLISECONDS), diag);
    if (status == OV_OK)
        status = script(db,
                        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                        "PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON;"
                        "PRAGMA temp_store=MEMORY",
                        diag);
    if (status != OV_OK) {
        (void)sqlite3_close_v2(db);
        return status;
    }
    *ret = &driver;
    *ret_db = db;
    return OV_OK;
}
