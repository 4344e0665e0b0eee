/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "staged.h"

/* Says what a staged feed changes, and makes its records again from the
 * reviewer's own copy of upstream (--source): they must be the same. */
bool feed_review(struct instance *in, const struct ov_entry *e);
