/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/describe.h"
#include "sys/judge_client.h"

/* Reads what a descriptor holds (ov_wire_put_proof) and verifies that the
 * entry is in a log that the policy accepts; writes a text that says so. Words
 * in diag. */
OV_MUST_USE enum ov_status judge_proof(int fd, uint64_t len,
                                       const struct ov_text_out *out,
                                       struct ov_diag *diag);
