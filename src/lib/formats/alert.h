/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/findings.h>

#include "base/arena.h"
#include "base/budget.h"
#include "base/span.h"
#include "formats/type.h"

/* The engine's own checks of an object's bytes, one for each type of object.
 * Each gives the name of an alert as clamscan prints it ("Heuristics...."), or
 * NULL if there is nothing to tell. Damage is no error: what cannot be read has
 * no alert. OV_NO_MEMORY and the budget's statuses are errors. */
struct ov_alert_job {
    struct ov_span bytes;
    struct ov_span name; /* in its container */
    struct ov_arena *arena;
    struct ov_budget *budget;
    uint32_t wanted;        /* bit 1 << enum ov_alert */
    const uint64_t *bounds; /* by enum ov_bound, none 0 */
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
/* Many numbers of payment cards in text, or of social security. */
OV_MUST_USE enum ov_status ov_alert_cards(const struct ov_alert_job *job,
                                          const char **ret);
OV_MUST_USE enum ov_status ov_alert_security(const struct ov_alert_job *job,
                                             const char **ret);
/* A stream of a compound file that says that there are macros. */
OV_MUST_USE enum ov_status ov_alert_macros(const struct ov_alert_job *job,
                                           const char **ret);
/* Pictures that end too early, or of which a part leads nowhere. */
OV_MUST_USE enum ov_status ov_alert_png(const struct ov_alert_job *job,
                                        const char **ret);
OV_MUST_USE enum ov_status ov_alert_gif(const struct ov_alert_job *job,
                                        const char **ret);
OV_MUST_USE enum ov_status ov_alert_tiff(const struct ov_alert_job *job,
                                         const char **ret);
OV_MUST_USE enum ov_status ov_alert_jpeg_damage(const struct ov_alert_job *job,
                                                const char **ret);
/* Partitions of a disk image (OV_TYPE_MBR, _GPT, _APM) that share bytes. */
OV_MUST_USE enum ov_status ov_alert_partitions(const struct ov_alert_job *job,
                                               enum ov_type type,
                                               const char **ret);
