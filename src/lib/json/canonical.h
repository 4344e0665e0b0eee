/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "json/json.h"

/* Canonical JSON, as TUF signs it (specification 4.2; the form is OLPC's,
 * wiki.laptop.org/go/Canonical_JSON): no white space, members in bytewise order
 * of their names, in strings only the quotation mark and the backslash are
 * escaped. It need not be JSON that a reader takes: line ends in strings stay
 * line ends. */

/* Appends the canonical form of v. */
void ov_put_canonical(struct ov_buf *b, const struct ov_json *v);

/* Appends s as a canonical string, with its quotation marks. */
void ov_put_canonical_string(struct ov_buf *b, struct ov_span s);
