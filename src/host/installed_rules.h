/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/pool.h"
#include "sys/state_store.h"

/* The rules that overt update has installed. */

/* Opens the images of a release; owned. */
OV_MUST_USE enum ov_status installed_rules_open(const struct ov_state *s,
                                                uint64_t release,
                                                struct ov_pool_images *ret);

void installed_rules_close(struct ov_pool_images *images);

/* The release in use, or with older_than the newest kept one before that.
 * OV_NOT_FOUND. */
OV_MUST_USE enum ov_status installed_rules_find(const struct ov_state *s,
                                                uint64_t older_than,
                                                uint64_t *ret_release);

/* Both for the state that is meant (state_place.h). False if nothing is
 * installed there, or it cannot be opened (after a line of error). */
bool installed_rules_load(uint64_t older_than, struct ov_pool_images *ret,
                          uint64_t *ret_release);
