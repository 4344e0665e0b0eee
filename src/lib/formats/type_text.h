/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/type.h"

/* The types that have no magic at a fixed place: text, HTML, mail. head is the
 * first OV_TYPE_HEAD bytes of the object, or all of it. */
#define OV_TYPE_HEAD 1024

/* OV_TYPE_ASCII, OV_TYPE_UTF16LE, OV_TYPE_UTF16BE, or OV_TYPE_DATA. */
enum ov_type ov_type_of_text(struct ov_span head);

/* What the words in head (text or not) make of it: HTML, mail, XML documents
 * ...; base, which is what ov_type_of_text said, if there are none. */
enum ov_type ov_type_by_words(struct ov_span head, enum ov_type base);
