/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/wire_trust.h"

/* The judge's half of an update: decides, and asks the parent for bytes. */

struct update_job {
    const struct ov_wire_update *task;
    int memory;         /* the memory file to the parent */
    uint8_t *packet;    /* OV_MSG_MAX, to use */
    struct ov_buf *out; /* OV_MSG_MAX, to use */
};

/* Runs it to its end and says so. A status other than OV_OK: the parent is
 * gone, or talks nonsense. */
OV_MUST_USE enum ov_status update_job_run(const struct update_job *job);
