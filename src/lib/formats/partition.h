/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "formats/type.h"

/* Partitions of a disk image. Those that begin behind the image's end are left
 * out, of the others what is there is given. */

#define OV_PARTITIONS_MAX 128

struct ov_partition {
    uint64_t at;
    uint64_t len;
};

struct ov_partitions {
    struct ov_partition parts[OV_PARTITIONS_MAX]; /* in bytes */
    size_t n;
    bool is_full;     /* there are more */
    bool is_crossing; /* two of one table share bytes */
};

/* type: OV_TYPE_MBR, OV_TYPE_GPT or OV_TYPE_APM. OV_MALFORMED if there is no
 * such table. */
OV_MUST_USE enum ov_status ov_partitions_read(struct ov_span image,
                                              enum ov_type type,
                                              struct ov_budget *budget,
                                              struct ov_partitions *ret);
