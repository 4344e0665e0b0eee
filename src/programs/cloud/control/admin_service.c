/* SPDX-License-Identifier: Apache-2.0 */
#include "admin_service.h"

#include "base/text.h"
#include "json/json.h"

/* Who comes here has shown a certificate that an authority of ours signed and
 * whose name is in admin.conf: that was the door's work, and a connection
 * without a name is refused here once more. Each change is told with its
 * admin's name; a token is neither told nor given out.
 *
 * Limits: an answer has all tenants, 4 MiB at most. */

#define DAY 86400

enum {
    HTTP_OK = 200,
    HTTP_BAD = 400,
    HTTP_FORBIDDEN = 403,
    HTTP_NOT_FOUND = 404,
    HTTP_METHOD = 405,
    HTTP_CONFLICT = 409,
    HTTP_AWAY = 503,
};

static const struct route {
    const char *method;
    const char *path;
    void (*function)(struct admin_service *s, const struct admin_call *c,
                     struct ov_http_answer *a);
} routes[] = {

#define ADMIN_ROUTE(method, path, function) {method, path, function},
#include "admin_routes.def"
#undef ADMIN_ROUTE
};

#define N_ROUTES (sizeof(routes) / sizeof(routes[0]))

/* ---- words for all routes ---- */

void admin_refuse(struct ov_http_answer *a, unsigned code, const char *words)
{
    ov_buf_clear(&a->body);
    a->code = code;
    ov_put_str(&a->body, "{\"error\":\"");
    ov_put_json(&a->body, ov_span_str(words));
    ov_put_str(&a->body, "\"}\n");
}

void admin_fail(struct admin_service *s, struct ov_http_answer *a,
                enum ov_status status, const struct ov_diag *diag)
{
    if (status == OV_NOT_FOUND) {
        admin_refuse(a, HTTP_NOT_FOUND, diag->text);
    } else if (status == OV_DENIED) {
        admin_refuse(a, HTTP_CONFLICT, diag->text);
    } else if (status == OV_USAGE) {
        admin_refuse(a, HTTP_BAD, diag->text);
    } else {
        s->note("failed", ov_span_str(diag->text));
        admin_refuse(a, HTTP_AWAY, "not now; try again later");
    }
}

void admin_note(struct admin_service *s, const struct admin_call *c,
                const char *what)
{
    OV_AUTO_DONE(buf) line = ov_buf_with_max(512);

    ov_put_span(&line, c->who);
    ov_put_format(&line, " %s ", what);
    ov_put_span(&line, c->word);
    if (ov_buf_status(&line) == OV_OK)
        s->note("admin", ov_buf_span(&line));
}

/* ---- routes ---- */

static bool has_path(const struct route *r, struct ov_span path,
                     struct ov_span *ret_word)
{
    struct ov_span own = ov_span_str(r->path);

    if (!ov_span_ends(own, OV_SPAN_LIT("/")))
        return ov_span_equal(own, path);
    *ret_word = ov_span_clip(path, own.len, path.len);
    return ov_span_starts(path, own) && ret_word->len > 0 &&
           ov_span_find_byte(*ret_word, '/', 0) == SIZE_MAX;
}

/* 0 and the route, or the status of a refusal. */
static unsigned find_route(const struct ov_http_request *q,
                           const struct route **ret, struct ov_span *ret_word)
{
    unsigned code = HTTP_NOT_FOUND;

    *ret_word = ov_span_of(NULL, 0);
    if (q->who.len == 0)
        return HTTP_FORBIDDEN;
    for (size_t i = 0; i < N_ROUTES; i++) {
        if (!has_path(&routes[i], q->path, ret_word))
            continue;
        code = HTTP_METHOD;
        if (!ov_span_equal(q->method, ov_span_str(routes[i].method)))
            continue;
        *ret = &routes[i];
        return 0;
    }
    return code;
}

unsigned admin_service_admit(void *data, const struct ov_http_request *head,
                             size_t *ret_max)
{
    const struct route *r;
    struct ov_span word;

    (void)data;
    *ret_max =
        ov_span_equal(head->method, OV_SPAN_LIT("GET")) ? 0 : ADMIN_BODY_MAX;
    return find_route(head, &r, &word);
}

void admin_service_handle(void *data, const struct ov_http_request *request,
                          struct ov_http_answer *answer)
{
    struct admin_call c = {.who = request->who, .body = request->body};
    const struct route *r;
    unsigned code = find_route(request, &r, &c.word);

    answer->type = "application/json";
    if (code == 0)
        r->function(data, &c, answer);
    else
        admin_refuse(answer, code, "no such path");
}

/* ---- status ---- */

void admin_get_status(struct admin_service *s, const struct admin_call *c,
                      struct ov_http_answer *a)
{
    struct control_counts n;
    struct ov_diag diag = {.text = ""};
    enum ov_status status = control_count(s->store, &n, &diag);

    (void)c;
    if (status != OV_OK) {
        admin_fail(s, a, status, &diag);
        return;
    }
    a->code = HTTP_OK;
    ov_put_format(
        &a->body,
        "{\"region\":\"%s\",\"kept\":%llu,\"kept_bytes\":%llu,"
        "\"deleted\":%llu,\"to_analyse\":%llu,\"tenants\":%llu,"
        "\"receipts\":%llu}\n",
        s->region, (unsigned long long)n.n_kept,
        (unsigned long long)n.kept_bytes, (unsigned long long)n.n_deleted,
        (unsigned long long)n.n_to_analyse, (unsigned long long)n.n_tenants,
        (unsigned long long)n.n_receipts);
}

/* ---- tenants ---- */

struct listing {
    struct ov_buf *to;
    size_t n;
};

static void put_tenant(void *data, const struct control_tenant_use *use)
{
    struct listing *l = data;

    if (l->n++ > 0)
        ov_put_str(l->to, ",");
    ov_put_str(l->to, "{\"name\":\"");
    ov_put_json(l->to, ov_span_str(use->tenant.name));
    ov_put_format(l->to,
                  "\",\"count\":%llu,\"bytes\":%llu,\"used_count\":%llu,"
                  "\"used_bytes\":%llu}",
                  (unsigned long long)use->tenant.max_count,
                  (unsigned long long)use->tenant.max_bytes,
                  (unsigned long long)use->count,
                  (unsigned long long)use->bytes);
}

void admin_get_tenants(struct admin_service *s, const struct admin_call *c,
                       struct ov_http_answer *a)
{
    struct listing l = {.to = &a->body};
    struct ov_diag diag = {.text = ""};
    enum ov_status status;

    (void)c;
    a->code = HTTP_OK;
    ov_put_str(&a->body, "{\"tenants\":[");
    status = control_tenant_each(s->store, NULL, s->now() / DAY, put_tenant, &l,
                                 &diag);
    ov_put_str(&a->body, "]}\n");
    if (status == OV_OK)
        status = ov_buf_status(&a->body);
    if (status != OV_OK)
        admin_fail(s, a, status, &diag);
}

/* The name as the path has it; false after a refusal. */
static bool read_name(const struct admin_call *c, char *ret,
                      struct ov_http_answer *a)
{
    if (!control_tenant_name_is_valid(c->word)) {
        admin_refuse(a, HTTP_BAD, "not a tenant's name");
        return false;
    }
    memcpy(ret, c->word.ptr, c->word.len);
    ret[c->word.len] = '\0';
    return true;
}

void admin_get_tenant(struct admin_service *s, const struct admin_call *c,
                      struct ov_http_answer *a)
{
    struct listing l = {.to = &a->body};
    char name[CONTROL_TENANT_MAX];
    struct ov_diag diag = {.text = ""};
    enum ov_status status;

    if (!read_name(c, name, a))
        return;
    a->code = HTTP_OK;
    status = control_tenant_each(s->store, name, s->now() / DAY, put_tenant, &l,
                                 &diag);
    ov_put_str(&a->body, "\n");
    if (status != OV_OK)
        admin_fail(s, a, status, &diag);
    else if (l.n == 0)
        admin_refuse(a, HTTP_NOT_FOUND, "no such tenant");
}

/* A number of the object, if it is there; counts it. False: it is none. */
static bool take_number(const struct ov_json *object, const char *name,
                        uint64_t *to, uint32_t *n)
{
    const struct ov_json *v = ov_json_get(object, ov_span_str(name));
    int64_t number;

    if (v == NULL)
        return true;
    if (ov_json_int(v, 0, OV_JSON_MAX_INT, &number) != OV_OK)
        return false;
    *to = (uint64_t)number;
    ++*n;
    return true;
}

#define TOKEN_MAX 256

/* As take_number; ret gets a NUL at its end. */
static bool take_token(const struct ov_json *object, char ret[static TOKEN_MAX],
                       uint32_t *n)
{
    const struct ov_json *v = ov_json_get(object, OV_SPAN_LIT("token"));
    struct ov_span text;

    ret[0] = '\0';
    if (v == NULL)
        return true;
    if (ov_json_string(v, &text) != OV_OK || text.len == 0 ||
        text.len >= TOKEN_MAX)
        return false;
    memcpy(ret, text.ptr, text.len);
    ret[text.len] = '\0';
    ++*n;
    return true;
}

/* {"count": N, "bytes": N, "token": "WORD"}, the last if it is a new one. */
static bool read_tenant(struct ov_span body, struct control_tenant *t,
                        char token[static TOKEN_MAX])
{
    OV_AUTO(arena) arena = ov_arena_new(OV_JSON_ARENA(ADMIN_BODY_MAX));
    const struct ov_json *object;
    uint32_t n_numbers = 0;
    uint32_t n_tokens = 0;

    return arena != NULL &&
           ov_json_parse(arena, body, ADMIN_BODY_MAX, &object) == OV_OK &&
           ov_json_is(object, OV_JSON_OBJECT) == OV_OK &&
           take_number(object, "count", &t->max_count, &n_numbers) &&
           take_number(object, "bytes", &t->max_bytes, &n_numbers) &&
           take_token(object, token, &n_tokens) && n_numbers == 2 &&
           object->count == n_numbers + n_tokens;
}

void admin_put_tenant(struct admin_service *s, const struct admin_call *c,
                      struct ov_http_answer *a)
{
    struct control_tenant t = {.name = ""};
    char token[TOKEN_MAX] = "";
    struct ov_diag diag = {.text = ""};
    enum ov_status status;

    if (!read_name(c, t.name, a))
        return;
    if (!read_tenant(c->body, &t, token)) {
        admin_refuse(a, HTTP_BAD, "say count, bytes and perhaps a token");
        return;
    }
    status = control_tenant_put(s->store, &t, token[0] != '\0' ? token : NULL,
                                &diag);
    explicit_bzero(token, sizeof(token));
    if (status != OV_OK) {
        admin_fail(s, a, status, &diag);
        return;
    }
    admin_note(s, c, "set tenant");
    admin_get_tenant(s, c, a);
}

void admin_delete_tenant(struct admin_service *s, const struct admin_call *c,
                         struct ov_http_answer *a)
{
    char name[CONTROL_TENANT_MAX];
    struct ov_diag diag = {.text = ""};
    enum ov_status status;

    if (!read_name(c, name, a))
        return;
    status = control_tenant_remove(s->store, name, &diag);
    if (status != OV_OK) {
        admin_fail(s, a, status, &diag);
        return;
    }
    admin_note(s, c, "removed tenant");
    a->code = HTTP_OK;
    ov_put_str(&a->body, "{}\n");
}
