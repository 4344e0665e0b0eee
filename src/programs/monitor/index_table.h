/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* What is known by name: rules by id, releases by channel and number, entries
 * by digest. Names are kept as their SHA-256. */

struct index_item {
    uint64_t index; /* of the entry that said it last */
    uint64_t number;
    bool is_gone;
};

struct index_table;

struct index_table *index_table_new(void);
void index_table_free(struct index_table *t);

/* space keeps names of different kinds apart. NULL if it is not there; valid
 * until the next put. */
struct index_item *index_table_find(struct index_table *t, char space,
                                    struct ov_span name);
OV_MUST_USE enum ov_status index_table_put(struct index_table *t, char space,
                                           struct ov_span name,
                                           const struct index_item *item);
