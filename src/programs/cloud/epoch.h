/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>

#include "base/crew.h"
#include "cloud.h"
#include "reputation/bucket.h"
#include "reputation/shard_list.h"
#include "trust/pack.h"
#include "verdict_journal.h"

/* Making an epoch's files in DIR/work/epoch from the journal, shard by shard,
 * so that memory does not grow with the number of verdicts: epoch_parts.c cuts
 * the journal into 256 parts and finds what is true in each, epoch_pack.c
 * writes what needs to know all parts. */

#define EPOCH_HOT_DAYS 30
#define EPOCH_HOT_MOST ((uint64_t)2000000)

/* What is said of a file in the end. In files of the same run only. */
struct epoch_item {
    uint8_t hash[32];
    uint32_t order; /* in its part of the journal */
    uint32_t time;
    uint32_t family;
    uint32_t reputation;
};

struct epoch_shard {
    uint64_t n; /* items */
    uint64_t counts[OV_N_REPUTATION];
    uint32_t most[OV_BUCKET_MAX_BITS + 1]; /* in a bucket, for each p */
    uint32_t days[EPOCH_HOT_DAYS];         /* not good, by age */
    uint64_t n_hot;                        /* and where they are in the list */
    uint64_t first_hot;
    struct ov_shard filters[OV_N_FILTER];
};

struct epoch {
    const struct cloud *c;
    struct ov_crew *crew; /* may be NULL */
    uint32_t number;
    struct ov_bucket_shape shape;
    uint64_t counts[OV_N_REPUTATION];
    uint64_t n;
    unsigned hot_days; /* items younger than that are hot */
    uint64_t n_hot;
    uint8_t (*nodes)[32]; /* the tree: 1 is the root, 2n and 2n + 1 below n */
    int pack;
    int hot;
    struct ov_blob filters[OV_N_FILTER]; /* lists of shards */
    struct ov_blob hot_blob;
    struct ov_blob families_blob;
    struct epoch_shard shards[OV_SHARDS];
    /* of the step that goes on */
    bool (*step)(struct epoch *e, unsigned shard);
    atomic_uint next;
    atomic_bool is_failed;
};

/* Does step for all shards, with all threads; false if one has failed. */
bool epoch_run(struct epoch *e, bool (*step)(struct epoch *e, unsigned shard));
/* DIR/work/... */
bool epoch_path(const struct epoch *e, char ret[static CLOUD_PATH_MAX],
                const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The items of a part, sorted by hash, each once. Returns owned: ov_free. */
bool epoch_items(const struct epoch *e, unsigned shard,
                 struct epoch_item **ret);
/* A file of the epoch as it will be in the tree, and its digest. */
bool epoch_write(const struct epoch *e, const char *name, struct ov_span bytes,
                 struct ov_blob *ret);

/* The parts, their true items, and the shards of all filters. */
bool epoch_make_parts(struct epoch *e, struct verdict_journal *j);
/* Buckets, hot list, lists. */
bool epoch_make_pack(struct epoch *e);
