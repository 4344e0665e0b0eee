/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* The standard Base 64 encoding (RFC 4648 section 4), with padding and in one
 * line. Decoding is strict: no white space, no missing padding, and bits that
 * belong to no byte are zero, so that bytes have one encoding. */

/* How many bytes text decodes to; false if its length or padding is wrong. */
bool ov_base64_len(struct ov_span text, size_t *ret);

/* Writes exactly len bytes, or nothing and false. */
bool ov_base64_decode(struct ov_span text, uint8_t *ret, size_t len);

void ov_put_base64(struct ov_buf *b, struct ov_span s);
