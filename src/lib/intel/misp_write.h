/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "intel/stix_write.h"

/* Verdicts as a feed of MISP's (the misp-rfc core and manifest formats): events
 * with attributes of type sha256, a list of events, a list of hashes. */

struct ov_misp_event {
    struct ov_uuid id;
    uint32_t number;    /* from 1 */
    uint64_t date;      /* microseconds, as all times: of its first attribute */
    uint64_t timestamp; /* of its newest */
};

/* The event with that number has that id. */
OV_MUST_USE enum ov_status ov_misp_event_init(const struct ov_stix_producer *p,
                                              uint32_t number,
                                              struct ov_misp_event *ret);

/* An event: begin, attributes with a comma between, end. indicator: the id of
 * the same in STIX, from which that of the attribute follows. */
void ov_put_misp_begin(struct ov_buf *b, const struct ov_stix_producer *p,
                       const struct ov_misp_event *e);
OV_MUST_USE enum ov_status
ov_put_misp_attribute(struct ov_buf *b, const struct ov_stix_producer *p,
                      const struct ov_uuid *indicator,
                      const struct ov_stix_verdict *v);
void ov_put_misp_end(struct ov_buf *b);

/* "UUID":{...} of the manifest, without a comma. */
void ov_put_misp_manifest(struct ov_buf *b, const struct ov_stix_producer *p,
                          const struct ov_misp_event *e);

/* A line of hashes.csv: MD5 of the attribute's value, id of the event. */
OV_MUST_USE enum ov_status ov_put_misp_hash(struct ov_buf *b,
                                            const uint8_t hash[static 32],
                                            const struct ov_misp_event *e);
