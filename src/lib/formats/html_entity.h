/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* The character that HTML's "&name;" stands for, 0 if the name is none that
 * clamscan knows (entities.def). Case counts. */
uint32_t ov_html_entity(struct ov_span name);
