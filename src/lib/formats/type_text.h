/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/type.h"

/* The types that have no magic at a fixed place. */

/* Text is told by the first OV_TYPE_HEAD bytes, mail by the first
 * OV_TYPE_START. */
#define OV_TYPE_HEAD 1024
#define OV_TYPE_START 5120

/* OV_TYPE_ASCII, OV_TYPE_UTF16LE, OV_TYPE_UTF16BE, or OV_TYPE_DATA. */
enum ov_type ov_type_of_text(struct ov_span head);

/* What the words in an object's start (text or not) make of it: HTML, mail,
 * XML documents ...; base, which is what ov_type_of_text said, if there are
 * none. */
enum ov_type ov_type_by_words(struct ov_span start, enum ov_type base);

/* Every other byte of UTF-16 text, in ret: what is ASCII in it. */
struct ov_span ov_type_narrow(struct ov_span s, bool is_le,
                              uint8_t ret[static OV_TYPE_HEAD]);

/* What a zip's member names make of it: OV_TYPE_OOXML_... or OV_TYPE_ZIP. */
enum ov_type ov_type_of_zip(struct ov_span bytes);
