/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/budget.h"
#include "base/span.h"

/* The engine's own checks of an object's bytes, one for each type of object.
 * Each gives the name of an alert as clamscan prints it ("Heuristics...."), or
 * NULL if there is nothing to tell. Damage is no error: what cannot be read has
 * no alert. OV_NO_MEMORY and the budget's statuses are errors. */
struct ov_alert_job {
    struct ov_span bytes;
    struct ov_arena *arena;
    struct ov_budget *budget;
};

/* Members that overlap, as in archives that unpack to far more than they are.
 */
OV_MUST_USE enum ov_status ov_alert_zip(const struct ov_alert_job *job,
                                        const char **ret);
/* A dictionary of more than 1 GiB. */
OV_MUST_USE enum ov_status ov_alert_xz(const struct ov_alert_job *job,
                                       const char **ret);
/* A comment shorter than its own length field (MS04-028). */
OV_MUST_USE enum ov_status ov_alert_jpeg(const struct ov_alert_job *job,
                                         const char **ret);
/* An animated cursor whose header has another size (MS05-002). */
OV_MUST_USE enum ov_status ov_alert_riff(const struct ov_alert_job *job,
                                         const char **ret);
/* A PE that could be read, but that no linker makes. */
struct ov_pe;
bool ov_alert_pe(const struct ov_pe *pe);
/* Well-known names written with #XX. */
OV_MUST_USE enum ov_status ov_alert_pdf(const struct ov_alert_job *job,
                                        const char **ret);
