/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "base/buf.h"

/* Normalised views: the forms of text and HTML that ClamAV's body patterns for
 * targets 7 and 3 are written against. Each byte matters: a view must be what
 * clamscan would match, or a pattern misses (docs/limits.md lists where it is
 * not). Views are appended up to the buffers' maxima (OV_LIMIT_SIZE; what came
 * before stays); OV_COST_STEPS is spent per byte of input. */

/* Target 7: lower case, runs of white space as one space, other control
 * characters and bytes from 128 up left out. */
OV_MUST_USE enum ov_status ov_normal_text(struct ov_span text,
                                          struct ov_budget *budget,
                                          struct ov_buf *into);

/* UTF-16 HTML as the bytes below 128 of its characters, to be normalised next
 * (UTF-16 text needs no such step: its zero bytes are dropped).
 * Both byte orders; a byte order mark decides, else is_big_endian does. */
OV_MUST_USE enum ov_status ov_normal_utf16(struct ov_span text,
                                           bool is_big_endian,
                                           struct ov_budget *budget,
                                           struct ov_buf *into);

struct ov_html_views {
    struct ov_buf nocomment; /* lower case, entities decoded, one space for
                                many, no comments */
    struct ov_buf notags;    /* text alone, and where links lead */
    struct ov_buf script;    /* all scripts, see normal_script.h */
};

/* Target 3. */
OV_MUST_USE enum ov_status ov_normal_html(struct ov_span html,
                                          struct ov_budget *budget,
                                          struct ov_html_views *into);
