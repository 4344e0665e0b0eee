/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "reputation/key_manifest.h"
#include "sys/fetch_client.h"

/* Seals, sends by overt-fetch, verifies the receipt. */

struct submit_link {
    struct ov_fetch *fetch;
    const struct ov_region_keys *keys;
    const char *endpoint; /* ends with a slash */
    const char *state;
};

/* note and sample as they were shown and agreed to; consent names the
 * agreement in the ledger. The note is kept before anything is sent, the
 * receipt when it is verified. ret_name: the submission's. With words in
 * diag. */
OV_MUST_USE enum ov_status
submit_send(const struct submit_link *l, enum ov_envelope_purpose purpose,
            struct ov_span note, struct ov_span sample,
            uint8_t ret_name[static OV_ENVELOPE_NAME], struct ov_diag *diag);

/* Has a submission deleted and keeps the receipt for it. */
OV_MUST_USE enum ov_status
submit_delete(const struct submit_link *l,
              const uint8_t name[static OV_ENVELOPE_NAME],
              struct ov_diag *diag);
