/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* UUIDs (RFC 4122) that follow from names: version 5. */

struct ov_uuid {
    uint8_t bytes[16];
};

/* The version 5 UUID of name in the name space; OV_NO_MEMORY, or OV_UNSUPPORTED
 * where the machine has no SHA-1. */
OV_MUST_USE enum ov_status ov_uuid_v5(const struct ov_uuid *space,
                                      struct ov_span name, struct ov_uuid *ret);

/* Appends its 36 lower-case characters. */
void ov_put_uuid(struct ov_buf *b, const struct ov_uuid *u);

/* All of text as such, in either case; false if it is none. */
bool ov_uuid_parse(struct ov_span text, struct ov_uuid *ret);
