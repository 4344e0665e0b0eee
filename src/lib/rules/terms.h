/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/reader.h"
#include "rules/ruleset.h"

/* Terms as bytes of a rule image: docs/protocol-image.md, "rule-data". */

/* Appends one term. Of a pattern only its place is written: the match section
 * has the rest. */
void ov_terms_put(struct ov_buf *b, const struct ov_term *t);

/* Reads one term; the reader fails on what no compiler writes. Spans borrow
 * the reader's bytes. */
void ov_terms_read(struct ov_reader *r, struct ov_term *ret);

/* Signed numbers as varints: 0, -1, 1, -2 ... are 0, 1, 2, 3 ... */
void ov_put_signed(struct ov_buf *b, int64_t v);
int64_t ov_read_signed(struct ov_reader *r);

/* A varint that fits 32 bits. */
uint32_t ov_read_varint32(struct ov_reader *r);
