/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "../../src/programs/cloud/control/admin_service.h"
#include "base/text.h"
#include "test.h"

/* What administrators are answered, without sockets; on a file or on what
 * OV_STORE names, as test_submit_service.c. */

static char noted[200];

static void note(const char *what, struct ov_span detail)
{
    (void)snprintf(noted, sizeof(noted), "%s: %.*s", what, (int)detail.len,
                   (const char *)detail.ptr);
}

static uint64_t noon(void)
{
    return UINT64_C(1795428000);
}

struct place {
    char folder[64];
    char region[OV_REGION_MAX + 1];
    struct admin_service s;
    struct ov_http_answer a;
};

static void set_up(struct place *p)
{
    const char *given = getenv("OV_STORE");
    char store[128];
    uint8_t random[6];

    *p = (struct place){.folder = "/tmp/overt-admin-XXXXXX",
                        .a.body = ov_buf_with_max(ADMIN_ANSWER_MAX)};
    assert_non_null(mkdtemp(p->folder));
    assert_int_equal(getrandom(random, sizeof(random), 0), sizeof(random));
    (void)snprintf(p->region, sizeof(p->region), "a-%02x%02x%02x%02x%02x%02x",
                   random[0], random[1], random[2], random[3], random[4],
                   random[5]);
    (void)snprintf(store, sizeof(store), "%s/store.db", p->folder);
    assert_int_equal(control_store_open(given != NULL ? given : store,
                                        p->region, &p->s.store, NULL),
                     OV_OK);
    p->s.region = p->region;
    p->s.now = noon;
    p->s.note = note;
}

static void tear_down(struct place *p)
{
    static const char *const names[] = {"store.db", "store.db-wal",
                                        "store.db-shm"};

    ov_buf_done(&p->a.body);
    control_store_free(p->s.store);
    for (size_t i = 0; i < 3; i++) {
        char path[128];

        (void)snprintf(path, sizeof(path), "%s/%s", p->folder, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(p->folder), 0);
}

static unsigned ask(struct place *p, const char *method, const char *path,
                    const char *body)
{
    const struct ov_http_request q = {.method = ov_span_str(method),
                                      .path = ov_span_str(path),
                                      .body = ov_span_str(body),
                                      .who = OV_SPAN_LIT("ann")};

    ov_buf_clear(&p->a.body);
    p->a.code = 0;
    admin_service_handle(&p->s, &q, &p->a);
    return p->a.code;
}

static void is_answer(const struct place *p, const char *text)
{
    assert_int_equal(p->a.body.len, strlen(text));
    assert_memory_equal(p->a.body.ptr, text, strlen(text));
}

#define LAB "/v1/tenants/lab"

static void tenants_are_made_changed_listed_removed(void **state)
{
    struct control_tenant t;
    struct place p;

    (void)state;
    set_up(&p);
    assert_int_equal(ask(&p, "GET", "/v1/tenants", ""), 200);
    is_answer(&p, "{\"tenants\":[]}\n");
    assert_int_equal(
        ask(&p, "PUT", LAB, "{\"count\":5,\"bytes\":9,\"token\":\"one\"}"),
        200);
    assert_string_equal(noted, "admin: ann set tenant lab");
    is_answer(&p, "{\"name\":\"lab\",\"count\":5,\"bytes\":9,\"used_count\":0,"
                  "\"used_bytes\":0}\n");
    /* The token stays if none is given, and goes if another is. */
    assert_int_equal(ask(&p, "PUT", LAB, "{\"count\":6,\"bytes\":9}"), 200);
    assert_int_equal(
        control_tenant_get(p.s.store, OV_SPAN_LIT("one"), &t, NULL), OV_OK);
    assert_int_equal(t.max_count, 6);
    assert_int_equal(
        ask(&p, "PUT", LAB, "{\"count\":6,\"bytes\":9,\"token\":\"two\"}"),
        200);
    assert_int_equal(
        control_tenant_get(p.s.store, OV_SPAN_LIT("one"), &t, NULL),
        OV_NOT_FOUND);
    assert_int_equal(
        control_tenant_get(p.s.store, OV_SPAN_LIT("two"), &t, NULL), OV_OK);
    assert_int_equal(ask(&p, "DELETE", LAB, ""), 200);
    assert_int_equal(ask(&p, "DELETE", LAB, ""), 404);
    assert_int_equal(
        control_tenant_get(p.s.store, OV_SPAN_LIT("two"), &t, NULL),
        OV_NOT_FOUND);
    tear_down(&p);
}

static void a_token_is_one_tenants(void **state)
{
    struct control_tenant t;
    struct place p;

    (void)state;
    set_up(&p);
    assert_int_equal(
        ask(&p, "PUT", LAB, "{\"count\":5,\"bytes\":9,\"token\":\"one\"}"),
        200);
    assert_int_equal(ask(&p, "PUT", "/v1/tenants/thief",
                         "{\"count\":7,\"bytes\":9,\"token\":\"one\"}"),
                     409);
    assert_int_equal(
        control_tenant_get(p.s.store, OV_SPAN_LIT("one"), &t, NULL), OV_OK);
    assert_string_equal(t.name, "lab");
    /* Nobody's token is nobody's. */
    assert_int_equal(
        ask(&p, "PUT", "/v1/tenants/new", "{\"count\":7,\"bytes\":9}"), 404);
    assert_int_equal(
        ask(&p, "PUT", "/v1/tenants/public", "{\"count\":7,\"bytes\":9}"), 200);
    assert_int_equal(
        control_tenant_get(p.s.store, ov_span_of(NULL, 0), &t, NULL), OV_OK);
    assert_string_equal(t.name, "public");
    tear_down(&p);
}

static void only_admins_and_known_paths_are_answered(void **state)
{
    struct ov_http_request q = {.method = OV_SPAN_LIT("GET"),
                                .path = OV_SPAN_LIT("/v1/status")};
    struct place p;
    size_t max = 7;

    (void)state;
    set_up(&p);
    assert_int_equal(admin_service_admit(&p.s, &q, &max), 403);
    admin_service_handle(&p.s, &q, &p.a);
    assert_int_equal(p.a.code, 403);
    q.who = OV_SPAN_LIT("ann");
    assert_int_equal(admin_service_admit(&p.s, &q, &max), 0);
    assert_int_equal(max, 0);
    assert_int_equal(ask(&p, "GET", "/v1/status", ""), 200);
    assert_int_equal(ask(&p, "POST", "/v1/status", ""), 405);
    assert_int_equal(ask(&p, "GET", "/v1/statuses", ""), 404);
    assert_int_equal(ask(&p, "GET", "/v1/tenants/", ""), 404);
    assert_int_equal(ask(&p, "GET", "/v1/tenants/a/b", ""), 404);
    assert_int_equal(ask(&p, "GET", "/v1/tenants/../x", ""), 404);
    assert_int_equal(ask(&p, "GET", "/v1/tenants/x\"y", ""), 400);
    tear_down(&p);
}

OV_TEST_MAIN(OV_TEST(tenants_are_made_changed_listed_removed),
             OV_TEST(a_token_is_one_tenants),
             OV_TEST(only_admins_and_known_paths_are_answered))
