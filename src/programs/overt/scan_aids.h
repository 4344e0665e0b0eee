/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "scan_job.h"

/* Opens what workers are given beside files (enum ov_aid): libmagic's
 * database, a sandbox's report, words and passwords. Descriptors go to aids and
 * options; close the former with scan_aids_close, also after a failure. aids
 * begins with zeros. OV_IO: a file that was asked for cannot be read. */
OV_MUST_USE enum ov_status scan_aids_open(const struct scan_job *job,
                                          int aids[OV_N_AID],
                                          struct ov_pool_options *options,
                                          struct ov_diag *diag);

void scan_aids_close(int aids[OV_N_AID]);
