/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/status.h"

/* Appends a YARA source in the one form that `overt rules fmt` writes: the same
 * tokens and comments in the same order, with other white space. Formatting it
 * again changes nothing. Line breaks inside of conditions and hexadecimal
 * strings are the author's, and so is one empty line between entries.
 * OV_MALFORMED, with line and words in diag, if it is no sequence of tokens. */
OV_MUST_USE enum ov_status
ov_yara_format(struct ov_span source, struct ov_buf *ret, struct ov_diag *diag);
