/* SPDX-License-Identifier: Apache-2.0
 *
 * Authenticode: a PKCS #7 SignedData whose content, SpcIndirectDataContent, is
 * the digest of a program. One signer is looked at, the first; its unsigned
 * attributes hold further signatures of the same program (older Windows wants
 * SHA-1, newer SHA-256) and countersignatures that say when it was made.
 *
 * A signature is verified if its digest is that of the file, the signer's
 * certificate is there, and the signature over the signed attributes holds and
 * these hold the content's digest. Nobody is trusted and no time is looked at.
 *
 * Signatures nested in signatures are read from a stack, not by recursion; what
 * could make OpenSSL work out of proportion to the file (digest algorithms,
 * certificates, signatures) is counted before.
 *
 * Source: Microsoft, "Windows Authenticode Portable Executable Signature
 * Format", 2008; RFC 2315 sections 9 and 11; what YARA shows of it by its
 * documentation, "PE module". */
#include "crypto/authenticode.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>

#include "crypto/certificate.h"
#include "crypto/der.h"

#define DIGEST_ALGORITHMS_MAX 8
#define COUNTERSIGNATURES_MAX 16
#define READ_SIZE 4096

/* Contents of object identifiers under 1.3.6.1.4.1.311 (Microsoft). */
#define OID(text)                                                              \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }
static const struct ov_span oid_indirect_data =
    OID("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x04");
static const struct ov_span oid_opus_info =
    OID("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0c");
static const struct ov_span oid_nested =
    OID("\x2b\x06\x01\x04\x01\x82\x37\x02\x04\x01");
static const struct ov_span oid_rfc3161 =
    OID("\x2b\x06\x01\x04\x01\x82\x37\x03\x03\x01");
static const struct ov_span oid_pkcs9 =
    OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x06");

static void pkcs7_cleanup(PKCS7 **p7)
{
    PKCS7_free(*p7);
    ERR_clear_error();
}

static void stack_cleanup(STACK_OF(X509) * *certs)
{
    sk_X509_free(*certs);
}

static void bio_cleanup(BIO **bio)
{
    BIO_free_all(*bio);
}

static void md_cleanup(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

/* What is still to be read, last one first. */
struct pending {
    struct ov_span der[OV_AUTHENTICODE_MAX];
    uint32_t n;
};

static bool is_oid(const ASN1_OBJECT *object, struct ov_span oid)
{
    return object != NULL &&
           ov_span_equal(ov_span_of(OBJ_get0_data(object), OBJ_length(object)),
                         oid);
}

/* The i-th value, in DER, of the attribute of this kind. */
static bool attribute(const STACK_OF(X509_ATTRIBUTE) * list, struct ov_span oid,
                      int i, struct ov_span *ret)
{
    int n = list == NULL ? 0 : X509at_get_attr_count(list);

    for (int k = 0; k < n; k++) {
        X509_ATTRIBUTE *a = X509at_get_attr(list, k);
        ASN1_TYPE *value;

        if (!is_oid(X509_ATTRIBUTE_get0_object(a), oid))
            continue;
        value = X509_ATTRIBUTE_get0_type(a, i);
        if (value == NULL || value->type != V_ASN1_SEQUENCE)
            return false;
        *ret = ov_signed_bytes(value->value.sequence);
        return true;
    }
    return false;
}

/* SpcIndirectDataContent: { what kind of file, { { algorithm }, digest } }. */
static enum ov_status read_content(struct ov_authenticode_file *file,
                                   const PKCS7 *p7, struct ov_authenticode *ret,
                                   const EVP_MD **ret_md, bool *ret_is_there)
{
    const PKCS7 *contents = p7->d.sign->contents;
    struct ov_span rest, all, kind, info, algorithm, oid, digest;
    ASN1_OBJECT *object;
    const uint8_t *at;
    int nid;

    *ret_is_there = false;
    if (contents == NULL || !is_oid(contents->type, oid_indirect_data) ||
        contents->d.other == NULL || contents->d.other->type != V_ASN1_SEQUENCE)
        return OV_OK;
    rest = ov_signed_bytes(contents->d.other->value.sequence);
    if (!ov_der_take(&rest, OV_DER_SEQUENCE, &all) ||
        !ov_der_take(&all, OV_DER_SEQUENCE, &kind) ||
        !ov_der_take(&all, OV_DER_SEQUENCE, &info) ||
        !ov_der_take(&info, OV_DER_SEQUENCE, &algorithm) ||
        !ov_der_take(&info, OV_DER_OCTETS, &digest))
        return OV_OK;
    at = algorithm.ptr;
    if (!ov_der_take(&algorithm, OV_DER_OID, &oid))
        return OV_OK;
    object = d2i_ASN1_OBJECT(NULL, &at, (long)(oid.len + 2));
    nid = OBJ_obj2nid(object);
    ASN1_OBJECT_free(object);
    *ret_is_there = true;
    *ret_md = EVP_get_digestbynid(nid);
    OV_TRY(ov_signed_text(file->arena, OBJ_nid2ln(nid), &ret->digest_alg));
    return ov_signed_hex(file->arena, digest, &ret->digest);
}

static enum ov_status digest_file(struct ov_authenticode_file *file,
                                  const EVP_MD *md, struct ov_span *ret)
{
    __attribute__((cleanup(md_cleanup))) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (ctx == NULL)
        return OV_NO_MEMORY;
    if (EVP_DigestInit_ex(ctx, md, NULL) != 1)
        return OV_OK;
    for (unsigned i = 0; i < OV_AUTHENTICODE_PIECES; i++) {
        OV_TRY(
            ov_budget_spend(file->budget, OV_COST_STEPS, file->pieces[i].len));
        if (EVP_DigestUpdate(ctx, file->pieces[i].ptr, file->pieces[i].len) !=
            1)
            return OV_OK;
    }
    if (EVP_DigestFinal_ex(ctx, digest, &len) != 1)
        return OV_OK;
    return ov_signed_hex(file->arena, ov_span_of(digest, len), ret);
}

/* The file's digest; that of an earlier signature with the same algorithm is
 * not made again. */
static enum ov_status read_file_digest(struct ov_authenticode_file *file,
                                       const EVP_MD *md,
                                       struct ov_authenticode *ret)
{
    for (uint32_t i = 0; i + 1 < file->n; i++) {
        const struct ov_authenticode *other = &file->list[i];

        if (other->file_digest.ptr != NULL &&
            ov_span_equal(other->digest_alg, ret->digest_alg)) {
            ret->file_digest = other->file_digest;
            return OV_OK;
        }
    }
    return digest_file(file, md, &ret->file_digest);
}

/* SpcSpOpusInfo: { [0] { [0] name in UTF-16 or [1] in ASCII }, ... }. */
static enum ov_status read_program_name(struct ov_authenticode_file *file,
                                        struct ov_span der,
                                        struct ov_authenticode *ret)
{
    struct ov_span all, wrapped, name;
    ASN1_STRING *string;
    uint8_t *utf8 = NULL;
    uint8_t tag;
    int len = -1;
    bool is_copied = true;

    if (!ov_der_take(&der, OV_DER_SEQUENCE, &all) ||
        !ov_der_take(&all, OV_DER_CONTEXT(0), &wrapped) ||
        !ov_der_next(&wrapped, &tag, &name) || name.len > READ_SIZE)
        return OV_OK;
    string = ASN1_STRING_type_new(tag == OV_DER_IMPLICIT(0) ? V_ASN1_BMPSTRING
                                                            : V_ASN1_IA5STRING);
    if (string == NULL)
        return OV_NO_MEMORY;
    if (ASN1_STRING_set(string, name.ptr, (int)name.len) == 1)
        len = ASN1_STRING_to_UTF8(&utf8, string);
    ASN1_STRING_free(string);
    if (len >= 0)
        is_copied = ov_arena_copy(file->arena, ov_span_of(utf8, (size_t)len),
                                  &ret->program_name);
    OPENSSL_free(utf8);
    return is_copied ? OV_OK : OV_NO_MEMORY;
}

static enum ov_status read_signer(struct ov_authenticode_file *file,
                                  PKCS7_SIGNER_INFO *si,
                                  struct ov_authenticode *ret)
{
    ASN1_TYPE *digest = PKCS7_get_signed_attribute(si, NID_pkcs9_messageDigest);
    struct ov_span info;

    if (digest == NULL || digest->type != V_ASN1_OCTET_STRING)
        return OV_OK;
    OV_TRY(ov_signed_text(file->arena,
                          OBJ_nid2ln(OBJ_obj2nid(si->digest_alg->algorithm)),
                          &ret->signer_digest_alg));
    OV_TRY(ov_signed_hex(file->arena,
                         ov_signed_bytes(digest->value.octet_string),
                         &ret->signer_digest));
    if (attribute(si->auth_attr, oid_opus_info, 0, &info))
        return read_program_name(file, info, ret);
    return OV_OK;
}

/* Whether the signature holds over the content. */
static bool verify(PKCS7 *p7, PKCS7_SIGNER_INFO *si, X509 *signer)
{
    __attribute__((cleanup(bio_cleanup))) BIO *bio = NULL;
    struct ov_span content =
        ov_signed_bytes(p7->d.sign->contents->d.other->value.sequence);
    BIO *source;
    char buf[READ_SIZE];

    /* Before CMS the digest is over what is inside of the content. */
    if (ASN1_INTEGER_get(p7->d.sign->version) == 1) {
        struct ov_span inner;

        if (!ov_der_take(&content, OV_DER_SEQUENCE, &inner))
            return false;
        content = inner;
    }
    if (content.len > INT32_MAX ||
        sk_X509_ALGOR_num(p7->d.sign->md_algs) > DIGEST_ALGORITHMS_MAX)
        return false;
    source = BIO_new_mem_buf(content.len > 0 ? (const void *)content.ptr : "",
                             (int)content.len);
    if (source == NULL)
        return false;
    bio = PKCS7_dataInit(p7, source);
    if (bio == NULL) {
        BIO_free(source);
        return false;
    }
    while (BIO_read(bio, buf, sizeof(buf)) > 0)
        continue;
    return PKCS7_signatureVerify(bio, p7, si, signer) == 1;
}

static enum ov_status read_countersignatures(struct ov_authenticode_file *file,
                                             const PKCS7 *p7,
                                             PKCS7_SIGNER_INFO *si,
                                             struct ov_authenticode *ret)
{
    const STACK_OF(X509_ATTRIBUTE) *list = PKCS7_get_attributes(si);
    struct ov_span signature = ov_signed_bytes(si->enc_digest);
    struct ov_countersignature *all;
    struct ov_span der;

    all = ov_arena_array(file->arena, 2 * COUNTERSIGNATURES_MAX, sizeof(*all));
    if (all == NULL)
        return OV_NO_MEMORY;
    ret->countersignatures = all;
    for (int i = 0;
         i < COUNTERSIGNATURES_MAX && attribute(list, oid_pkcs9, i, &der); i++)
        OV_TRY(ov_countersignature_pkcs9(file, der, signature, p7->d.sign->cert,
                                         &all[ret->n_countersignatures++]));
    for (int i = 0;
         i < COUNTERSIGNATURES_MAX && attribute(list, oid_rfc3161, i, &der);
         i++)
        OV_TRY(ov_countersignature_rfc3161(file, der, signature,
                                           &all[ret->n_countersignatures++],
                                           &ret->certificates));
    return OV_OK;
}

/* Keeps nested signatures for later, so that the first comes next. */
static enum ov_status keep_nested(struct ov_authenticode_file *file,
                                  PKCS7_SIGNER_INFO *si,
                                  struct pending *pending)
{
    const STACK_OF(X509_ATTRIBUTE) *list = PKCS7_get_attributes(si);
    struct ov_span der;
    int n = 0;

    while (n < OV_AUTHENTICODE_MAX && attribute(list, oid_nested, n, &der))
        n++;
    while (n-- > 0 && pending->n < OV_AUTHENTICODE_MAX) {
        struct ov_span *copy = &pending->der[pending->n];

        /* OpenSSL's bytes go with the signature that they are in. */
        if (attribute(list, oid_nested, n, &der)) {
            if (!ov_arena_copy(file->arena, der, copy))
                return OV_NO_MEMORY;
            pending->n++;
        }
    }
    return OV_OK;
}

static enum ov_status read_signed(struct ov_authenticode_file *file, PKCS7 *p7,
                                  struct ov_authenticode *ret,
                                  struct pending *pending)
{
    __attribute__((cleanup(stack_cleanup))) STACK_OF(X509) *signers = NULL;
    const STACK_OF(X509) *certs = p7->d.sign->cert;
    const EVP_MD *md = NULL;
    PKCS7_SIGNER_INFO *si;
    X509 *signer;
    bool is_there;

    OV_TRY(ov_certificates_add(file, certs, &ret->certificates));
    OV_TRY(read_content(file, p7, ret, &md, &is_there));
    if (!is_there)
        return OV_OK;
    ret->has_signer = true;
    if (md != NULL && ret->digest.len != 0)
        OV_TRY(read_file_digest(file, md, ret));
    si = sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(p7), 0);
    if (si == NULL)
        return OV_OK;
    OV_TRY(keep_nested(file, si, pending));
    OV_TRY(read_countersignatures(file, p7, si, ret));
    signers = PKCS7_get0_signers(p7, p7->d.sign->cert, 0);
    signer = sk_X509_value(signers, 0);
    if (signer == NULL)
        return OV_OK;
    OV_TRY(ov_certificates_chain(file, signer, certs, &ret->chain));
    OV_TRY(read_signer(file, si, ret));
    if (ret->signer_digest.ptr == NULL || ret->file_digest.ptr == NULL)
        return OV_OK;
    OV_TRY(ov_budget_spend(file->budget, OV_COST_STEPS, OV_SIGNED_STEPS));
    ret->is_verified =
        ov_span_equal(ret->digest, ret->file_digest) && verify(p7, si, signer);
    return OV_OK;
}

static enum ov_status add_one(struct ov_authenticode_file *file,
                              struct ov_span der, struct pending *pending)
{
    __attribute__((cleanup(pkcs7_cleanup))) PKCS7 *p7 = NULL;
    struct ov_authenticode *ret = &file->list[file->n++];
    const uint8_t *at = der.ptr;

    OV_TRY(ov_budget_spend(file->budget, OV_COST_STEPS, der.len * 10));
    if (der.len == 0 || der.len > INT32_MAX)
        return OV_OK;
    p7 = d2i_PKCS7(NULL, &at, (long)der.len);
    if (p7 == NULL || !PKCS7_type_is_signed(p7) || p7->d.sign == NULL)
        return OV_OK;
    return read_signed(file, p7, ret, pending);
}

enum ov_status ov_authenticode_add(struct ov_authenticode_file *file,
                                   struct ov_span pkcs7)
{
    struct pending pending = {.der = {pkcs7}, .n = 1};

    while (pending.n > 0 && file->n < OV_AUTHENTICODE_MAX)
        OV_TRY(add_one(file, pending.der[--pending.n], &pending));
    return OV_OK;
}
