/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* MD5, SHA-1 and SHA-256 by OpenSSL. MD5 and SHA-1 identify known malware in
 * rule sets that use them; nothing here is trusted because of them. */

enum ov_digest_kind {
    OV_MD5,
    OV_SHA1,
    OV_SHA256,
    OV_N_DIGEST
};

#define OV_DIGEST_MAX 32

/* 16, 20, 32. */
size_t ov_digest_len(enum ov_digest_kind kind);
/* "md5", "sha1", "sha256". */
const char *ov_digest_name(enum ov_digest_kind kind);

/* Writes ov_digest_len(kind) bytes. OV_UNSUPPORTED where the machine's OpenSSL
 * does without this one. */
OV_MUST_USE enum ov_status ov_digest(enum ov_digest_kind kind,
                                     struct ov_span bytes,
                                     uint8_t ret[static OV_DIGEST_MAX]);

/* Over several pieces. */
struct ov_digest_stream;
OV_MUST_USE enum ov_status ov_digest_stream_new(enum ov_digest_kind kind,
                                                struct ov_digest_stream **ret);
OV_MUST_USE enum ov_status ov_digest_stream_add(struct ov_digest_stream *d,
                                                struct ov_span bytes);
OV_MUST_USE enum ov_status
ov_digest_stream_end(struct ov_digest_stream *d,
                     uint8_t ret[static OV_DIGEST_MAX]);
void ov_digest_stream_free(struct ov_digest_stream *d);
