/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/status.h"

/* YARA's regular expressions, compiled to position-independent bytes and run in
 * linear time (YARA documentation, "Regular expressions"; the additions of
 * YARA-X: (?:...), (?i), (?s), \A, \z). Bytes, not characters: no Unicode. */

enum ov_re_flag {
    OV_RE_NOCASE = 1,      /* /.../i: ASCII letters of either case */
    OV_RE_DOT_ALL = 2,     /* /.../s: . is also a line feed */
    OV_RE_ONE_GREED = 4,   /* greedy and lazy repeats in one expression are an
                              error, as they are in the strings of a rule */
    OV_RE_MARK_COUNTS = 8, /* behind what {n} wrote out comes an empty item: for
                              those who look at the tree */
};

/* What is wrong with an expression, and where. */
struct ov_re_fault {
    size_t at;       /* bytes from its start */
    const char *why; /* static; without a full stop */
};

/* Appends the compiled form of what stands between the slashes. The same
 * source and flags give the same bytes. OV_MALFORMED or OV_UNSUPPORTED (it is
 * too large) with *fault, which may be NULL. */
OV_MUST_USE enum ov_status ov_re_compile(struct ov_span source, uint32_t flags,
                                         struct ov_buf *code,
                                         struct ov_re_fault *fault);

/* Whether the compiled expression matches somewhere in text: YARA's `matches`.
 * Each step is paid for: OV_LIMIT_WORK if the budget ends. OV_MALFORMED if code
 * is not what ov_re_compile wrote. */
OV_MUST_USE enum ov_status ov_re_search(struct ov_span code,
                                        struct ov_span text,
                                        struct ov_budget *budget,
                                        bool *ret_is_found);
