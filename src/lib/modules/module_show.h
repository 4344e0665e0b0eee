/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "modules/module.h"

/* Appends all values of a module as text: what `yara -D` prints, line for line
 * (yara 4.2: fields in the reverse order of their table, and in that order
 * again for items of an array, a tab for each level, YR_UNDEFINED for what is
 * not there, other than printable ASCII as \xNN).
 * Functions are left out. Fills in every group. */
OV_MUST_USE enum ov_status ov_module_show(struct ov_buf *out,
                                          struct ov_module_run *run);
