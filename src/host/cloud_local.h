/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* What of the cloud is kept here, mapped: so that of nearly all files it is
 * known at once that nobody calls them bad, and nobody need be asked. */

struct cloud_local;

/* state: the folder. OV_NOT_FOUND: nothing is here. Returns owned. */
OV_MUST_USE enum ov_status cloud_local_open(const char *state,
                                            struct cloud_local **ret);
void cloud_local_close(struct cloud_local *l);

/* false: it is in none of the lists of what is bad, for sure (or there is no
 * filter here that would tell). true: it may be; the judge tells. */
bool cloud_local_may_be_bad(struct cloud_local *l,
                            const uint8_t hash[static 32]);

/* Whether the deltas say that it was called bad by mistake. */
bool cloud_local_is_recalled(const struct cloud_local *l,
                             const uint8_t hash[static 32]);

uint32_t cloud_local_epoch(const struct cloud_local *l);

/* Appends bytes that change whenever what is here does. */
void cloud_local_put_identity(const struct cloud_local *l, struct ov_buf *b);
