/* SPDX-License-Identifier: Apache-2.0 */
#include "control_run.h"

#include <stdio.h>

#include "base/text.h"

/* Statements, values and transactions of the control store, and its schema. */

#define TRIES 8

/* The common subset of SQLite and PostgreSQL. Times are seconds since 1970. */
static const char schema[] =
    "CREATE TABLE IF NOT EXISTS tenants ("
    " region TEXT NOT NULL, token TEXT NOT NULL, name TEXT NOT NULL,"
    " max_count BIGINT NOT NULL, max_bytes BIGINT NOT NULL,"
    " PRIMARY KEY (region, token));"
    "CREATE TABLE IF NOT EXISTS tenant_usage ("
    " region TEXT NOT NULL, tenant TEXT NOT NULL, day BIGINT NOT NULL,"
    " n BIGINT NOT NULL, bytes BIGINT NOT NULL,"
    " PRIMARY KEY (region, tenant, day));"
    "CREATE TABLE IF NOT EXISTS submissions ("
    " region TEXT NOT NULL, name TEXT NOT NULL, envelope TEXT NOT NULL,"
    " blob TEXT NOT NULL, blob_key TEXT, size BIGINT NOT NULL,"
    " purpose BIGINT NOT NULL, taken BIGINT NOT NULL,"
    " keep_until BIGINT NOT NULL, deleted BIGINT NOT NULL,"
    " analysed BIGINT NOT NULL,"
    " PRIMARY KEY (region, name), UNIQUE (region, envelope));"
    "CREATE INDEX IF NOT EXISTS submissions_to_delete"
    " ON submissions (region, deleted, keep_until);"
    "CREATE INDEX IF NOT EXISTS submissions_to_analyse"
    " ON submissions (region, analysed, taken, name);"
    "CREATE INDEX IF NOT EXISTS submissions_blob"
    " ON submissions (region, blob);"
    "CREATE TABLE IF NOT EXISTS receipts ("
    " region TEXT NOT NULL, seq BIGINT NOT NULL, name TEXT NOT NULL,"
    " kind BIGINT NOT NULL, leaf TEXT NOT NULL, note TEXT NOT NULL,"
    " PRIMARY KEY (region, seq), UNIQUE (region, name, kind));"
    "CREATE TABLE IF NOT EXISTS analyses ("
    " region TEXT NOT NULL, name TEXT NOT NULL, tries BIGINT NOT NULL,"
    " lease_until BIGINT NOT NULL, outcome TEXT,"
    " PRIMARY KEY (region, name));"
    "CREATE TABLE IF NOT EXISTS cases ("
    " region TEXT NOT NULL, sample TEXT NOT NULL, purpose BIGINT NOT NULL,"
    " round BIGINT NOT NULL, found TEXT NOT NULL, since BIGINT NOT NULL,"
    " n BIGINT NOT NULL, state BIGINT NOT NULL, decided BIGINT NOT NULL,"
    " verdict TEXT, family TEXT,"
    " PRIMARY KEY (region, sample, purpose));"
    "CREATE INDEX IF NOT EXISTS cases_by_state"
    " ON cases (region, state, decided, since, sample);"
    "CREATE TABLE IF NOT EXISTS decisions ("
    " region TEXT NOT NULL, sample TEXT NOT NULL, purpose BIGINT NOT NULL,"
    " round BIGINT NOT NULL, person TEXT NOT NULL, at BIGINT NOT NULL,"
    " note TEXT NOT NULL,"
    " PRIMARY KEY (region, sample, purpose, round, person));";

void control_add_text(struct control_values *v, const char *text)
{
    if (v->n < STORE_PARAMS_MAX)
        v->list[v->n++] = text;
}

void control_add_number(struct control_values *v, uint64_t number)
{
    if (v->n == STORE_PARAMS_MAX)
        return;
    (void)snprintf(v->numbers[v->n], sizeof(v->numbers[0]), "%llu",
                   (unsigned long long)number); /* 20 digits at most */
    v->list[v->n] = v->numbers[v->n];
    v->n++;
}

void control_add_hex(struct control_values *v, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char *to;

    if (v->n_hex == sizeof(v->hex) / sizeof(v->hex[0]) ||
        len > sizeof(v->hex[0]) / 2)
        return;
    to = v->hex[v->n_hex++];
    for (size_t i = 0; i < len; i++) {
        to[2 * i] = digits[bytes[i] >> 4];
        to[2 * i + 1] = digits[bytes[i] & 15];
    }
    to[2 * len] = '\0';
    control_add_text(v, to);
}

uint64_t control_number(const char *value)
{
    uint64_t number = 0;

    if (value != NULL)
        (void)ov_parse_uint(ov_span_str(value), UINT64_MAX, &number);
    return number;
}

void control_bytes(const char *value, uint8_t *ret, size_t len)
{
    memset(ret, 0, len);
    if (value != NULL)
        (void)ov_hex_decode(ov_span_str(value), ret, len);
}

enum ov_status control_run(struct control_store *s, const char *sql,
                           const struct control_values *v, store_row row,
                           void *data, struct ov_diag *diag)
{
    const struct store_query q = {
        .sql = sql,
        .params = v->list,
        .n_params = v->n,
        .row = row,
        .data = data,
    };

    return s->driver->run(s->db, &q, NULL, diag);
}

static enum ov_status once(struct control_store *s,
                           enum ov_status (*act)(struct control_store *s,
                                                 void *data,
                                                 struct ov_diag *diag),
                           void *data, struct ov_diag *diag)
{
    enum ov_status status;

    OV_TRY(s->driver->script(s->db, s->driver->begin, diag));
    status = act(s, data, diag);
    if (status == OV_OK)
        status = s->driver->script(s->db, "COMMIT", diag);
    if (status != OV_OK) /* gone already if the connection is */
        (void)!s->driver->script(s->db, "ROLLBACK", NULL);
    return status;
}

/* A commit of which the answer was lost is done again, too: every act finds
 * what it has done itself. */
enum ov_status control_transaction(struct control_store *s,
                                   enum ov_status (*act)(struct control_store *,
                                                         void *,
                                                         struct ov_diag *),
                                   void *data, struct ov_diag *diag)
{
    enum ov_status status = OV_MISMATCH;

    for (unsigned i = 0;
         i < TRIES && (status == OV_MISMATCH || status == OV_PEER_GONE); i++)
        status = once(s, act, data, diag);
    return status;
}

static enum ov_status make_tables(struct control_store *s, void *data,
                                  struct ov_diag *diag)
{
    (void)data;
    return s->driver->script(s->db, schema, diag);
}

enum ov_status control_store_open(const char *where, const char *region,
                                  struct control_store **ret,
                                  struct ov_diag *diag)
{
    AUTO_CONTROL_STORE s = ov_alloc(sizeof(*s));

    if (s == NULL)
        return ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
    if (!ov_region_is_valid(ov_span_str(region)))
        return ov_diag_set(diag, OV_USAGE, 0, "%.20s is no region", region);
    memcpy(s->region, region, strlen(region));
    if (ov_span_starts(ov_span_str(where), OV_SPAN_LIT("postgres://")) ||
        ov_span_starts(ov_span_str(where), OV_SPAN_LIT("postgresql://")))
        OV_TRY(store_postgres_open(where, &s->driver, &s->db, diag));
    else
        OV_TRY(store_sqlite_open(where, &s->driver, &s->db, diag));
    OV_TRY(control_transaction(s, make_tables, NULL, diag));
    *ret = OV_STEAL(s);
    return OV_OK;
}

void control_store_free(struct control_store *s)
{
    if (s == NULL)
        return;
    if (s->db != NULL)
        s->driver->close(s->db);
    ov_free(s);
}
