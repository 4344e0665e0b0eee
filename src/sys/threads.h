/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/crew.h"
#include "base/status.h"

/* Threads as a crew. They are started before the jail closes (ov_confine's
 * start_threads), since no thread can be started afterwards, and live until the
 * process ends. */

/* Starts n helpers (0 is fine). They give way to other work of the machine by
 * `niceness` (0 to 19). NULL if one cannot be started: then the process should
 * end. Never freed. */
struct ov_crew *ov_crew_new(unsigned n, int niceness) OV_MUST_USE;
