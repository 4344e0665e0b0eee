/* SPDX-License-Identifier: Apache-2.0
 *
 * X.509 certificates as YARA's module "pe" shows them: names as one line, times
 * as numbers, the serial number in hexadecimal. The chain of a signer is what
 * its certificate's issuer leads to among the certificates that came along,
 * without looking whether anything in it is valid: roots are hardly ever there,
 * and rules ask who it claims to be from.
 *
 * Source: RFC 5280 section 4.1; how names and numbers are written by
 * comparison with yara (tests/oracle). */
#include "crypto/certificate.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "base/text.h"

#define NAME_MAX_SIZE 256
#define SERIAL_MIN 2 /* of its DER: tag and length */
#define SERIAL_MAX 22
#define CHAIN_MAX 16
#define CERTIFICATE_STEPS 50000

enum ov_status ov_signed_text(struct ov_arena *arena, const char *text,
                              struct ov_span *ret)
{
    if (text == NULL)
        return OV_OK;
    return ov_arena_copy(arena, ov_span_str(text), ret) ? OV_OK : OV_NO_MEMORY;
}

enum ov_status ov_signed_hex(struct ov_arena *arena, struct ov_span bytes,
                             struct ov_span *ret)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *text = ov_arena_alloc(arena, 2 * bytes.len + 1);

    if (text == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned byte = (unsigned)ov_span_byte(bytes, i);

        text[2 * i] = (uint8_t)digits[byte >> 4];
        text[2 * i + 1] = (uint8_t)digits[byte & 15];
    }
    *ret = ov_span_of(text, 2 * bytes.len);
    return OV_OK;
}

bool ov_signed_time(const ASN1_TIME *time, int64_t *ret)
{
    struct tm tm = {0};

    if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    *ret = timegm(&tm);
    return true;
}

/* As OpenSSL writes it on one line, but a slash in a value as it is. */
static enum ov_status read_name(struct ov_arena *arena, const X509_NAME *name,
                                struct ov_span *ret)
{
    char line[NAME_MAX_SIZE] = "";
    size_t n = 0;

    if (X509_NAME_oneline(name, line, sizeof(line)) == NULL)
        return OV_OK;
    for (size_t i = 0; line[i] != '\0'; i++) {
        if (line[i] == '\\' && line[i + 1] == '/')
            continue;
        line[n++] = line[i];
    }
    line[n] = '\0';
    return ov_signed_text(arena, line, ret);
}

static enum ov_status read_serial(struct ov_arena *arena,
                                  const ASN1_INTEGER *serial,
                                  struct ov_span *ret)
{
    uint8_t der[SERIAL_MAX];
    uint8_t *end = der;
    int size = i2d_ASN1_INTEGER(serial, NULL);
    char text[3 * SERIAL_MAX + 1];
    OV_AUTO_DONE(buf) out = ov_buf_with_max(sizeof(text));

    if (size < SERIAL_MIN || size > SERIAL_MAX)
        return OV_OK;
    (void)i2d_ASN1_INTEGER(serial, &end);
    for (int i = SERIAL_MIN; i < size; i++)
        ov_put_format(&out, i == SERIAL_MIN ? "%02x" : ":%02x", der[i]);
    OV_TRY(ov_buf_status(&out));
    return ov_arena_copy(arena, ov_buf_span(&out), ret) ? OV_OK : OV_NO_MEMORY;
}

static enum ov_status read_algorithm(struct ov_arena *arena, const X509 *x,
                                     struct ov_certificate *ret)
{
    char oid[NAME_MAX_SIZE] = "";
    int nid = X509_get_signature_nid(x);

    OV_TRY(ov_signed_text(arena, OBJ_nid2ln(nid), &ret->algorithm));
    if (OBJ_obj2txt(oid, sizeof(oid), OBJ_nid2obj(nid), 1) <= 0)
        return OV_OK;
    return ov_signed_text(arena, oid, &ret->algorithm_oid);
}

static enum ov_status read_certificate(struct ov_authenticode_file *file,
                                       const X509 *x,
                                       struct ov_certificate *ret)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    OV_TRY(ov_budget_spend(file->budget, OV_COST_STEPS, CERTIFICATE_STEPS));
    if (X509_digest(x, EVP_sha1(), digest, &len) == 1)
        OV_TRY(ov_signed_hex(file->arena, ov_span_of(digest, len),
                             &ret->thumbprint));
    OV_TRY(read_name(file->arena, X509_get_issuer_name(x), &ret->issuer));
    OV_TRY(read_name(file->arena, X509_get_subject_name(x), &ret->subject));
    OV_TRY(read_serial(file->arena, X509_get0_serialNumber(x), &ret->serial));
    OV_TRY(read_algorithm(file->arena, x, ret));
    ret->version = X509_get_version(x) + 1;
    (void)ov_signed_time(X509_get0_notBefore(x), &ret->not_before);
    (void)ov_signed_time(X509_get0_notAfter(x), &ret->not_after);
    ERR_clear_error();
    return OV_OK;
}

/* Room for n more. */
static enum ov_status more_room(struct ov_arena *arena, uint32_t n,
                                struct ov_certificates *certs)
{
    struct ov_certificate *list =
        ov_arena_array(arena, (size_t)certs->n + n, sizeof(*list));

    if (list == NULL)
        return OV_NO_MEMORY;
    for (uint32_t i = 0; i < certs->n; i++)
        list[i] = certs->list[i];
    certs->list = list;
    return OV_OK;
}

enum ov_status ov_certificates_add(struct ov_authenticode_file *file,
                                   const STACK_OF(X509) * certs,
                                   struct ov_certificates *ret)
{
    int n = certs == NULL ? 0 : sk_X509_num(certs);

    if (n > OV_CERTIFICATES_MAX - (int)ret->n)
        n = OV_CERTIFICATES_MAX - (int)ret->n;
    if (n <= 0)
        return OV_OK;
    OV_TRY(more_room(file->arena, (uint32_t)n, ret));
    for (int i = 0; i < n; i++) {
        OV_TRY(read_certificate(file, sk_X509_value(certs, i),
                                &ret->list[ret->n]));
        ret->n++;
    }
    return OV_OK;
}

static X509 *find_issuer(X509 *x, const STACK_OF(X509) * certs)
{
    int n = sk_X509_num(certs);

    for (int i = 0; i < n && i < OV_CERTIFICATES_MAX; i++) {
        X509 *issuer = sk_X509_value(certs, i);

        if (issuer != x && X509_check_issued(issuer, x) == X509_V_OK)
            return issuer;
    }
    return NULL;
}

enum ov_status ov_certificates_chain(struct ov_authenticode_file *file,
                                     X509 *signer, const STACK_OF(X509) * certs,
                                     struct ov_certificates *ret)
{
    OV_TRY(more_room(file->arena, CHAIN_MAX, ret));
    for (uint32_t i = 0; i < CHAIN_MAX && signer != NULL; i++) {
        OV_TRY(read_certificate(file, signer, &ret->list[i]));
        ret->n = i + 1;
        if (X509_check_issued(signer, signer) == X509_V_OK)
            break;
        signer = find_issuer(signer, certs);
    }
    ERR_clear_error();
    return OV_OK;
}
