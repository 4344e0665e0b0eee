/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* What stands behind the "?" of a request: names and values, with %XX for what
 * is not a letter, digit or one of "-._~" (RFC 3986 section 2.1), "&" between
 * them. overt-http writes it for the daemon, which reads it strictly. */

/* The longest words that an entry of the allow list is asked for with. */
#define QUERY_REASON_MAX 200
#define QUERY_UNTIL_MAX 32

/* Cuts the first off *rest, which is not empty; false if it has no "=". */
bool query_cut(struct ov_span *rest, struct ov_span *ret_name,
               struct ov_span *ret_value);

/* The value as text, with a NUL, into size bytes. False if it is longer, not
 * UTF-8, has control characters, is wrongly written, or is empty. */
bool query_read(struct ov_span value, char *ret, size_t size);

/* Whether a value is one that query_read takes into size bytes. */
bool query_is_text(struct ov_span value, size_t size);

/* Appends the name, which ends in "=", and the value, behind "?" or "&". */
void query_put(struct ov_buf *b, bool is_first, const char *name,
               struct ov_span value);
