/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/cloud_ask.h"

/* Which of two clouds' words counts, that of the owner's own one and that of
 * the public one (docs/private-cloud.md, "Whose word counts"). An own detection
 * and an own recall always do; an own "good" never takes back what the public
 * one calls bad; where nothing is said, the other counts. Without an answer of
 * one there is none but a detection of the other. */
const struct cloud_said *cloud_merge(const struct cloud_said *own,
                                     const struct cloud_said *others);

/* Whether it calls the file bad, or suspicious. */
bool cloud_said_is_bad(const struct cloud_said *s);
