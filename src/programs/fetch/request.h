/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/wire_trust.h"

/* One HTTP request after the other, by libcurl. */

struct request;

/* Everything that libraries open is opened here, before the jail: the system's
 * certificates (first of the usual files; without one only http works), the
 * resolver's tables. NULL if memory is out. Returns owned. */
struct request *request_new(void) OV_ALLOC;

/* Gets g->url into fd, from its start. words (of at least OV_WIRE_MAX_WORDS)
 * lives as long as the request. */
void request_run(struct request *r, const struct ov_wire_get *g, int fd,
                 struct ov_wire_got *ret);
