/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Moments as people write them: seconds since 1970 and UTC text (RFC 3339). */

/* Appends "2026-11-23T12:34:56Z". */
void when_put(struct ov_buf *b, int64_t t);

/* All of text as "2026-11-23T12:34:56Z", from 1970 to 9999; false if it is not
 * that. */
bool when_read(struct ov_span text, int64_t *ret);

/* What people give: "2026-12-31" (that day's end), a moment as above, or from
 * now on "30d", "12h". */
bool when_read_until(const char *text, int64_t now, int64_t *ret);
