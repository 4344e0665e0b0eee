/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "instance.h"

/* Makes the table of a request-report again, and shows it; false if another one
 * was signed. */
bool request_report_review(struct instance *in, const struct ov_entry *e);
