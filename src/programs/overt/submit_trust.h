/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "host/output.h"

/* Whom a submission may be sealed to, and what the public log says of those
 * that were sent. Proofs are judged in the judge (reputation/cloud_keys.h). */

struct submit_trust {
    const char *state;
    const char *manifest; /* path; its entry and proof are beside it */
    unsigned spawn_flags;
};

/* Whether the log has the manifest, and this is its text. False after a line of
 * error. */
bool submit_manifest_is_logged(const struct submit_trust *t,
                               struct ov_span text);

/* Whether this machine submits to that region: the first that it was told,
 * until its owner says otherwise (may_change), which the ledger tells. False
 * after a line of error. */
bool submit_region_is_ours(const struct submit_trust *t, const char *region,
                           bool may_change);

/* Looks each of the region's receipts up in its log of submissions, as far as
 * the public log has it; a line for each. *ret_bad: how many are not as they
 * must be. False after a line of error. */
bool submit_receipts_check(const struct submit_trust *t, const char *region,
                           const char *endpoint, struct out *out,
                           unsigned *ret_bad);

/* Whether a publisher is trusted here, and whether the cloud's mode lets files
 * be submitted; state: the folder. False after a line of error. */
bool submit_has_publisher(const char *state);
bool submit_is_allowed(const char *state);
