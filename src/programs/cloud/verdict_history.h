/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cloud.h"

/* What was said of a file, when and by whom, for everybody: files of the tree,
 * docs/protocol-reputation.md, "History". Both return the exit code. */

/* Puts what the journal has since the last time into the tree. */
int verdict_history_publish(struct cloud *c);
/* Prints what the tree has of one hash. */
int verdict_history_print(const struct cloud *c, const uint8_t hash[static 32]);
