/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* The files of this installation, compared with a manifest of tools/release:
 * lines "SHA256 MODE usr/PATH" and "link TARGET usr/PATH". */

struct own_files {
    struct ov_buf prefix; /* "/usr", with a NUL */
    unsigned n_same;
    unsigned n_other;  /* not what the manifest says */
    unsigned n_absent; /* not installed: no harm */
};

/* Finds where this program is installed. OV_NOT_FOUND in a build tree. */
OV_MUST_USE enum ov_status own_files_open(struct own_files *f);
void own_files_done(struct own_files *f);

/* Compares one file, and appends a line to ret unless it is the same:
 * "BAD PATH: ..." or "absent PATH". */
void own_files_check(struct own_files *f, struct ov_span line,
                     struct ov_buf *ret);
