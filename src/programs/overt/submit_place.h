/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "host/setting_value.h"

/* Whether a path (absolute, without links) is private: below one of these
 * places, or in a home and there hidden or among documents, pictures, mail. */
bool submit_place_is_private(const struct setting_list *places,
                             struct ov_span path);
