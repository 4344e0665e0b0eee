/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "control.h"
#include "host/event.h"
#include "host/quarantine_place.h"

/* What the control socket shows and does of the quarantine, by forks: the loop
 * waits for no disk. */

#define QUARANTINE_PAGES_MAX 4
#define QUARANTINE_PAGES_STRANGERS 2 /* of them, for who may change nothing */

struct quarantine_page;

struct quarantine_pages {
    struct ov_loop *loop;
    void *data;
    void (*tell)(void *data, const struct event *e);
    struct quarantine_page *running;
    unsigned n_running;
};

/* Begins what is asked; its end is told by control_answer, unless
 * quarantine_pages_forget was called. False: no room. */
bool quarantine_pages_start(struct quarantine_pages *p,
                            const struct quarantine_settings *s,
                            const struct control_request *request,
                            struct control_client *client);
/* This client does not wait any more; what it began is done all the same. */
void quarantine_pages_forget(struct quarantine_pages *p,
                             const struct control_client *client);
/* Waits for those that are under way: a file is not given back by half. */
void quarantine_pages_done(struct quarantine_pages *p);
