/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "icap_ask.h"
#include "icap_message.h"

/* One connection of an ICAP client, request after request. What is asked about
 * is kept in a memory file until the daemon has looked at it. */

struct icap_options {
    const char *daemon;    /* its socket, as clamd's clients use it */
    uint64_t max_body;     /* of one request; what is longer is inconclusive */
    uint64_t max_memory;   /* of the bodies of all */
    unsigned max_sessions; /* connections */
    uint64_t idle_ms;      /* a connection that does nothing is closed */
    bool passes;           /* what is inconclusive; else it is blocked */
};

struct icap_server {
    const struct icap_options *options;
    struct ov_loop *loop;
    char tag[40]; /* ISTag's inside: changes with the rules */
    struct icap_session *first;
    unsigned n_sessions;
    uint64_t n_body; /* bytes of bodies that are kept */
    uint64_t n_requests;
    uint64_t n_found;
    uint64_t n_inconclusive;
};

/* Takes fd, a non-blocking connection. Closes it if there is no room. */
void icap_session_start(struct icap_server *server, int fd);

/* Ends all. */
void icap_sessions_end(struct icap_server *server);
