/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* SIGINT, SIGTERM and SIGHUP ask for an early end; SIGPIPE is ignored. */
void signals_catch(void);

/* The signal that came, or 0. */
int signals_stop(void);
