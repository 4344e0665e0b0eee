/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rounds.h"

/* Builds the programs of a logged code-release again, with options->build_code,
 * and compares each file that the entry names; tells what came of it. OV_OK
 * once it was tried. */
OV_MUST_USE enum ov_status
rebuild_code(struct rounds *r, const struct ov_entry *e, uint64_t index);
