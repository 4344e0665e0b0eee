/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sequencer.h"

/* The log in this folder ends with what is published, and the log of `next`
 * goes on in its place with the same tree (docs/protocol-log.md, "The turn of a
 * log"). OV_USAGE with words if not all is published; if it was done before,
 * OV_OK. key_path: as it is to stand in the settings. */
OV_MUST_USE enum ov_status log_turn(const char *dir, const struct ov_vkey *next,
                                    const char *key_path, struct ov_diag *diag);
