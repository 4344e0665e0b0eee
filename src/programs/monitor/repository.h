/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rounds.h"

/* Compares what clients would get from the repository with what is logged. What
 * is found is told. OV_NO_MEMORY. */
OV_MUST_USE enum ov_status repository_check(struct rounds *r);
