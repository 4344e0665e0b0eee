/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/option.h"
#include "host/quarantine.h"

/* Which quarantine is meant, and how long it keeps things: [quarantine] of
 * overt.conf. */

struct quarantine_settings {
    const char *folder;  /* NULL: "quarantine" in the state's place */
    uint64_t max_age_ms; /* 0: for ever */
    uint64_t max_size;   /* bytes of all items; 0: any */
};

extern const struct option_list quarantine_options;

/* Opens the quarantine of the settings; quarantine_flag. OV_NOT_FOUND: there is
 * none yet, of which nothing is said; else a line of error. */
OV_MUST_USE enum ov_status
quarantine_place_open(const struct quarantine_settings *s, unsigned flags,
                      struct quarantine **ret);

/* Lets go what the settings do not keep. */
void quarantine_place_retain(const struct quarantine_settings *s,
                             struct quarantine *q);
