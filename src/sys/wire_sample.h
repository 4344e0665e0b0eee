/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/wire.h"

/* sample-facts */
struct ov_wire_sample_facts {
    uint32_t class; /* enum ov_submission_class, or what a worker says it is */
    bool has_marker;
    struct ov_span type;
};

void ov_wire_put_sample_facts(struct ov_buf *b,
                              const struct ov_wire_sample_facts *f);
OV_MUST_USE enum ov_status
ov_wire_read_sample_facts(struct ov_span body,
                          struct ov_wire_sample_facts *ret);
