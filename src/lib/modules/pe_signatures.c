/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "pe": Authenticode signatures (crypto/authenticode.h). The data
 * directory of certificates is a place in the file; there lie entries of
 * length, revision, kind and a PKCS #7 structure. The first is taken whatever
 * it says it is, as YARA does; further ones if they say that they are PKCS #7
 * (YARA 4.3 to 4.5 do not look at these, YARA 4.2 and YARA-X do).
 *
 * What is signed is the file up to the first entry without the header's
 * checksum and the place of the certificates.
 *
 * Source: Microsoft "PE Format", "The Attribute Certificate Table"; YARA
 * documentation, "PE module". */
#include "crypto/authenticode.h"
#include "modules/pe_module.h"

#define CHECKSUM_AT 64 /* in the optional header */
#define DIRECTORIES_AT 96
#define DIRECTORIES_AT_PLUS 112
#define DIRECTORY_SIZE 8
#define ENTRY_HEAD 8
#define ENTRIES_MAX 16
#define REVISION_2 0x200
#define KIND_PKCS7 2

enum certificate_field {
    CERT_THUMBPRINT,
    CERT_ISSUER,
    CERT_SUBJECT,
    CERT_VERSION,
    CERT_ALGORITHM,
    CERT_ALGORITHM_OID,
    CERT_SERIAL,
    CERT_NOT_BEFORE,
    CERT_NOT_AFTER,
    CERT_N_FIELDS
};

#define CERTIFICATE_FIELDS                                                     \
    [CERT_THUMBPRINT] = OV_FIELD_TEXT("thumbprint"),                           \
    [CERT_ISSUER] = OV_FIELD_TEXT("issuer"),                                   \
    [CERT_SUBJECT] = OV_FIELD_TEXT("subject"),                                 \
    [CERT_VERSION] = OV_FIELD_INTEGER("version"),                              \
    [CERT_ALGORITHM] = OV_FIELD_TEXT("algorithm"),                             \
    [CERT_ALGORITHM_OID] = OV_FIELD_TEXT("algorithm_oid"),                     \
    [CERT_SERIAL] = OV_FIELD_TEXT("serial"),                                   \
    [CERT_NOT_BEFORE] = OV_FIELD_INTEGER("not_before"),                        \
    [CERT_NOT_AFTER] = OV_FIELD_INTEGER("not_after")

static const struct ov_field certificate_fields[] = {CERTIFICATE_FIELDS};
static const struct ov_structure certificate = OV_STRUCTURE(certificate_fields);

enum signer_field {
    SIGNER_PROGRAM_NAME,
    SIGNER_DIGEST,
    SIGNER_DIGEST_ALG,
    SIGNER_LENGTH_OF_CHAIN,
    SIGNER_CHAIN
};

static const struct ov_field signer_fields[] = {
    [SIGNER_PROGRAM_NAME] = OV_FIELD_TEXT("program_name"),
    [SIGNER_DIGEST] = OV_FIELD_TEXT("digest"),
    [SIGNER_DIGEST_ALG] = OV_FIELD_TEXT("digest_alg"),
    [SIGNER_LENGTH_OF_CHAIN] = OV_FIELD_INTEGER("length_of_chain"),
    [SIGNER_CHAIN] = OV_FIELD_ARRAY("chain", &certificate),
};
static const struct ov_structure signer = OV_STRUCTURE(signer_fields);

enum counter_field {
    COUNTER_VERIFIED,
    COUNTER_SIGN_TIME,
    COUNTER_DIGEST_ALG,
    COUNTER_DIGEST,
    COUNTER_LENGTH_OF_CHAIN,
    COUNTER_CHAIN
};

static const struct ov_field counter_fields[] = {
    [COUNTER_VERIFIED] = OV_FIELD_INTEGER("verified"),
    [COUNTER_SIGN_TIME] = OV_FIELD_INTEGER("sign_time"),
    [COUNTER_DIGEST_ALG] = OV_FIELD_TEXT("digest_alg"),
    [COUNTER_DIGEST] = OV_FIELD_TEXT("digest"),
    [COUNTER_LENGTH_OF_CHAIN] = OV_FIELD_INTEGER("length_of_chain"),
    [COUNTER_CHAIN] = OV_FIELD_ARRAY("chain", &certificate),
};
static const struct ov_structure counter = OV_STRUCTURE(counter_fields);

enum signature_field {
    SIGNATURE_VERIFIED = CERT_N_FIELDS,
    SIGNATURE_DIGEST_ALG,
    SIGNATURE_DIGEST,
    SIGNATURE_FILE_DIGEST,
    SIGNATURE_NUMBER_OF_CERTIFICATES,
    SIGNATURE_CERTIFICATES,
    SIGNATURE_SIGNER_INFO,
    SIGNATURE_NUMBER_OF_COUNTERSIGNATURES,
    SIGNATURE_COUNTERSIGNATURES,
    SIGNATURE_VALID_ON
};

static enum ov_status call_valid_on(struct ov_module_call *call,
                                    struct ov_datum *ret)
{
    const struct ov_datum *from = &call->self[CERT_NOT_BEFORE];
    const struct ov_datum *to = &call->self[CERT_NOT_AFTER];
    int64_t when = call->arguments[0].number;

    *ret = (struct ov_datum){0};
    if (from->kind == OV_DATUM_INTEGER && to->kind == OV_DATUM_INTEGER)
        *ret = ov_datum_integer(when >= from->number && when <= to->number);
    return OV_OK;
}

static const struct ov_function valid_on[] = {
    {.arguments = "i", .result = OV_DATUM_INTEGER, .call = call_valid_on},
};

static const struct ov_field signature_fields[] = {
    CERTIFICATE_FIELDS,
    [SIGNATURE_VERIFIED] = OV_FIELD_INTEGER("verified"),
    [SIGNATURE_DIGEST_ALG] = OV_FIELD_TEXT("digest_alg"),
    [SIGNATURE_DIGEST] = OV_FIELD_TEXT("digest"),
    [SIGNATURE_FILE_DIGEST] = OV_FIELD_TEXT("file_digest"),
    [SIGNATURE_NUMBER_OF_CERTIFICATES] =
        OV_FIELD_INTEGER("number_of_certificates"),
    [SIGNATURE_CERTIFICATES] = OV_FIELD_ARRAY("certificates", &certificate),
    [SIGNATURE_SIGNER_INFO] = OV_FIELD_STRUCTURE("signer_info", &signer),
    [SIGNATURE_NUMBER_OF_COUNTERSIGNATURES] =
        OV_FIELD_INTEGER("number_of_countersignatures"),
    [SIGNATURE_COUNTERSIGNATURES] =
        OV_FIELD_ARRAY("countersignatures", &counter),
    [SIGNATURE_VALID_ON] = OV_FIELD_FUNCTION("valid_on", valid_on),
};
const struct ov_structure ov_pe_signature_item = OV_STRUCTURE(signature_fields);

static struct ov_datum text_or_none(struct ov_span text)
{
    return text.ptr == NULL ? (struct ov_datum){0} : ov_datum_text(text);
}

static void fill_certificate(const struct ov_certificate *c,
                             struct ov_datum *fields)
{
    fields[CERT_THUMBPRINT] = text_or_none(c->thumbprint);
    fields[CERT_ISSUER] = text_or_none(c->issuer);
    fields[CERT_SUBJECT] = text_or_none(c->subject);
    fields[CERT_VERSION] = ov_datum_integer(c->version);
    fields[CERT_ALGORITHM] = text_or_none(c->algorithm);
    fields[CERT_ALGORITHM_OID] = text_or_none(c->algorithm_oid);
    fields[CERT_SERIAL] = text_or_none(c->serial);
    fields[CERT_NOT_BEFORE] = ov_datum_integer(c->not_before);
    fields[CERT_NOT_AFTER] = ov_datum_integer(c->not_after);
}

static enum ov_status fill_certificates(struct ov_module_run *run,
                                        const struct ov_certificates *certs,
                                        struct ov_datum *ret_number,
                                        struct ov_datum *ret)
{
    struct ov_datum *values;

    *ret_number = ov_datum_integer(certs->n);
    OV_TRY(ov_datum_array(run, &certificate, certs->n, ret, &values));
    for (uint32_t i = 0; i < certs->n; i++)
        fill_certificate(&certs->list[i], values[i].fields);
    return OV_OK;
}

static enum ov_status fill_counter(struct ov_module_run *run,
                                   const struct ov_countersignature *c,
                                   struct ov_datum *fields)
{
    fields[COUNTER_VERIFIED] = ov_datum_integer(c->is_verified);
    fields[COUNTER_SIGN_TIME] = ov_datum_integer(c->has_time ? c->time : 0);
    fields[COUNTER_DIGEST_ALG] = text_or_none(c->digest_alg);
    fields[COUNTER_DIGEST] = text_or_none(c->digest);
    return fill_certificates(run, &c->chain, &fields[COUNTER_LENGTH_OF_CHAIN],
                             &fields[COUNTER_CHAIN]);
}

static enum ov_status fill_signer(struct ov_module_run *run,
                                  const struct ov_authenticode *a,
                                  struct ov_datum *fields)
{
    struct ov_datum *info = fields[SIGNATURE_SIGNER_INFO].fields;

    if (a->chain.n > 0)
        fill_certificate(&a->chain.list[0], fields);
    info[SIGNER_PROGRAM_NAME] = text_or_none(a->program_name);
    info[SIGNER_DIGEST] = text_or_none(a->signer_digest);
    info[SIGNER_DIGEST_ALG] = text_or_none(a->signer_digest_alg);
    return fill_certificates(run, &a->chain, &info[SIGNER_LENGTH_OF_CHAIN],
                             &info[SIGNER_CHAIN]);
}

static enum ov_status fill_signature(struct ov_module_run *run,
                                     const struct ov_authenticode *a,
                                     struct ov_datum *fields)
{
    struct ov_datum *values;

    fields[SIGNATURE_VERIFIED] = ov_datum_integer(a->is_verified);
    fields[SIGNATURE_DIGEST_ALG] = text_or_none(a->digest_alg);
    fields[SIGNATURE_DIGEST] = text_or_none(a->digest);
    fields[SIGNATURE_FILE_DIGEST] = text_or_none(a->file_digest);
    OV_TRY(fill_certificates(run, &a->certificates,
                             &fields[SIGNATURE_NUMBER_OF_CERTIFICATES],
                             &fields[SIGNATURE_CERTIFICATES]));
    if (a->has_signer)
        OV_TRY(fill_signer(run, a, fields));
    fields[SIGNATURE_NUMBER_OF_COUNTERSIGNATURES] =
        ov_datum_integer(a->n_countersignatures);
    OV_TRY(ov_datum_array(run, &counter, a->n_countersignatures,
                          &fields[SIGNATURE_COUNTERSIGNATURES], &values));
    for (uint32_t i = 0; i < a->n_countersignatures; i++)
        OV_TRY(fill_counter(run, &a->countersignatures[i], values[i].fields));
    return OV_OK;
}

/* What signatures are over, if their place makes sense. */
static void find_pieces(const struct ov_pe *pe, uint64_t end,
                        struct ov_span pieces[static OV_AUTHENTICODE_PIECES])
{
    uint64_t checksum = pe->optional_at + CHECKSUM_AT;
    uint64_t place = pe->optional_at +
                     (pe->is_64 ? DIRECTORIES_AT_PLUS : DIRECTORIES_AT) +
                     (uint64_t)DIRECTORY_SIZE * OV_PE_DIR_SECURITY;

    if (end < place + DIRECTORY_SIZE)
        return;
    pieces[0] = ov_span_clip(pe->bytes, 0, checksum);
    pieces[1] = ov_span_clip(pe->bytes, checksum + 4, place - checksum - 4);
    place += DIRECTORY_SIZE;
    pieces[2] = ov_span_clip(pe->bytes, place, end - place);
}

static enum ov_status read_entries(const struct ov_pe *pe, uint64_t at,
                                   uint64_t end,
                                   struct ov_authenticode_file *file)
{
    for (unsigned i = 0; i < ENTRIES_MAX; i++) {
        struct ov_span entry;
        uint32_t len = 0;
        uint16_t revision = 0, kind = 0;

        if (i > 0 && at >= end)
            break;
        (void)ov_span_u32le(pe->bytes, at, &len);
        (void)ov_span_u16le(pe->bytes, at + 4, &revision);
        (void)ov_span_u16le(pe->bytes, at + 6, &kind);
        if (len <= ENTRY_HEAD || !ov_span_sub(pe->bytes, at, len, &entry))
            break;
        entry = ov_span_clip(entry, ENTRY_HEAD, len - ENTRY_HEAD);
        if (i == 0 || (revision == REVISION_2 && kind == KIND_PKCS7))
            OV_TRY(ov_authenticode_add(file, entry));
        at += ((uint64_t)len + 7) & ~7ull;
    }
    return OV_OK;
}

static enum ov_status fill_list(struct ov_module_run *run,
                                const struct ov_authenticode_file *file)
{
    struct ov_datum *root = run->fields;
    struct ov_datum *values;
    bool is_signed = false;

    OV_TRY(ov_datum_array(run, &ov_pe_signature_item, file->n,
                          &root[PE_SIGNATURES], &values));
    for (uint32_t i = 0; i < file->n; i++) {
        OV_TRY(fill_signature(run, &file->list[i], values[i].fields));
        is_signed = is_signed || file->list[i].is_verified;
    }
    if (file->n > 0)
        root[PE_IS_SIGNED] = ov_datum_integer(is_signed);
    root[PE_NUMBER_OF_SIGNATURES] = ov_datum_integer(file->n);
    return OV_OK;
}

enum ov_status ov_pe_fill_signatures(struct ov_module_run *run,
                                     const struct ov_pe *pe)
{
    struct ov_authenticode_file file = {.arena = run->in->arena,
                                        .budget = run->in->budget};
    uint64_t at = pe->directories[OV_PE_DIR_SECURITY].address;
    uint64_t size = pe->directories[OV_PE_DIR_SECURITY].size;

    file.list =
        ov_arena_array(run->in->arena, OV_AUTHENTICODE_MAX, sizeof(*file.list));
    if (file.list == NULL)
        return OV_NO_MEMORY;
    if (at != 0 && size >= ENTRY_HEAD && at + size <= pe->bytes.len) {
        find_pieces(pe, at, file.pieces);
        OV_TRY(read_entries(pe, at, at + size, &file));
    }
    return fill_list(run, &file);
}
