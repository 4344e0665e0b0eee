/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* What a command has of the network itself: nothing. The filter is in
 * sys/deny.def. */
enum own_network {
    NONE,
    FETCHED, /* overt-fetch can be started */
    ASKED    /* not said yet: nothing is done */
};

/* For good, also for what this process starts, but overt-fetch if FETCHED.
 * False after a line of error: then the command must not run. */
bool own_network_settle(enum own_network n);
