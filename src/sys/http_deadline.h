/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times for the clients of a libmicrohttpd daemon that runs in one thread. Its
 * own timeout starts anew with each byte; this one doesn't: a head has to be
 * whole within a time from the connection's or the last answer's end, a body
 * and the reading of an answer get more by their bytes. */

struct ov_http_deadline; /* a connection's */

struct ov_http_deadlines {
    struct ov_http_deadline *first;
    uint64_t idle_ms;
    uint64_t swept_ms;
};

/* For MHD_OPTION_NOTIFY_CONNECTION; cls: the deadlines, which stay where they
 * are. */
void ov_http_deadlines_notify(void *cls, struct MHD_Connection *connection,
                              void **context,
                              enum MHD_ConnectionNotificationCode code);

/* A text of OV_HTTP_NAME_SIZE bytes that goes with a connection, "" at first;
 * NULL for one of which nothing is remembered. */
#define OV_HTTP_NAME_SIZE 65
char *ov_http_deadline_name(struct MHD_Connection *connection);

/* From now on: the idle time, and what so many bytes take a slow client. False
 * for a connection of which nothing is remembered (no memory): refuse it. */
bool ov_http_deadline_start(struct ov_http_deadlines *d,
                            struct MHD_Connection *connection, uint64_t bytes);

/* These came: as much later. */
void ov_http_deadline_more(struct MHD_Connection *connection, uint64_t bytes);

/* Shuts what is over its time; does so twice a second, however often it is
 * called. */
void ov_http_deadlines_sweep(struct ov_http_deadlines *d);
