/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "crx" (YARA-X documentation, "crx"): Chrome extensions, which are
 * ZIP archives behind a header with signatures; what their manifest says, with
 * names in the default language, and whether the signatures are by their keys.
 *
 * Only the first members are looked for the two JSON files, and these are read
 * up to a maximum; unpacking and verifying cost the scan's steps, and count
 * nothing else, as the engine unpacks the archive for itself.
 *
 * Source: Chromium, "CRX Package Format" (crx3.proto: CrxFileHeader and
 * SignedData); version 2 by its former documentation. */
#include "base/base64.h"
#include "base/reader.h"
#include "base/text.h"
#include "crypto/public_key.h"
#include "formats/unpack.h"
#include "json/json.h"
#include "modules/module.h"

#define MAX_JSON (4u << 20)
#define MAX_MEMBERS 5000
#define MAX_SIGNATURES 16u
#define MAX_WORDS 4096u
#define MEMBER_STEPS 500
#define ID_SIZE 16

enum signature_field {
    SIGNATURE_KEY,
    SIGNATURE_VERIFIED
};

static const struct ov_field signature_fields[] = {
    [SIGNATURE_KEY] = OV_FIELD_TEXT("key"),
    [SIGNATURE_VERIFIED] = OV_FIELD_INTEGER("verified"),
};
static const struct ov_structure signature = OV_STRUCTURE(signature_fields);

enum root_field {
    ROOT_IS_CRX,
    ROOT_CRX_VERSION,
    ROOT_HEADER_SIZE,
    ROOT_ID,
    ROOT_VERSION,
    ROOT_NAME,
    ROOT_DESCRIPTION,
    ROOT_RAW_NAME,
    ROOT_RAW_DESCRIPTION,
    ROOT_MINIMUM_CHROME_VERSION,
    ROOT_HOMEPAGE_URL,
    ROOT_PERMISSIONS,
    ROOT_HOST_PERMISSIONS,
    ROOT_OPTIONAL_PERMISSIONS,
    ROOT_OPTIONAL_HOST_PERMISSIONS,
    ROOT_SIGNATURES
};

static const struct ov_field fields[] = {
    [ROOT_IS_CRX] = OV_FIELD_INTEGER("is_crx"),
    [ROOT_CRX_VERSION] = OV_FIELD_INTEGER("crx_version"),
    [ROOT_HEADER_SIZE] = OV_FIELD_INTEGER("header_size"),
    [ROOT_ID] = OV_FIELD_TEXT("id"),
    [ROOT_VERSION] = OV_FIELD_TEXT("version"),
    [ROOT_NAME] = OV_FIELD_TEXT("name"),
    [ROOT_DESCRIPTION] = OV_FIELD_TEXT("description"),
    [ROOT_RAW_NAME] = OV_FIELD_TEXT("raw_name"),
    [ROOT_RAW_DESCRIPTION] = OV_FIELD_TEXT("raw_description"),
    [ROOT_MINIMUM_CHROME_VERSION] = OV_FIELD_TEXT("minimum_chrome_version"),
    [ROOT_HOMEPAGE_URL] = OV_FIELD_TEXT("homepage_url"),
    [ROOT_PERMISSIONS] = OV_FIELD_LIST("permissions", OV_DATUM_STRING),
    [ROOT_HOST_PERMISSIONS] =
        OV_FIELD_LIST("host_permissions", OV_DATUM_STRING),
    [ROOT_OPTIONAL_PERMISSIONS] =
        OV_FIELD_LIST("optional_permissions", OV_DATUM_STRING),
    [ROOT_OPTIONAL_HOST_PERMISSIONS] =
        OV_FIELD_LIST("optional_host_permissions", OV_DATUM_STRING),
    [ROOT_SIGNATURES] = OV_FIELD_ARRAY("signatures", &signature),
};

/* ---- header ---- */

struct proof {
    bool is_sha1; /* version 2 */
    struct ov_span key;
    struct ov_span signature;
};

struct crx {
    uint32_t version;
    uint64_t header_size;
    struct ov_span zip;
    struct ov_span signed_data; /* version 3: SignedData */
    uint8_t id[OV_DIGEST_MAX];  /* the first ID_SIZE bytes */
    size_t id_len;
    struct proof proofs[MAX_SIGNATURES];
    uint32_t n_proofs;
};

/* The next field of a protocol buffer that is bytes (others are passed over):
 * its number; 0 at the end. False: it is none. */
static bool next_field(struct ov_reader *r, uint64_t *ret_number,
                       struct ov_span *ret)
{
    *ret_number = 0;
    while (ov_reader_more(r)) {
        uint64_t tag = ov_read_varint(r);

        switch (tag & 7) {
        case 0:
            (void)ov_read_varint(r);
            break;
        case 1:
            ov_reader_skip(r, 8);
            break;
        case 2:
            *ret = ov_read_block(r);
            *ret_number = tag >> 3;
            return ov_reader_status(r) == OV_OK;
        case 5:
            ov_reader_skip(r, 4);
            break;
        default:
            return false;
        }
    }
    return ov_reader_status(r) == OV_OK;
}

/* AsymmetricKeyProof: public_key 1, signature 2. */
static bool read_proof(struct crx *c, struct ov_span bytes)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct proof proof = {0};
    struct ov_span value;
    uint64_t number;

    while (next_field(&r, &number, &value) && number != 0) {
        if (number == 1)
            proof.key = value;
        else if (number == 2)
            proof.signature = value;
    }
    if (proof.key.len > 0 && proof.signature.len > 0 &&
        c->n_proofs < MAX_SIGNATURES)
        c->proofs[c->n_proofs++] = proof;
    return ov_reader_status(&r) == OV_OK;
}

/* CrxFileHeader: sha256_with_rsa 2, sha256_with_ecdsa 3, signed_header_data
 * 10000, which is SignedData: crx_id 1. */
static bool read_version_3(struct ov_reader *r, struct crx *c)
{
    struct ov_span header = ov_read_span(r, ov_read_u32le(r));
    struct ov_reader fields_of = ov_reader_over(header);
    bool is_right = true;
    struct ov_reader inner;
    struct ov_span value;
    uint64_t number;

    c->header_size = header.len;
    while (is_right && next_field(&fields_of, &number, &value) && number != 0) {
        if (number == 2 || number == 3)
            is_right = read_proof(c, value);
        else if (number == 10000)
            c->signed_data = value;
    }
    inner = ov_reader_over(c->signed_data);
    while (next_field(&inner, &number, &value) && number != 0) {
        if (number != 1 || value.len > ID_SIZE)
            continue;
        memcpy(c->id, value.ptr, value.len);
        c->id_len = value.len;
    }
    return is_right && c->signed_data.len > 0 &&
           ov_reader_status(&fields_of) == OV_OK &&
           ov_reader_status(&inner) == OV_OK;
}

/* The identifier is the beginning of the key's digest. */
static bool read_version_2(struct ov_reader *r, struct crx *c)
{
    uint32_t key_len = ov_read_u32le(r);
    uint32_t signature_len = ov_read_u32le(r);
    struct proof *proof = &c->proofs[0];

    proof->is_sha1 = true;
    proof->key = ov_read_span(r, key_len);
    proof->signature = ov_read_span(r, signature_len);
    c->n_proofs = 1;
    c->header_size = (uint64_t)key_len + signature_len;
    c->id_len = ID_SIZE;
    return ov_digest(OV_SHA256, proof->key, c->id) == OV_OK;
}

static bool read_crx(struct ov_span bytes, struct crx *ret)
{
    struct ov_reader r = ov_reader_over(bytes);

    if (!ov_span_equal(ov_read_span(&r, 4), OV_SPAN_LIT("Cr24")))
        return false;
    ret->version = ov_read_u32le(&r);
    if (ret->version == 2 ? !read_version_2(&r, ret)
                          : ret->version != 3 || !read_version_3(&r, ret))
        return false;
    ret->zip = ov_reader_rest(&r);
    return ov_reader_status(&r) == OV_OK;
}

/* ---- values ---- */

static enum ov_status give_copy(struct ov_module_run *run,
                                const struct ov_buf *text, struct ov_datum *ret)
{
    struct ov_span kept;

    OV_TRY(ov_buf_status(text));
    if (!ov_arena_copy(run->in->arena, ov_buf_span(text), &kept))
        return OV_NO_MEMORY;
    *ret = ov_datum_text(kept);
    return OV_OK;
}

/* Each half of a byte is a letter from a to p. */
static enum ov_status give_id(struct ov_module_run *run, const struct crx *c)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max((size_t)ID_SIZE * 2);

    for (size_t i = 0; i < c->id_len; i++) {
        ov_put_u8(&text, (uint8_t)('a' + (c->id[i] >> 4)));
        ov_put_u8(&text, (uint8_t)('a' + (c->id[i] & 15)));
    }
    return give_copy(run, &text, &run->fields[ROOT_ID]);
}

static bool is_verified(const struct crx *c, const struct proof *p)
{
    OV_AUTO_DONE(buf) head = ov_buf_with_max(32);
    struct ov_span pieces[3] = {{0}, c->signed_data, c->zip};

    if (p->is_sha1)
        return ov_public_key_verify(OV_SHA1, p->key, p->signature, &c->zip, 1);
    ov_put_span(&head, OV_SPAN_LIT("CRX3 SignedData\0"));
    ov_put_u32(&head, (uint32_t)c->signed_data.len);
    pieces[0] = ov_buf_span(&head);
    return ov_buf_status(&head) == OV_OK &&
           ov_public_key_verify(OV_SHA256, p->key, p->signature, pieces, 3);
}

static enum ov_status fill_signatures(struct ov_module_run *run,
                                      const struct crx *c)
{
    struct ov_datum *values;

    OV_TRY(ov_datum_array(run, &signature, c->n_proofs,
                          &run->fields[ROOT_SIGNATURES], &values));
    for (uint32_t i = 0; i < c->n_proofs; i++) {
        OV_AUTO_DONE(buf) text = ov_buf_with_max(SIZE_MAX / 2);

        OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS,
                               c->zip.len + 1000000));
        ov_put_base64(&text, c->proofs[i].key);
        OV_TRY(give_copy(run, &text, &values[i].fields[SIGNATURE_KEY]));
        values[i].fields[SIGNATURE_VERIFIED] =
            ov_datum_integer(is_verified(c, &c->proofs[i]));
    }
    return OV_OK;
}

/* ---- the archive ---- */

/* A member of that name, as JSON; NULL if there is none that can be read. */
static enum ov_status read_json(struct ov_module_run *run, struct ov_span zip,
                                struct ov_span name, const struct ov_json **ret)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_JSON);
    struct ov_budget own = ov_budget_default();
    const struct ov_unpack_job job = {
        .type = OV_TYPE_ZIP, .bytes = zip, .budget = &own};
    OV_AUTO(unpacker) u = NULL;
    struct ov_member m = {0};
    enum ov_status status = ov_unpacker_open(&job, &u);
    struct ov_span kept;

    for (int i = 0; status == OV_OK && i < MAX_MEMBERS; i++) {
        OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS, MEMBER_STEPS));
        status = ov_unpacker_next(u, &m);
        if (status == OV_OK && (m.is_end || ov_span_equal(m.name, name)))
            break;
    }
    if (status == OV_OK && !m.is_end && ov_span_equal(m.name, name))
        status = ov_unpacker_read(u, &text);
    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS, 20 * text.len));
    if (status != OV_OK || text.len == 0)
        return status == OV_NO_MEMORY ? status : OV_OK;
    if (!ov_arena_copy(run->in->arena, ov_buf_span(&text), &kept))
        return OV_NO_MEMORY;
    status = ov_json_parse_any(run->in->arena, kept, MAX_JSON, ret);
    return status == OV_NO_MEMORY ? status : OV_OK;
}

static struct ov_datum text_of(const struct ov_json *v, const char *name)
{
    struct ov_span text;

    return ov_json_string(ov_json_get(v, ov_span_str(name)), &text) == OV_OK
               ? ov_datum_text(text)
               : (struct ov_datum){0};
}

static enum ov_status fill_list(struct ov_module_run *run,
                                const struct ov_json *manifest,
                                const char *name, enum root_field field)
{
    const struct ov_json *list = ov_json_get(manifest, ov_span_str(name));
    struct ov_datum *values;
    uint32_t n = 0;

    if (ov_json_is(list, OV_JSON_ARRAY) != OV_OK)
        return OV_OK;
    OV_TRY(ov_datum_array(run, NULL,
                          list->count < MAX_WORDS ? list->count : MAX_WORDS,
                          &run->fields[field], &values));
    for (const struct ov_json *e = list->first; e != NULL && n < MAX_WORDS;
         e = e->next, n++) {
        struct ov_span text;

        if (ov_json_string(e, &text) == OV_OK)
            values[n] = ov_datum_text(text);
    }
    return OV_OK;
}

/* "__MSG_key__" is the message of that key in the extension's messages. */
static struct ov_datum resolved(const struct ov_datum *raw,
                                const struct ov_json *messages)
{
    struct ov_span before = OV_SPAN_LIT("__MSG_"), behind = OV_SPAN_LIT("__");
    struct ov_span key;
    struct ov_datum message;

    if (raw->kind != OV_DATUM_STRING || !ov_span_starts(raw->text, before) ||
        !ov_span_ends(raw->text, behind) ||
        !ov_span_sub(raw->text, before.len,
                     (uint64_t)raw->text.len - before.len - behind.len, &key))
        return *raw;
    message = text_of(ov_json_get(messages, key), "message");
    return message.kind == OV_DATUM_STRING ? message : *raw;
}

static enum ov_status fill_names(struct ov_module_run *run,
                                 const struct ov_json *manifest,
                                 struct ov_span zip)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(4096);
    struct ov_datum language = text_of(manifest, "default_locale");
    struct ov_datum *f = run->fields;
    const struct ov_json *messages = NULL;

    ov_put_str(&path, "_locales/");
    ov_put_span(&path, language.kind == OV_DATUM_STRING ? language.text
                                                        : OV_SPAN_LIT("en"));
    ov_put_str(&path, "/messages.json");
    if (ov_buf_status(&path) == OV_OK)
        OV_TRY(read_json(run, zip, ov_buf_span(&path), &messages));
    f[ROOT_NAME] = text_of(manifest, "name");
    f[ROOT_DESCRIPTION] = text_of(manifest, "description");
    if (messages == NULL)
        return OV_OK;
    f[ROOT_RAW_NAME] = f[ROOT_NAME];
    f[ROOT_RAW_DESCRIPTION] = f[ROOT_DESCRIPTION];
    f[ROOT_NAME] = resolved(&f[ROOT_RAW_NAME], messages);
    f[ROOT_DESCRIPTION] = resolved(&f[ROOT_RAW_DESCRIPTION], messages);
    return OV_OK;
}

static enum ov_status fill_manifest(struct ov_module_run *run,
                                    struct ov_span zip)
{
    const struct ov_json *manifest = NULL;
    struct ov_datum *f = run->fields;

    OV_TRY(read_json(run, zip, OV_SPAN_LIT("manifest.json"), &manifest));
    if (manifest == NULL)
        return OV_OK;
    f[ROOT_VERSION] = text_of(manifest, "version");
    f[ROOT_MINIMUM_CHROME_VERSION] =
        text_of(manifest, "minimum_chrome_version");
    f[ROOT_HOMEPAGE_URL] = text_of(manifest, "homepage_url");
    OV_TRY(fill_list(run, manifest, "permissions", ROOT_PERMISSIONS));
    OV_TRY(fill_list(run, manifest, "host_permissions", ROOT_HOST_PERMISSIONS));
    OV_TRY(fill_list(run, manifest, "optional_permissions",
                     ROOT_OPTIONAL_PERMISSIONS));
    OV_TRY(fill_list(run, manifest, "optional_host_permissions",
                     ROOT_OPTIONAL_HOST_PERMISSIONS));
    return fill_names(run, manifest, zip);
}

static enum ov_status fill(struct ov_module_run *run, unsigned group)
{
    struct crx c = {0};

    (void)group;
    run->fields[ROOT_IS_CRX] = ov_datum_integer(0);
    if (!read_crx(run->in->bytes, &c))
        return OV_OK;
    run->fields[ROOT_IS_CRX] = ov_datum_integer(1);
    run->fields[ROOT_CRX_VERSION] = ov_datum_integer(c.version);
    run->fields[ROOT_HEADER_SIZE] = ov_datum_integer((int64_t)c.header_size);
    OV_TRY(give_id(run, &c));
    OV_TRY(fill_manifest(run, c.zip));
    return fill_signatures(run, &c);
}

extern const struct ov_module ov_module_crx;
const struct ov_module ov_module_crx = {
    .name = "crx",
    .root = OV_STRUCTURE(fields),
    .fill = fill,
};
