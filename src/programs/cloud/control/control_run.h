/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "control_store.h"

/* Between the files of the control store. */

struct control_store {
    const struct store_driver *driver;
    void *db;
    char region[OV_REGION_MAX + 1];
};

/* Texts of values for a statement. */
struct control_values {
    const char *list[STORE_PARAMS_MAX];
    size_t n;
    char numbers[STORE_PARAMS_MAX][24];
    char hex[4][CONTROL_DIGEST_HEX];
    size_t n_hex;
};

void control_add_text(struct control_values *v, const char *text);
void control_add_number(struct control_values *v, uint64_t number);
/* At most 4 of at most 32 bytes each. */
void control_add_hex(struct control_values *v, const uint8_t *bytes,
                     size_t len);

/* A statement with these values; row may be NULL. */
OV_MUST_USE enum ov_status control_run(struct control_store *s, const char *sql,
                                       const struct control_values *v,
                                       store_row row, void *data,
                                       struct ov_diag *diag);

/* A number in a row; 0 if it is none. */
uint64_t control_number(const char *value);
/* Bytes in a row; zeros if they are none. */
void control_bytes(const char *value, uint8_t *ret, size_t len);

/* A row of submissions; the first of several. */
#define CONTROL_SUBMISSION_COLUMNS                                             \
    "name, envelope, blob, blob_key, size, purpose, taken, keep_until, "       \
    "deleted, analysed"

struct control_found {
    struct control_submission row;
    bool is_found;
};

/* data: struct control_found. */
void control_submission_row(void *data, const char *const *values, size_t n);

/* Runs act between BEGIN and COMMIT, and again where others were faster or the
 * connection was gone. act must begin its outputs anew each time. */
OV_MUST_USE enum ov_status
control_transaction(struct control_store *s,
                    enum ov_status (*act)(struct control_store *s, void *data,
                                          struct ov_diag *diag),
                    void *data, struct ov_diag *diag);
