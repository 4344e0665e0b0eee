/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <openssl/x509.h>

#include "crypto/authenticode.h"

/* Between authenticode.c and its parts: OpenSSL's objects as ours. */

/* How many certificates of one signature are looked at. */
#define OV_CERTIFICATES_MAX 64

#define OV_SIGNED_STEPS 1000000 /* for verifying one signature */

/* What OpenSSL says in its long or short names and numbers as text of ours. */
OV_MUST_USE enum ov_status
ov_signed_text(struct ov_arena *arena, const char *text, struct ov_span *ret);
OV_MUST_USE enum ov_status ov_signed_hex(struct ov_arena *arena,
                                         struct ov_span bytes,
                                         struct ov_span *ret);

static inline struct ov_span ov_signed_bytes(const ASN1_STRING *s)
{
    int len = s == NULL ? 0 : ASN1_STRING_length(s);

    return ov_span_of(s == NULL ? NULL : ASN1_STRING_get0_data(s),
                      len < 0 ? 0 : (size_t)len);
}

/* Seconds since 1970; false if it is no time. */
bool ov_signed_time(const ASN1_TIME *time, int64_t *ret);

/* Appends certs to what is there, up to OV_CERTIFICATES_MAX in all. NULL is an
 * empty stack. */
OV_MUST_USE enum ov_status
ov_certificates_add(struct ov_authenticode_file *file,
                    const STACK_OF(X509) * certs, struct ov_certificates *ret);

/* The certificate of a signer, its issuer's, and so on, as far as they are
 * among certs. */
OV_MUST_USE enum ov_status
ov_certificates_chain(struct ov_authenticode_file *file, X509 *signer,
                      const STACK_OF(X509) * certs,
                      struct ov_certificates *ret);

/* A countersignature after PKCS #9 in DER, over signature, with certificates
 * from where it stands. */
OV_MUST_USE enum ov_status
ov_countersignature_pkcs9(struct ov_authenticode_file *file, struct ov_span der,
                          struct ov_span signature, STACK_OF(X509) * certs,
                          struct ov_countersignature *ret);

/* One after RFC 3161; its certificates are added to *certificates. */
OV_MUST_USE enum ov_status
ov_countersignature_rfc3161(struct ov_authenticode_file *file,
                            struct ov_span der, struct ov_span signature,
                            struct ov_countersignature *ret,
                            struct ov_certificates *certificates);
