/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Text as spans: numbers, hexadecimal, and what may be shown to a person. */

/* All of s as a decimal number in [0, max]; false if it is not one. */
bool ov_parse_uint(struct ov_span s, uint64_t max, uint64_t *ret);

/* All of s as a decimal number with an optional sign. */
bool ov_parse_int(struct ov_span s, int64_t *ret);

/* 0-15, or -1. */
int ov_hex_digit(uint8_t c);

/* All of s as pairs of hexadecimal digits, into ret[0 .. s.len / 2); false if
 * s is not of them or of another length than 2 * len. */
bool ov_hex_decode(struct ov_span s, uint8_t *ret, size_t len);

/* Appends lower-case digits. */
void ov_put_hex(struct ov_buf *b, struct ov_span s);

/* Appends s so that it can be printed: control characters, invalid UTF-8,
 * bidirectional controls and backslashes become \xNN. The one function
 * through which strings from outside reach a terminal or a journal. */
void ov_put_escaped(struct ov_buf *b, struct ov_span s);

/* The same into to, with a NUL at its end; what does not fit into size bytes is
 * left out. */
void ov_escape_words(char *to, size_t size, struct ov_span s);

/* Appends s as the inside of a JSON string. Bytes that are not UTF-8 become
 * U+FFFD, as RFC 8259 section 8.1 wants valid text. */
void ov_put_json(struct ov_buf *b, struct ov_span s);

/* Whether all of s is valid UTF-8. */
bool ov_is_utf8(struct ov_span s);

/* Length in bytes of the valid UTF-8 sequence at the start of s, 0 if none. */
size_t ov_utf8_len(struct ov_span s);
