/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "json/json.h"

/* A page of overtd's control socket. */

struct daemon_page {
    struct ov_buf text; /* JSON without its line end */
    struct ov_arena *arena;
    const struct ov_json *json;
};

void daemon_page_done(struct daemon_page *p);

/* Where the socket is: control if not NULL, else as overt.conf says. False
 * after a line of error. */
bool daemon_place(const char *control, const char **ret);

/* OV_NOT_FOUND: no daemon runs; else as ov_control_ask. */
OV_MUST_USE enum ov_status daemon_page_get(const char *socket, const char *page,
                                           struct daemon_page *ret,
                                           struct ov_diag *diag);

/* 0 if it is not there. */
uint64_t daemon_number(const struct ov_json *object, const char *name);
struct ov_span daemon_text(const struct ov_json *object, const char *name);
