/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cloud.h"
#include "sys/serving.h"

/* What the services of a region share: they open what they need, and then jail
 * themselves. */

/* Seconds since 1970. */
uint64_t service_now(void);

/* "overt-cloud: WHAT: DETAIL" on stderr. */
void service_note(const char *what, struct ov_span detail);

/* From now on SIGTERM and SIGINT are remembered, and writing to who has gone is
 * an error and no signal. False after words. */
bool service_catch_signals(void);

/* ov_serving_jail; false after words. */
bool service_jail(const struct ov_landlock_places *places);

/* From now on it can write below `state`, read what the system's libraries
 * want, use sockets, and start nothing. False after words. */
bool service_enter_jail(const char *state);
/* The same, and it can read below another folder. */
bool service_enter_jail_with(const char *state, const char *more);

/* Where blobs are: DIR/state/blobs, or what --blobs says ("s3:...", of which
 * the account is in DIR/keys/s3); before the jail. False after words. */
bool service_find_blobs(struct cloud *c, char ret[static CLOUD_PATH_MAX]);
