/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "control_store.h"
#include "sys/http_server.h"

/* What administrators ask of a region, by HTTP and JSON behind a door that has
 * asked for their certificates (overt-tls --admins). Which paths there are is
 * in admin_routes.def; another part of the control plane adds its rows there
 * and its functions here. */

#define ADMIN_BODY_MAX ((size_t)16 << 10)
#define ADMIN_ANSWER_MAX ((size_t)4 << 20)

struct admin_service {
    struct control_store *store;
    const char *region;
    const char *people; /* the file that says who decides (triage_desk.h) */
    uint64_t (*now)(void);
    void (*note)(const char *what, struct ov_span detail); /* one line each */
};

struct admin_call {
    struct ov_span who;  /* the name of the admin's certificate */
    struct ov_span word; /* behind the route's path */
    struct ov_span body;
};

/* For ov_http_options; data is the service. */
unsigned admin_service_admit(void *data, const struct ov_http_request *head,
                             size_t *ret_max);
void admin_service_handle(void *data, const struct ov_http_request *request,
                          struct ov_http_answer *answer);

/* ---- for the functions of routes ---- */

#define ADMIN_ROUTE(method, path, function)                                    \
    void function(struct admin_service *s, const struct admin_call *c,         \
                  struct ov_http_answer *a);
#include "admin_routes.def"
#undef ADMIN_ROUTE

/* {"error": words}. */
void admin_refuse(struct ov_http_answer *a, unsigned code, const char *words);
/* The same for what the store said: 404, 409, 400, or 503 and a line of note.
 */
void admin_fail(struct admin_service *s, struct ov_http_answer *a,
                enum ov_status status, const struct ov_diag *diag);
/* One line: who did what to whom. */
void admin_note(struct admin_service *s, const struct admin_call *c,
                const char *what);
