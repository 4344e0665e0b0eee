/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/scan.h"
#include "sys/wire_sample.h"

/* What is said of a sample (OV_MSG_SAMPLE_FACTS); words: a line each. */
void worker_look_at_sample(struct ov_span bytes, struct ov_span words,
                           struct ov_wire_sample_facts *ret);

/* The regions behind a process's bytes (OV_WIRE_REGION each), owned. */
OV_MUST_USE enum ov_status worker_read_regions(struct ov_span table, uint32_t n,
                                               struct ov_region **ret);
