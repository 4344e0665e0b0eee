/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/fanotify.h>

/* A thread that reads what could keep its reader waiting. */

enum pump_kind {
    PUMP_OPENINGS,
    PUMP_WRITTEN,
    N_PUMP
};

#define PUMP_ROOM 1536 /* bytes of events that are read at once */
#define PUMP_EVENTS (PUMP_ROOM / sizeof(struct fanotify_event_metadata))
/* Descriptors that may be under way: a pipe has 16 packets. */
#define PUMP_FDS (17u * (unsigned)PUMP_EVENTS)

struct pump_packet {
    uint64_t kind;

    uint8_t events[PUMP_ROOM];
};

struct guard_pump {
    int groups[N_PUMP];
    int in;
    int out;                 /* packets come out here; does not block */
    atomic_llong busy_since; /* ms; 0: it is not reading */
};

/* Starts it, on groups that block. Before the jail's filter closes. */
bool pump_start(struct guard_pump *p, int openings, int written);

/* One packet; *ret_len: the length of its events. False if there is none. */
bool pump_take(struct guard_pump *p, struct pump_packet *ret, size_t *ret_len);
