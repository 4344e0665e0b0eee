/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/base.h>

/* The little that a service says to systemd and takes from it: sd_notify(3)
 * and sd_listen_fds(3), without its library. All of it does nothing if the
 * process was not started by systemd. */

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=...": lines. */
void ov_notify(const char *text);

/* How often "WATCHDOG=1" is expected, in milliseconds; 0: never. */
uint64_t ov_notify_watchdog_ms(void);

/* Sockets that were opened for this process: they are descriptors from 3 on,
 * closed on exec from now on. */
#define OV_NOTIFY_FIRST_SOCKET 3
unsigned ov_notify_sockets(void);
