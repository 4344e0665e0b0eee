/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "trust/request_table.h"

/* A half-year's report: its table, and whether the tables that were published
 * of it are what comes out of the log. */

struct ov_request_published {
    uint64_t index;
    uint64_t size; /* of how many entries it is */
    uint8_t digest[32];
    bool is_same;
};

struct ov_request_report {
    struct ov_request_table table;
    struct ov_request_published *published; /* by size */
    size_t n_published;
    uint64_t n_different;
    /* Commitments of the whole log: */
    uint64_t n_empty; /* opened as such */
    uint64_t n_told;  /* were events */
    uint64_t n_unopened;
    uint64_t n_overdue; /* of these: closed for longer than empty ones are */
    uint64_t oldest;    /* day of the oldest unopened one */
};

#define OV_REQUEST_MAX_CSV ((size_t)16 << 20)
#define OV_REQUEST_MAX_PUBLISHED 64

/* The report of a log of size entries, all of which were added; advances the
 * ledger to size. Lives in a and borrows l and period. OV_MALFORMED: no
 * period; OV_LIMIT_COUNT: too many published tables; OV_NO_MEMORY. */
OV_MUST_USE enum ov_status
ov_request_report_make(struct ov_arena *a, struct ov_request_ledger *l,
                       struct ov_span period, uint64_t size,
                       struct ov_request_report *ret);

/* What the report is of. */
struct ov_request_log {
    struct ov_span origin;
    uint64_t size;
    uint8_t root[32];
};

/* Appends it as JSON ("overt-request-report/1"), with a newline. */
OV_MUST_USE enum ov_status
ov_put_request_json(struct ov_buf *b, struct ov_request_ledger *l,
                    const struct ov_request_report *r,
                    const struct ov_request_log *log);
