/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "intel/uuid.h"

/* What is published as intelligence, one record for each version of an object,
 * in the order in which it was added; and where its bytes are. An index file is
 * records and nothing else, a file of ids is their ids, sorted. Integers are
 * little-endian. */

#define OV_INTEL_RECORD 104
#define OV_INTEL_ID_RECORD 24

enum {
    OV_INTEL_FIRST = 1, /* the first version of its object */
    OV_INTEL_LAST = 2,  /* the last one, so far */
    OV_INTEL_REVOKED = 4,
};

struct ov_intel_record {
    struct ov_uuid id;
    uint8_t hash[32]; /* of indicators, files and relationships */
    uint64_t added;   /* microseconds, as all times; rising in a file */
    uint64_t version; /* "modified"; "created" or `added` where there is none */
    uint64_t created; /* of an indicator */
    uint64_t since;   /* of an indicator: when its family was last changed */
    uint32_t edition; /* the bundle EDITION-PART */
    uint32_t part;
    uint32_t offset; /* of the object in it */
    uint32_t len;
    uint32_t family;
    uint8_t type;       /* enum ov_stix_type */
    uint8_t reputation; /* of an indicator */
    uint8_t flags;
    uint8_t turn; /* of an indicator: how often its file has become bad */
};

void ov_put_intel_record(struct ov_buf *b, const struct ov_intel_record *r);
/* The nth record of an index; false if it is not there. */
bool ov_intel_record_at(struct ov_span index, uint64_t n,
                        struct ov_intel_record *ret);

void ov_put_intel_id(struct ov_buf *b, const struct ov_uuid *id,
                     uint64_t position);
bool ov_intel_id_at(struct ov_span ids, uint64_t n, struct ov_uuid *ret_id,
                    uint64_t *ret_position);
/* The first of the ids that is not below id: those of an object's versions are
 * beside each other, by position. */
uint64_t ov_intel_id_find(struct ov_span ids, const struct ov_uuid *id);
