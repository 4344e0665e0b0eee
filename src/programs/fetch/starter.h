/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* Started as "overt-fetch --starter": becomes an overt-fetch for each socket
 * that its parent sends, see sys/fetch_starter.h. */

/* Returns true in each that it becomes, with OV_PARENT_FD being that socket,
 * and false when its parent is gone. */
bool starter_serve(bool *ret_is_best_effort);
