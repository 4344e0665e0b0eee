/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* Whether this kernel asks about the file below when an overlay opens it; false
 * also if that cannot be tried. Before the jail's filter closes: starts
 * processes, and mounts in a namespace of theirs. */
bool probe_asks_below(void);
