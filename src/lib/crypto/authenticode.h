/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/budget.h"

/* Authenticode signatures: PKCS #7 over the digest of a program, as Windows
 * and UEFI take them. Whether one is verified says that it is whole and is over
 * these bytes; nobody's certificate is trusted for it, and no time is looked
 * at. Parsed and verified by OpenSSL. */

/* Texts whose ptr is NULL are not there. All of it lives in the arena. */
struct ov_certificate {
    struct ov_span thumbprint; /* SHA-1 over it, in hexadecimal */
    struct ov_span issuer;     /* "/C=US/O=...", cut after 255 bytes */
    struct ov_span subject;
    struct ov_span algorithm; /* of its signature, as OpenSSL names it */
    struct ov_span algorithm_oid;
    struct ov_span serial; /* "01:02:..." */
    int64_t version;       /* 1 to 3 */
    int64_t not_before;    /* seconds since 1970 */
    int64_t not_after;
};

struct ov_certificates {
    struct ov_certificate *list;
    uint32_t n;
};

/* Somebody's word about when a signature was made. */
struct ov_countersignature {
    bool is_verified;
    bool has_time;
    int64_t time; /* seconds since 1970 */
    struct ov_span digest_alg;
    struct ov_span digest;        /* in hexadecimal */
    struct ov_certificates chain; /* the signer's first */
};

struct ov_authenticode {
    bool is_verified;
    bool has_signer;
    struct ov_span digest_alg;
    struct ov_span digest;      /* what was signed, in hexadecimal */
    struct ov_span file_digest; /* what these bytes give */
    struct ov_certificates certificates;
    struct ov_span program_name; /* UTF-8 */
    struct ov_span signer_digest_alg;
    struct ov_span signer_digest;
    struct ov_certificates chain;
    struct ov_countersignature *countersignatures;
    uint32_t n_countersignatures;
};

#define OV_AUTHENTICODE_PIECES 3
#define OV_AUTHENTICODE_MAX 16 /* signatures of one file */

/* What a file's signatures are over. */
struct ov_authenticode_file {
    struct ov_span pieces[OV_AUTHENTICODE_PIECES];
    struct ov_arena *arena;
    struct ov_budget *budget;
    struct ov_authenticode *list; /* room for OV_AUTHENTICODE_MAX */
    uint32_t n;
};

/* Adds the signature in these bytes and those nested in it, each before what is
 * nested in it. Bytes that are none give one in which nothing is there.
 * OV_NO_MEMORY, or the budget's status. */
OV_MUST_USE enum ov_status
ov_authenticode_add(struct ov_authenticode_file *file, struct ov_span pkcs7);
