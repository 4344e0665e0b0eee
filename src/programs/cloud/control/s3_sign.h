/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* How a request to an S3-compatible store shows who makes it: AWS Signature
 * Version 4 for the service "s3", with the body's SHA-256 in it. Source: the
 * store's API reference, "Authenticating Requests (AWS Signature Version 4)",
 * "Using the Authorization header". */

#define S3_WORD_MAX 128

struct s3_account {
    char access_key[S3_WORD_MAX + 1];
    char secret_key[S3_WORD_MAX + 1];
    char region[S3_WORD_MAX + 1];
};

struct s3_request {
    const char *method;
    struct ov_span host;  /* with its port, if it has one */
    struct ov_span path;  /* percent-encoded, from '/' on */
    struct ov_span query; /* the same, names rising; may be empty */
    struct ov_span body;
    uint64_t now; /* seconds since 1970 */
};

/* The headers, but for Host, which is part of the signature, too. */
struct s3_signed {
    char date[17];   /* x-amz-date */
    char digest[65]; /* x-amz-content-sha256 */
    char authorization[768];
};

/* OV_NO_MEMORY, OV_USAGE: a time that has no date. */
OV_MUST_USE enum ov_status s3_sign(const struct s3_account *account,
                                   const struct s3_request *r,
                                   struct s3_signed *ret);

/* Appends text percent-encoded: all but letters, digits and "-._~". */
void s3_put_encoded(struct ov_buf *b, struct ov_span text);
