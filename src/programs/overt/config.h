/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "option.h"

/* overt.conf: defaults for a command's options, applied before its command
 * line. docs/man/overt.conf.5. Read from $XDG_CONFIG_HOME/overt/overt.conf or
 * ~/.config/overt/overt.conf, and if that is not there (and for root always)
 * from /etc/overt/overt.conf. None is fine.
 *
 * Sets the options of `section` in data; values stay valid until the program
 * ends. False after one line of error with file and line. */
bool config_apply(const struct option_list *list, const char *section,
                  void *data);
