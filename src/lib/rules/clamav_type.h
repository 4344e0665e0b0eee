/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/clamav_job.h"

/* ClamAV's names of file types. */
enum ov_clam_type {
    OV_CLAM_TYPE_KNOWN,
    OV_CLAM_TYPE_NOT_TOLD, /* ClamAV knows it; we do not tell it apart */
    OV_CLAM_TYPE_UNKNOWN,
};

/* *ret is an enum ov_type, or OV_TYPE_ANY; written only if it is known. */
enum ov_clam_type ov_clam_type_of(struct ov_span name, uint32_t *ret);
