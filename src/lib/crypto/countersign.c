/* SPDX-License-Identifier: Apache-2.0
 *
 * Countersignatures of Authenticode signatures: older ones after PKCS #9, a
 * SignerInfo whose certificates stand in the signature that it is about; newer
 * ones after RFC 3161, a whole CMS structure with certificates of its own.
 * Both are over the bytes of the signature. Verified means that they hold with
 * the certificate that they name; who that is nobody asks.
 *
 * Source: RFC 2985 section 5.3.6, RFC 2315 section 9.2, RFC 3161 section 2.4.2,
 * RFC 5652 section 5. */
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>

#include "crypto/certificate.h"
#include "crypto/der.h"

/* OpenSSL digests content as often as a structure lists algorithms: larger ones
 * are not verified. */
#define TOKEN_MAX (64 << 10)
#define RECOVERED_MAX 4096
#define READ_SIZE 4096

static void signer_cleanup(PKCS7_SIGNER_INFO **si)
{
    PKCS7_SIGNER_INFO_free(*si);
    ERR_clear_error();
}

static void key_cleanup(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
}

static void cms_cleanup(CMS_ContentInfo **cms)
{
    CMS_ContentInfo_free(*cms);
    ERR_clear_error();
}

static void info_cleanup(TS_TST_INFO **info)
{
    TS_TST_INFO_free(*info);
}

static void certs_cleanup(STACK_OF(X509) * *certs)
{
    sk_X509_pop_free(*certs, X509_free);
}

static void bio_cleanup(BIO **bio)
{
    BIO_free_all(*bio);
}

/* Whether bytes have this digest. */
static bool is_digest(const EVP_MD *md, struct ov_span bytes,
                      struct ov_span digest)
{
    uint8_t made[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    return EVP_Digest(bytes.len > 0 ? (const void *)bytes.ptr : "", bytes.len,
                      made, &len, md, NULL) == 1 &&
           ov_span_equal(ov_span_of(made, len), digest);
}

/* What an RSA signature is over: a digest, plain or with its algorithm. */
static struct ov_span bare_digest(struct ov_span recovered, const EVP_MD *md)
{
    struct ov_span rest = recovered;
    struct ov_span info, algorithm, digest;

    if (recovered.len == (size_t)EVP_MD_get_size(md))
        return recovered;
    if (ov_der_take(&rest, OV_DER_SEQUENCE, &info) &&
        ov_der_take(&info, OV_DER_SEQUENCE, &algorithm) &&
        ov_der_take(&info, OV_DER_OCTETS, &digest))
        return digest;
    return (struct ov_span){NULL, 0};
}

/* Whether the signer's signature over its signed attributes holds. */
static bool verify_signer(const PKCS7_SIGNER_INFO *si, const EVP_MD *md,
                          X509 *cert)
{
    __attribute__((cleanup(key_cleanup))) EVP_PKEY_CTX *ctx = NULL;
    EVP_PKEY *key = X509_get0_pubkey(cert);
    struct ov_span signature = ov_signed_bytes(si->enc_digest);
    uint8_t recovered[RECOVERED_MAX];
    size_t len = sizeof(recovered);
    uint8_t *attributes = NULL;
    int attributes_len;
    bool holds;

    if (key == NULL || EVP_PKEY_get_size(key) > RECOVERED_MAX)
        return false;
    ctx = EVP_PKEY_CTX_new(key, NULL);
    if (ctx == NULL || EVP_PKEY_verify_recover_init(ctx) != 1 ||
        EVP_PKEY_verify_recover(ctx, recovered, &len, signature.ptr,
                                signature.len) != 1)
        return false;
    attributes_len =
        ASN1_item_i2d((const ASN1_VALUE *)si->auth_attr, &attributes,
                      ASN1_ITEM_rptr(PKCS7_ATTR_VERIFY));
    holds = attributes_len > 0 &&
            is_digest(md, ov_span_of(attributes, (size_t)attributes_len),
                      bare_digest(ov_span_of(recovered, len), md));
    OPENSSL_free(attributes);
    return holds;
}

static enum ov_status read_pkcs9(struct ov_authenticode_file *file,
                                 PKCS7_SIGNER_INFO *si,
                                 struct ov_span signature,
                                 STACK_OF(X509) * certs,
                                 struct ov_countersignature *ret)
{
    ASN1_TYPE *time = PKCS7_get_signed_attribute(si, NID_pkcs9_signingTime);
    ASN1_TYPE *digest = PKCS7_get_signed_attribute(si, NID_pkcs9_messageDigest);
    const EVP_MD *md =
        EVP_get_digestbynid(OBJ_obj2nid(si->digest_alg->algorithm));
    struct ov_span bytes;
    X509 *cert;

    if (time == NULL ||
        (time->type != V_ASN1_UTCTIME && time->type != V_ASN1_GENERALIZEDTIME))
        return OV_OK;
    ret->has_time = ov_signed_time(time->value.utctime, &ret->time);
    cert = X509_find_by_issuer_and_serial(certs, si->issuer_and_serial->issuer,
                                          si->issuer_and_serial->serial);
    if (cert == NULL)
        return OV_OK;
    OV_TRY(ov_certificates_chain(file, cert, certs, &ret->chain));
    if (digest == NULL || digest->type != V_ASN1_OCTET_STRING || md == NULL)
        return OV_OK;
    bytes = ov_signed_bytes(digest->value.octet_string);
    OV_TRY(ov_signed_hex(file->arena, bytes, &ret->digest));
    OV_TRY(ov_budget_spend(file->budget, OV_COST_STEPS, OV_SIGNED_STEPS));
    ret->is_verified =
        is_digest(md, signature, bytes) && verify_signer(si, md, cert);
    return OV_OK;
}

enum ov_status ov_countersignature_pkcs9(struct ov_authenticode_file *file,
                                         struct ov_span der,
                                         struct ov_span signature,
                                         STACK_OF(X509) * certs,
                                         struct ov_countersignature *ret)
{
    __attribute__((cleanup(signer_cleanup))) PKCS7_SIGNER_INFO *si = NULL;
    const uint8_t *at = der.ptr;

    if (der.len == 0 || der.len > INT32_MAX)
        return OV_OK;
    si = d2i_PKCS7_SIGNER_INFO(NULL, &at, (long)der.len);
    if (si == NULL)
        return OV_OK;
    OV_TRY(ov_signed_text(file->arena,
                          OBJ_nid2ln(OBJ_obj2nid(si->digest_alg->algorithm)),
                          &ret->digest_alg));
    return read_pkcs9(file, si, signature, certs, ret);
}

/* The signer's certificate, which is made known to it. */
static X509 *find_signer(CMS_SignerInfo *si, const STACK_OF(X509) * certs)
{
    int n = certs == NULL ? 0 : sk_X509_num(certs);

    for (int i = 0; i < n && i < OV_CERTIFICATES_MAX; i++) {
        X509 *cert = sk_X509_value(certs, i);

        if (CMS_SignerInfo_cert_cmp(si, cert) == 0) {
            CMS_SignerInfo_set1_signer_cert(si, cert);
            return cert;
        }
    }
    return NULL;
}

static bool verify_token(CMS_ContentInfo *cms, CMS_SignerInfo *si)
{
    __attribute__((cleanup(bio_cleanup))) BIO *bio = CMS_dataInit(cms, NULL);
    char buf[READ_SIZE];

    if (bio == NULL)
        return false;
    while (BIO_read(bio, buf, sizeof(buf)) > 0)
        continue;
    return CMS_SignerInfo_verify(si) == 1 &&
           CMS_SignerInfo_verify_content(si, bio) == 1;
}

static TS_TST_INFO *read_info(CMS_ContentInfo *cms)
{
    const ASN1_OBJECT *type = CMS_get0_eContentType(cms);
    ASN1_OCTET_STRING **content = CMS_get0_content(cms);
    struct ov_span bytes;
    const uint8_t *at;

    if (OBJ_obj2nid(type) != NID_id_smime_ct_TSTInfo || content == NULL ||
        *content == NULL)
        return NULL;
    bytes = ov_signed_bytes(*content);
    at = bytes.ptr;
    return d2i_TS_TST_INFO(NULL, &at, (long)bytes.len);
}

static enum ov_status read_imprint(struct ov_authenticode_file *file,
                                   TS_TST_INFO *info, struct ov_span signature,
                                   struct ov_countersignature *ret,
                                   bool *ret_is_over)
{
    TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
    const ASN1_OBJECT *algorithm;
    const EVP_MD *md;
    struct ov_span digest;
    int nid;

    *ret_is_over = false;
    if (imprint == NULL)
        return OV_OK;
    X509_ALGOR_get0(&algorithm, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
    nid = OBJ_obj2nid(algorithm);
    digest = ov_signed_bytes(TS_MSG_IMPRINT_get_msg(imprint));
    md = EVP_get_digestbynid(nid);
    OV_TRY(ov_signed_text(file->arena, OBJ_nid2ln(nid), &ret->digest_alg));
    OV_TRY(ov_signed_hex(file->arena, digest, &ret->digest));
    *ret_is_over = md != NULL && TS_TST_INFO_get_version(info) == 1 &&
                   is_digest(md, signature, digest);
    return OV_OK;
}

static enum ov_status read_rfc3161(struct ov_authenticode_file *file,
                                   CMS_ContentInfo *cms, TS_TST_INFO *info,
                                   struct ov_span signature,
                                   struct ov_countersignature *ret)
{
    __attribute__((cleanup(certs_cleanup))) STACK_OF(X509) *certs =
        CMS_get1_certs(cms);
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
    CMS_SignerInfo *si = sk_CMS_SignerInfo_value(signers, 0);
    X509 *cert;
    bool is_over;

    ret->has_time = ov_signed_time(TS_TST_INFO_get_time(info), &ret->time);
    cert = si == NULL ? NULL : find_signer(si, certs);
    if (!ret->has_time || cert == NULL)
        return OV_OK;
    OV_TRY(ov_certificates_chain(file, cert, certs, &ret->chain));
    OV_TRY(read_imprint(file, info, signature, ret, &is_over));
    OV_TRY(ov_budget_spend(file->budget, OV_COST_STEPS, OV_SIGNED_STEPS));
    ret->is_verified = is_over && verify_token(cms, si);
    return OV_OK;
}

enum ov_status ov_countersignature_rfc3161(struct ov_authenticode_file *file,
                                           struct ov_span der,
                                           struct ov_span signature,
                                           struct ov_countersignature *ret,
                                           struct ov_certificates *certificates)
{
    __attribute__((cleanup(cms_cleanup))) CMS_ContentInfo *cms = NULL;
    __attribute__((cleanup(info_cleanup))) TS_TST_INFO *info = NULL;
    __attribute__((cleanup(certs_cleanup))) STACK_OF(X509) *certs = NULL;
    const uint8_t *at = der.ptr;

    if (der.len == 0 || der.len > TOKEN_MAX)
        return OV_OK;
    cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
    if (cms == NULL || OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
        return OV_OK;
    info = read_info(cms);
    if (info == NULL)
        return OV_OK;
    OV_TRY(read_rfc3161(file, cms, info, signature, ret));
    certs = CMS_get1_certs(cms);
    return ov_certificates_add(file, certs, certificates);
}
