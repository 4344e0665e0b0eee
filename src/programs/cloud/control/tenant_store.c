/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control_run.h"
#include "control_store.h"

/* Tenants: who may send how much a day. A tenant has one token, of which the
 * SHA-256 is kept; that of "public" is the digest of nothing, so that who shows
 * no token is found in the same way. What was used is counted per name, so a
 * new token gives no new quota. */

bool control_tenant_name_is_valid(struct ov_span name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    for (size_t i = 0; i < name.len; i++)
        if (ov_span_find_byte(OV_SPAN_LIT(letters),
                              (uint8_t)ov_span_byte(name, i), 0) == SIZE_MAX)
            return false;
    return name.len > 0 && name.len < CONTROL_TENANT_MAX;
}

static void take_text(void *data, const char *const *values, size_t n)
{
    struct ov_buf *b = data;

    ov_buf_clear(b);
    if (n == 1 && values[0] != NULL)
        ov_put_str(b, values[0]);
}

/* ---- making and removing ---- */

struct tenant_act {
    const struct control_tenant *tenant;
    bool keeps_token;
    uint8_t token[OV_DIGEST_MAX];
};

/* Whose token it is; empty: nobody's. */
static enum ov_status find_owner(struct control_store *s, const uint8_t *token,
                                 struct ov_buf *ret, struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    control_add_hex(&v, token, 32);
    return control_run(
        s, "SELECT name FROM tenants WHERE region = $1 AND token = $2", &v,
        take_text, ret, diag);
}

static enum ov_status find_token(struct control_store *s, struct tenant_act *a,
                                 struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) digits = ov_buf_with_max(CONTROL_DIGEST_HEX);
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    control_add_text(&v, a->tenant->name);
    OV_TRY(control_run(
        s, "SELECT token FROM tenants WHERE region = $1 AND name = $2", &v,
        take_text, &digits, diag));
    return ov_hex_decode(ov_buf_span(&digits), a->token, 32)
               ? OV_OK
               : ov_diag_set(diag, OV_NOT_FOUND, 0, "no such tenant");
}

static enum ov_status forget_tenant(struct control_store *s, const char *name,
                                    struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    control_add_text(&v, name);
    return control_run(s, "DELETE FROM tenants WHERE region = $1 AND name = $2",
                       &v, NULL, NULL, diag);
}

static enum ov_status put_tenant(struct control_store *s, void *data,
                                 struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) owner = ov_buf_with_max(CONTROL_TENANT_MAX);
    struct tenant_act *a = data;
    struct control_values v = {.n = 0};

    if (a->keeps_token)
        OV_TRY(find_token(s, a, diag));
    OV_TRY(find_owner(s, a->token, &owner, diag));
    if (owner.len > 0 &&
        !ov_span_equal(ov_buf_span(&owner), ov_span_str(a->tenant->name)))
        return ov_diag_set(diag, OV_DENIED, 0, "another tenant has this token");
    OV_TRY(forget_tenant(s, a->tenant->name, diag));
    control_add_text(&v, s->region);
    control_add_hex(&v, a->token, 32);
    control_add_text(&v, a->tenant->name);
    control_add_number(&v, a->tenant->max_count);
    control_add_number(&v, a->tenant->max_bytes);
    return control_run(s,
                       "INSERT INTO tenants (region, token, name, max_count,"
                       " max_bytes) VALUES ($1, $2, $3, $4, $5)",
                       &v, NULL, NULL, diag);
}

enum ov_status control_tenant_put(struct control_store *s,
                                  const struct control_tenant *t,
                                  const char *token, struct ov_diag *diag)
{
    bool is_public = strcmp(t->name, CONTROL_PUBLIC) == 0;
    struct tenant_act a = {.tenant = t,
                           .keeps_token = token == NULL && !is_public};

    if (!control_tenant_name_is_valid(ov_span_str(t->name)))
        return ov_diag_set(diag, OV_USAGE, 0, "not a tenant's name");
    if (token != NULL && (is_public || token[0] == '\0'))
        return ov_diag_set(diag, OV_USAGE, 0,
                           is_public ? "who is public has no token"
                                     : "an empty token is none");
    OV_TRY(
        ov_digest(OV_SHA256, ov_span_str(token != NULL ? token : ""), a.token));
    return control_transaction(s, put_tenant, &a, diag);
}

static enum ov_status remove_tenant(struct control_store *s, void *data,
                                    struct ov_diag *diag)
{
    struct tenant_act a = {.tenant = data};

    OV_TRY(find_token(s, &a, diag));
    return forget_tenant(s, a.tenant->name, diag);
}

enum ov_status control_tenant_remove(struct control_store *s, const char *name,
                                     struct ov_diag *diag)
{
    struct control_tenant t = {.name = ""};

    if (!control_tenant_name_is_valid(ov_span_str(name)))
        return ov_diag_set(diag, OV_NOT_FOUND, 0, "no such tenant");
    memcpy(t.name, name, strlen(name));
    return control_transaction(s, remove_tenant, &t, diag);
}

/* ---- asking ---- */

static bool read_tenant(const char *const *values, struct control_tenant *ret)
{
    size_t len = values[0] != NULL ? strlen(values[0]) : 0;

    if (len == 0 || len >= sizeof(ret->name))
        return false;
    memcpy(ret->name, values[0], len + 1);
    ret->max_count = control_number(values[1]);
    ret->max_bytes = control_number(values[2]);
    return true;
}

struct tenant_question {
    uint8_t token[OV_DIGEST_MAX];
    struct control_tenant *ret;
    bool is_found;
};

static void take_tenant(void *data, const char *const *values, size_t n)
{
    struct tenant_question *q = data;

    q->is_found = n == 3 && read_tenant(values, q->ret);
}

static enum ov_status get_tenant(struct control_store *s, void *data,
                                 struct ov_diag *diag)
{
    struct tenant_question *q = data;
    struct control_values v = {.n = 0};

    q->is_found = false;
    control_add_text(&v, s->region);
    control_add_hex(&v, q->token, 32);
    OV_TRY(control_run(s,
                       "SELECT name, max_count, max_bytes FROM tenants"
                       " WHERE region = $1 AND token = $2",
                       &v, take_tenant, q, diag));
    return q->is_found ? OV_OK
                       : ov_diag_set(diag, OV_NOT_FOUND, 0, "no such tenant");
}

enum ov_status control_tenant_get(struct control_store *s, struct ov_span token,
                                  struct control_tenant *ret,
                                  struct ov_diag *diag)
{
    struct control_tenant found = {.max_count = 0};
    struct tenant_question q = {.ret = &found};

    OV_TRY(ov_digest(OV_SHA256, token, q.token));
    OV_TRY(control_transaction(s, get_tenant, &q, diag));
    *ret = found;
    return OV_OK;
}

struct tenant_list {
    const char *name; /* NULL: all */
    uint64_t day;
    void (*each)(void *data, const struct control_tenant_use *use);
    void *data;
    uint64_t given; /* in an earlier try */
    uint64_t at;
};

static void take_use(void *data, const char *const *values, size_t n)
{
    struct tenant_list *l = data;
    struct control_tenant_use use = {.count = 0};

    if (n != 5 || l->at++ < l->given || !read_tenant(values, &use.tenant))
        return;
    use.count = control_number(values[3]);
    use.bytes = control_number(values[4]);
    l->each(l->data, &use);
    l->given++;
}

#define SELECT_USES                                                            \
    "SELECT t.name, t.max_count, t.max_bytes, COALESCE(u.n, 0),"               \
    " COALESCE(u.bytes, 0) FROM tenants t LEFT JOIN tenant_usage u"            \
    " ON u.region = t.region AND u.tenant = t.name AND u.day = $1"             \
    " WHERE t.region = $2"

static enum ov_status list_tenants(struct control_store *s, void *data,
                                   struct ov_diag *diag)
{
    struct tenant_list *l = data;
    struct control_values v = {.n = 0};

    l->at = 0;
    control_add_number(&v, l->day);
    control_add_text(&v, s->region);
    if (l->name == NULL)
        return control_run(s, SELECT_USES " ORDER BY t.name", &v, take_use, l,
                           diag);
    control_add_text(&v, l->name);
    return control_run(s, SELECT_USES " AND t.name = $3", &v, take_use, l,
                       diag);
}

enum ov_status control_tenant_each(
    struct control_store *s, const char *name, uint64_t day,
    void (*each)(void *data, const struct control_tenant_use *use), void *data,
    struct ov_diag *diag)
{
    struct tenant_list l = {
        .name = name, .day = day, .each = each, .data = data};

    return control_transaction(s, list_tenants, &l, diag);
}

/* ---- all together ---- */

static void take_counts(void *data, const char *const *values, size_t n)
{
    struct control_counts *c = data;

    if (n != 6)
        return;
    c->n_kept = control_number(values[0]);
    c->kept_bytes = control_number(values[1]);
    c->n_deleted = control_number(values[2]);
    c->n_to_analyse = control_number(values[3]);
    c->n_tenants = control_number(values[4]);
    c->n_receipts = control_number(values[5]);
}

static enum ov_status count_all(struct control_store *s, void *data,
                                struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    return control_run(
        s,
        "SELECT COALESCE(SUM(CASE WHEN deleted = 0 THEN 1 ELSE 0 END), 0),"
        " COALESCE(SUM(CASE WHEN deleted = 0 THEN size ELSE 0 END), 0),"
        " COALESCE(SUM(CASE WHEN deleted = 0 THEN 0 ELSE 1 END), 0),"
        " COALESCE(SUM(CASE WHEN deleted = 0 AND analysed = 0 THEN 1 ELSE 0"
        " END), 0),"
        " (SELECT COUNT(*) FROM tenants WHERE region = $1),"
        " (SELECT COUNT(*) FROM receipts WHERE region = $1)"
        " FROM submissions WHERE region = $1",
        &v, take_counts, data, diag);
}

enum ov_status control_count(struct control_store *s,
                             struct control_counts *ret, struct ov_diag *diag)
{
    struct control_counts counts = {0};

    OV_TRY(control_transaction(s, count_all, &counts, diag));
    *ret = counts;
    return OV_OK;
}
