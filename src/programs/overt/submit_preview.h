/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/output.h"
#include "reputation/key_manifest.h"
#include "reputation/submission_policy.h"

/* What somebody sees before anything is sent. */

struct submit_preview {
    const struct ov_region_keys *keys;
    const char *endpoint;
    enum ov_envelope_purpose purpose;
    struct ov_span note; /* goes as it stands */
    struct ov_span sample;
    size_t depth; /* of containers around it */
    struct ov_submission_decision decision;
    bool has_all; /* of the bytes, not only the first */
};

void submit_show(struct out *o, const struct submit_preview *p);
/* Why it is not simply sent, a line each. */
void submit_show_reasons(struct out *o, const struct ov_submission_decision *d);
