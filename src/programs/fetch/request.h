/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/wire_trust.h"

/* One HTTP request after the other, by libcurl. */

struct request;

/* Everything that libraries open is opened here, before the jail: the system's
 * certificates (first of the usual files; without one only http works), the
 * resolver's tables. NULL if memory is out. Returns owned. */
struct request *request_new(void) OV_ALLOC;

/* Gets g->url into fd, from its start. body: a descriptor with what a POST
 * sends; -1: there is none. Texts in ret live as long as the request. */
void request_run(struct request *r, const struct ov_wire_get *g, int fd,
                 int body, struct ov_wire_got *ret);

/* Closes all connections, and tells what still went over them. */
void request_hang_up(struct request *r, struct ov_wire_got *ret);
