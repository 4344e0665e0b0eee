/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sequencer.h"

/* A sequencer with a Unix socket before it (docs/protocol-log.md). */

struct log_service_options {
    bool is_once;        /* end when all is published; no socket */
    unsigned timeout_ms; /* with is_once: give up after it */
};

/* Runs until *is_ended, or as options say. OV_OK; OV_TIMED_OUT: once, and there
 * was no quorum in time; else what ended it. */
OV_MUST_USE enum ov_status
log_service_run(struct sequencer *s, const struct log_service_options *options,
                const volatile int *is_ended, struct ov_diag *diag);
