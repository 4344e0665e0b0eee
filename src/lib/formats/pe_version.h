/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/pe.h"

/* The strings of the version information: one extent each in
 * facts->layout.version_info, from the first byte of its key to the end of its
 * value, in the order of the file. A file without them, or with damaged ones,
 * has none from the damage on; that is OV_OK. */
OV_MUST_USE enum ov_status ov_pe_read_version(const struct ov_pe *pe,
                                              const struct ov_exe_job *job);
