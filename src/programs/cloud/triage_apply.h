/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cloud.h"
#include "control/case_store.h"

/* What enough people have agreed on goes into the journal of the cloud that
 * word n names, each decision once, whatever ends this in between. Verdicts
 * whose signatures don't hold any more stay where they are. region: the folder,
 * in which the store may be. Returns the exit code. */
int triage_apply(struct cloud *c, size_t n, const char *region,
                 struct control_store *store, const struct ov_people *people);

/* The source of a journal's batch that people have decided: "triage REGION".
 * Nobody else may use it. */
#define TRIAGE_SOURCE "triage "
