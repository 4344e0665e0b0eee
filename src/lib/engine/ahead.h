/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/embedded.h"

/* What unpacking the top object will ask for, found by a helper while its bytes
 * are matched: objects inside of one large executable or the like. */

struct ov_scan;

struct ov_ahead {
    struct ov_span bytes; /* whose; NULL: nothing is known */
    unsigned helper;
    bool is_running;
    struct ov_embedded_list found;
};

/* Begins, if the top object and the crew are such. */
void ov_ahead_start(struct ov_scan *scan);

/* To be called before bytes go away: waits for the helper. */
void ov_ahead_finish(struct ov_scan *scan);

/* What is known of the top object, or NULL. */
const struct ov_embedded_list *ov_ahead_of(const struct ov_scan *scan);
