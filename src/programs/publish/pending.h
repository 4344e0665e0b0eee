/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "history.h"

/* Files that may be seen only when their key-event is in the log: a new root
 * (DIR/pending/N.root.json), a new people, policy or limits file
 * (DIR/pending/people and so on). Clients refuse one without the other. */
const char *pending_path(struct instance *in, const char *name);

/* Moves what is in the log by now to where it belongs; for files of trust/ that
 * means a new version of targets, too. */
bool pending_take(struct instance *in, const struct history *h);
