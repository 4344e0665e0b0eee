/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/output.h"

/* The part of overt status that is about overtd: what it uses, and what it has
 * done. control: its socket, NULL for the usual one. */
void status_daemon_print(struct out *o, const char *control, bool is_json);
