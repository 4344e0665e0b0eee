/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "intel/uuid.h"
#include "reputation/reputation.h"

/* Verdicts as objects of STIX 2.1 (OASIS standard, 10 June 2021). The same
 * verdict has the same bytes on any machine. Ids are UUIDs of version 5: of a
 * file in STIX's own name space (section 2.9), so that they equal everybody's;
 * of all else in one that follows from the cloud's name, as only who made an
 * object may change it (section 3.6). */

enum ov_stix_type {
    OV_STIX_NONE,
#define OV_STIX_TYPE(id, number, name) OV_STIX_##id = number,
#include "intel/stix_type.def"
#undef OV_STIX_TYPE
};

/* "indicator"; NULL if there is none of that number. */
const char *ov_stix_type_name(unsigned type);
/* OV_STIX_NONE if it is not one of ours. */
enum ov_stix_type ov_stix_type_parse(struct ov_span name);

/* Who says it. */
struct ov_stix_producer {
    struct ov_span name; /* borrowed: the cloud's */
    uint64_t created;    /* microseconds, as all times here */
    struct ov_uuid space;
    struct ov_uuid identity;
};

OV_MUST_USE enum ov_status ov_stix_producer_init(struct ov_span name,
                                                 uint64_t created,
                                                 struct ov_stix_producer *ret);

/* What can be said of a file as an indicator: not of good ones, nor of what was
 * recalled. */
bool ov_stix_is_said(enum ov_reputation r);

struct ov_stix_verdict {
    const uint8_t *hash; /* SHA-256 */
    enum ov_reputation reputation;
    struct ov_span family; /* empty: none */
    uint64_t created;
    uint64_t modified;
    bool is_revoked;
};

/* TLP:CLEAR, as the TLP 2.0 extension has it. */
extern const struct ov_uuid ov_stix_tlp_clear;

/* turn: from 1; since: when it began. A revoked object never comes back: a file
 * that is bad again has another indicator, a family that is said again another
 * relationship. */
OV_MUST_USE enum ov_status
ov_stix_indicator_id(const struct ov_stix_producer *p,
                     const uint8_t hash[static 32], unsigned turn,
                     struct ov_uuid *ret);
OV_MUST_USE enum ov_status ov_stix_malware_id(const struct ov_stix_producer *p,
                                              struct ov_span family,
                                              struct ov_uuid *ret);
OV_MUST_USE enum ov_status ov_stix_indicates_id(
    const struct ov_stix_producer *p, const struct ov_uuid *indicator,
    const struct ov_uuid *malware, uint64_t since, struct ov_uuid *ret);
OV_MUST_USE enum ov_status ov_stix_file_id(const uint8_t hash[static 32],
                                           struct ov_uuid *ret);

/* Each appends one object, without a line's end. */
void ov_put_stix_marking(struct ov_buf *b);
void ov_put_stix_identity(struct ov_buf *b, const struct ov_stix_producer *p);
void ov_put_stix_malware(struct ov_buf *b, const struct ov_stix_producer *p,
                         const struct ov_uuid *id, struct ov_span family,
                         uint64_t created);
void ov_put_stix_indicator(struct ov_buf *b, const struct ov_stix_producer *p,
                           const struct ov_uuid *id,
                           const struct ov_stix_verdict *v);
/* Of an indicator and a malware; times and is_revoked are v's. */
void ov_put_stix_indicates(struct ov_buf *b, const struct ov_stix_producer *p,
                           const struct ov_uuid ids[static 3],
                           const struct ov_stix_verdict *v);
void ov_put_stix_file(struct ov_buf *b, const struct ov_uuid *id,
                      const uint8_t hash[static 32]);

/* What is before the first object of a bundle; "]}\n" ends it. */
void ov_put_stix_bundle(struct ov_buf *b, const struct ov_uuid *id);
