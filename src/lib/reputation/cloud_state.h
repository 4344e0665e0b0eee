/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "reputation/snapshot.h"
#include "reputation/verdict_delta.h"

/* What a client keeps of the cloud: one file, so that it is of one moment, and
 * beside it files that are named by their digests. It was believed when it was
 * written, and is read as strictly as what comes from the network. */

#define OV_CLOUD_CURRENT "reputation/current"
#define OV_CLOUD_MAX_CURRENT ((size_t)256 << 20)
#define OV_CLOUD_MAX_FILE ((size_t)1 << 30) /* of a snapshot */

/* How much of a snapshot is kept. */
enum ov_cloud_tier {
    OV_CLOUD_LITE, /* deltas and the hot list */
    OV_CLOUD_STD,  /* and the filter of 8 bits, and that of what is good */
    OV_CLOUD_MAX,  /* that of 16 bits instead */
    OV_N_CLOUD_TIERS
};

/* "std". */
const char *ov_cloud_tier_name(enum ov_cloud_tier t);
bool ov_cloud_tier_parse(struct ov_span name, enum ov_cloud_tier *ret);
/* Whether a tier has a filter. */
bool ov_cloud_tier_has(enum ov_cloud_tier t, enum ov_filter f);

struct ov_cloud_state {
    enum ov_cloud_tier tier;
    uint64_t checked;        /* when the cloud was last asked for news */
    uint64_t seq;            /* the last delta; 0: none */
    uint8_t last[32];        /* its SHA-256 */
    uint64_t delta_time;     /* of it */
    struct ov_span note;     /* of the statement */
    struct ov_span proof;    /* of it */
    struct ov_span changes;  /* of all deltas: their records, each hash once */
    struct ov_span families; /* "NUMBER NAME" lines, of deltas */
};

void ov_put_cloud_state(struct ov_buf *b, const struct ov_cloud_state *s);
/* Borrows bytes. OV_MALFORMED, OV_TRUNCATED. */
OV_MUST_USE enum ov_status ov_cloud_state_read(struct ov_span bytes,
                                               struct ov_cloud_state *ret);

/* "reputation/HEX" */
#define OV_CLOUD_NAME_SIZE 80
void ov_cloud_file_name(const uint8_t digest[static 32],
                        char ret[static OV_CLOUD_NAME_SIZE]);

/* Appends old with the segment's changes in it; what is newer counts. */
void ov_cloud_merge(struct ov_span old, const struct ov_verdict_delta *d,
                    struct ov_buf *into);

/* What deltas say of a hash; false: nothing. */
bool ov_cloud_changed(struct ov_span changes, const uint8_t hash[static 32],
                      struct ov_verdict_change *ret);
