/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "base/buf.h"

/* Appends the normalised form of one script's text:
 * "<script>", the tokens without needless space, all in lower case, strings
 * joined and decoded, declared names replaced by n000, n001 and so on,
 * "</script>". */
OV_MUST_USE enum ov_status ov_normal_script(struct ov_span source,
                                            struct ov_budget *budget,
                                            struct ov_buf *into);
