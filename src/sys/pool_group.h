/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/findings.h>

#include "sys/wire.h"

/* The shards of one large archive, each scanned by a worker of its own
 * (include/overt/findings.h, "n_shards"). What they find is kept until the
 * last of them is done, and then told as if one worker had found it. */
struct ov_pool_group {
    unsigned n_left; /* shards that are not done */
    bool is_void;    /* the file must be scanned again, by one worker */
    bool takes_all;  /* OV_SCAN_ALL_MATCHES */
    uint64_t limits[OV_N_COST];
    uint64_t spent[OV_N_COST];
    struct ov_buf records; /* message type, body; of detections and others */
    uint64_t first_order;  /* of the detection that is the first of the file */
    enum ov_verdict worst;
    bool has_trusted;
    struct ov_buf type;
    uint64_t n_objects;
    uint64_t n_bytes;
};

/* NULL if memory is out. Returns owned. */
struct ov_pool_group *
ov_pool_group_new(unsigned n_shards, const struct ov_wire_open *open) OV_ALLOC;
void ov_pool_group_free(struct ov_pool_group *g);

/* Keeps a finding; type is OV_MSG_DETECTION or OV_MSG_INCONCLUSIVE, order that
 * of a detection. */
void ov_pool_group_add(struct ov_pool_group *g, enum ov_msg type,
                       struct ov_span body, uint64_t order);

/* A shard is done. */
void ov_pool_group_done(struct ov_pool_group *g,
                        const struct ov_wire_outcome *o);

/* All together, once n_left is 0 and unless is_void. */
void ov_pool_group_outcome(const struct ov_pool_group *g,
                           struct ov_wire_outcome *ret);

/* Calls tell for each finding that counts, until it returns another status
 * than OV_OK. */
OV_MUST_USE enum ov_status ov_pool_group_tell(
    const struct ov_pool_group *g,
    enum ov_status (*tell)(void *data, enum ov_msg type, struct ov_span body),
    void *data);
