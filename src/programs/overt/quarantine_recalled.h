/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/output.h"
#include "host/quarantine_meta.h"

/* Which items of the quarantine were put there by a rule that a recall silences
 * now. An item says which source its rule came from; of the rules that updates
 * bring that is the record's ID. */

/* Appends the state's list of recalled rules; nothing if there is none. */
void quarantine_recalled_read(struct ov_buf *into);

/* Whether the item's rule is on that list; *ret: "RECALL-ID INDEX WHY". */
bool quarantine_recalled_find(const struct ov_buf *list,
                              const struct quarantine_meta *m,
                              struct ov_span *ret);

/* For overt status: how many there are, and what to do. For people nothing is
 * told if there are none; as JSON it is one more member. */
void quarantine_recalled_status(struct out *o, bool is_json);
