/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "history.h"

/* Files that may be seen only when their key-event is in the log: a new root
 * (DIR/pending/N.root.json), a new people, policy or limits file
 * (DIR/pending/people and so on). Clients refuse one without the other. */
const char *pending_path(struct instance *in, const char *name);

/* Stages a new version of people, policy or limits, and its key-event. */
bool pending_stage(struct instance *in, const char *name, struct ov_span bytes);
/* Stages the key-event of such a file, or of TUF metadata. */
bool pending_key_event(struct instance *in, const char *role, int64_t version,
                       struct ov_span file);

/* Moves what is in the log by now to where it belongs; for files of trust/ that
 * means a new version of targets, too. */
bool pending_take(struct instance *in, const struct history *h);
