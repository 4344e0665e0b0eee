/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "instance.h"

/* Says how a text became another one: lines that went ("-") and came ("+"). */
bool tell_diff(struct instance *in, struct ov_span old, struct ov_span new);
