/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "base/buf.h"
#include "formats/type.h"

/* What is wrapped in one stream of a compound file: source of macros, the file
 * in a package, objects of a presentation. */

#define OV_OLE2_PARTS_MAX 256

struct ov_ole2_part {
    struct ov_span name; /* lies in bytes; empty: the stream's */
    struct ov_buf bytes;
    enum ov_type type;
};

struct ov_ole2_inner {
    struct ov_ole2_part *parts;
    size_t n;
};

void ov_ole2_inner_done(struct ov_ole2_inner *inner);
void ov_ole2_inner_clear(struct ov_ole2_inner *inner);

/* Adds what the stream holds. Parts that are damaged are added as far as they
 * can be read; only limits and lack of memory are errors. */
OV_MUST_USE enum ov_status ov_ole2_inner_find(struct ov_ole2_inner *inner,
                                              struct ov_span name,
                                              struct ov_span stream,
                                              struct ov_budget *budget);

/* Whether the stream's first bytes say that a password is needed. */
bool ov_ole2_is_encrypted(struct ov_span name, struct ov_span stream);

/* Decompresses source of macros, [MS-OVBA] section 2.4.1. On OV_MALFORMED and
 * OV_TRUNCATED into holds what came before. */
OV_MUST_USE enum ov_status ov_vba_decompress(struct ov_span packed,
                                             struct ov_budget *budget,
                                             struct ov_buf *into);
