/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* ClamAV's names for what was not looked at in full, by our words for it
 * (include/overt/reason.def, docs/overt-scan.schema.json). */

/* Of a file that took too long. */
#define CLAM_TIME_ALERT "Heuristics.Limits.Exceeded.MaxScanTime"

/* "max-files": "Heuristics.Limits.Exceeded.MaxFiles". NULL for what ClamAV has
 * no limit of. */
const char *clam_limit_alert(struct ov_span limit);

/* What stands before the name of a rule of this kind (struct ov_detection). */
const char *clam_prefix(struct ov_span kind);

/* By the type of what is encrypted: "zip": "Heuristics.Encrypted.Zip". */
const char *clam_encryption_alert(struct ov_span type);
