/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/setting_value.h"

/* An item of the quarantine, to be submitted: its content becomes standard
 * input, and so is in no folder. The other two are of the file that it was.
 * False after a line of error. */
bool submit_item_open(const char *item,
                      const struct setting_list *private_places,
                      bool *ret_is_private, bool *ret_is_of_others);
