/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "trust/request_ledger.h"

/* A half-year's requests, counted by country and kind. Columns:
 * request_columns.def; layout: docs/protocol-entries.md. */

enum ov_request_count {
#define COLUMN(id, name) OV_COUNT_##id,
#define WORDS(list, prefix)
#include "trust/request_columns.def"
#undef COLUMN
#undef WORDS
    OV_N_REQUEST_COUNT
};

struct ov_request_row {
    char country[3];           /* "CH"; "*": all of them */
    enum ov_request_word kind; /* OV_N_REQUEST_WORD: all of them */
    uint64_t counts[OV_N_REQUEST_COUNT];
    uint64_t words[OV_N_REQUEST_WORD]; /* of data types: those given */
};

struct ov_request_table {
    struct ov_span period;       /* "2026H2" */
    struct ov_request_row *rows; /* by country, then kind */
    size_t n_rows;
    struct ov_request_row *totals; /* one for each kind, then of all */
    size_t n_totals;
};

/* Of what the ledger knows now. Lives in a and borrows period. OV_MALFORMED if
 * that is none; OV_NO_MEMORY. */
OV_MUST_USE enum ov_status
ov_request_table_make(struct ov_arena *a, const struct ov_request_ledger *l,
                      struct ov_span period, struct ov_request_table *ret);

/* Whether a request is of the half-year, and counts. */
bool ov_request_is_in(const struct ov_request *r, struct ov_span period);

/* "user_data", or "*". */
const char *ov_request_kind_name(enum ov_request_word kind);

/* The columns of a row, one after the other: name ("decision_" and "provided")
 * and number; false behind the last. *at begins as zero. */
struct ov_request_cell {
    const char *prefix;
    const char *name;
    uint64_t number;
};

struct ov_request_cursor {
    size_t column;
    size_t word;
};

bool ov_request_next_cell(const struct ov_request_row *row,
                          struct ov_request_cursor *at,
                          struct ov_request_cell *ret);

/* Appends the table as lines of commas. */
void ov_put_request_csv(struct ov_buf *b, const struct ov_request_table *t);
