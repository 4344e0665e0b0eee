/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/event.h"

/* Tells events: to the journal, files, sockets, a command, by mail. Nothing
 * here waits for anybody: what cannot be told at once is lost, counted, and the
 * count is told. Not thread-safe. */

#define EVENT_MAX_MAIL_TO 64

/* All borrowed for the log's life; zero is nothing. */
struct event_options {
    const char *program; /* "overtd" */
    const char *version;
    bool journal;
    const char *json; /* a file, unix:PATH or udp:ADDRESS:PORT */
    const char *cef;
    const char *ecs;
    const char *command;
    uint64_t command_timeout_ms;
    unsigned command_max; /* starts a minute */
    const char *const *mail_to;
    size_t n_mail_to;
    const char *mail_from;
    const char *mail_program;
    uint64_t mail_every_ms; /* detections of this time go in one mail */
};

struct event_log;

/* A place that cannot be opened now is tried again at each event. Returns
 * owned; NULL: out of memory. */
struct event_log *event_log_new(const struct event_options *options);
/* Sends a mail that still gathers; commands that run go on. */
void event_log_free(struct event_log *log);

/* Tells it. NULL for log: to stderr only. */
void event_tell(struct event_log *log, const struct event *e);

/* Ends commands that are late, sends mail that is due. Call it once a second,
 * or when a child has ended. */
void event_log_tick(struct event_log *log);

/* For metrics: events that could not be told everywhere. */
uint64_t event_log_n_lost(const struct event_log *log);
