/* SPDX-License-Identifier: Apache-2.0
 *
 * One member of a ZIP archive: decrypted, decompressed.
 *
 * The old encryption ("ZipCrypto") is a stream cipher of three 32-bit words
 * that are stirred with each byte of the password and then of the text; the
 * last of 12 leading bytes tells a wrong password in 255 of 256 cases, the
 * member's CRC the rest. It needs so few lines that a library would be more.
 * WinZip's AES is a key made of the password by 1000 rounds of PBKDF2, counter
 * mode, and a keyed digest that tells whether the password was right.
 *
 * The password that fitted one member is tried first on the next; after
 * SEALED_MAX members that none fitted, no more are tried: an archive has one.
 *
 * Limits: PKWARE's strong encryption is OV_ENCRYPTED whatever the passwords;
 * shrunk, reduced and PPMd members are OV_UNSUPPORTED.
 * Format: PKWARE APPNOTE.TXT 6.3.10, sections 4.4.5, 5.8 and 6.1; WinZip, "AES
 * Encryption Information" 1.04. */
#include <zlib.h>

#include "base/reader.h"
#include "crypto/cipher.h"
#include "formats/codec.h"
#include "formats/zip.h"
#include "formats/zip_old.h"

#define CRYPTO_HEADER_LEN 12
#define LZMA_PROPERTIES_LEN 5
#define EXTRA_AES 0x9901
#define AES_CHECK_LEN 2
#define AES_DIGEST_LEN 10
#define AES_KEY_MAX 32
#define AES_ROUNDS 1000
#define AES_TRY_STEPS 1000000 /* of the rounds */
#define SEALED_MAX 8

struct crypto {
    uint32_t key[3];
    const z_crc_t *crc_table;
};

/* APPNOTE 6.1.5: update_keys. */
static void stir(struct crypto *c, uint8_t byte)
{
    const z_crc_t *t = c->crc_table;

    c->key[0] = (uint32_t)t[(c->key[0] ^ byte) & 0xff] ^ c->key[0] >> 8;
    c->key[1] = (c->key[1] + (c->key[0] & 0xff)) * 134775813u + 1;
    c->key[2] =
        (uint32_t)t[(c->key[2] ^ c->key[1] >> 24) & 0xff] ^ c->key[2] >> 8;
}

static void set_password(struct crypto *c, struct ov_span password)
{
    struct ov_reader r = ov_reader_over(password);

    *c = (struct crypto){{0x12345678, 0x23456789, 0x34567890}, get_crc_table()};
    while (ov_reader_more(&r))
        stir(c, ov_read_u8(&r));
}

/* APPNOTE 6.1.6: decrypt_byte. */
static void decrypt(struct crypto *c, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint32_t t = (c->key[2] | 2) & 0xffff;

        bytes[i] ^= (uint8_t)((t * (t ^ 1)) >> 8);
        stir(c, bytes[i]);
    }
}

/* LZMA members have a header of their own (APPNOTE 5.8.8); the decoder wants
 * that of .lzma files. */
static enum ov_status decode_lzma(const struct ov_zip_entry *e,
                                  struct ov_span data,
                                  struct ov_decode_job *job,
                                  struct ov_buf *into)
{
    OV_AUTO_DONE(buf) stream = ov_buf_with_max(data.len + 16);
    struct ov_reader r = ov_reader_over(data);
    uint64_t size = e->is_unsized ? OV_DECODE_NO_HINT : e->real_size;
    uint16_t len;

    ov_reader_skip(&r, 2);
    len = ov_read_u16le(&r);
    ov_reader_require(&r, len == LZMA_PROPERTIES_LEN, OV_MALFORMED);
    ov_put_span(&stream, ov_read_span(&r, len));
    OV_TRY(ov_reader_status(&r));
    ov_put_u64(&stream, size);
    ov_put_span(&stream, ov_reader_rest(&r));
    OV_TRY(ov_buf_status(&stream));
    job->codec = OV_CODEC_LZMA;
    job->in = ov_buf_span(&stream);
    return ov_decode(job, into, NULL);
}

static enum ov_status decode(const struct ov_zip_entry *e, struct ov_span data,
                             struct ov_budget *budget, struct ov_buf *into)
{
    struct ov_decode_job job = {
        .in = data,
        .size_hint = e->is_unsized ? OV_DECODE_NO_HINT : e->real_size,
        .budget = budget,
    };

    switch (e->method) {
    case OV_ZIP_STORE:
        job.codec = OV_CODEC_STORE;
        break;
    case OV_ZIP_DEFLATE:
        job.codec = OV_CODEC_DEFLATE;
        break;
    case OV_ZIP_BZIP2:
        job.codec = OV_CODEC_BZIP2;
        break;
    case OV_ZIP_ZSTD:
        job.codec = OV_CODEC_ZSTD;
        break;
    case OV_ZIP_XZ:
        job.codec = OV_CODEC_XZ;
        break;
    case OV_ZIP_DEFLATE64:
        return ov_inflate64(data, budget, into);
    case OV_ZIP_IMPLODE:
        return e->is_unsized
                   ? OV_UNSUPPORTED
                   : ov_explode(data, e->flags, e->real_size, budget, into);
    case OV_ZIP_LZMA:
        return decode_lzma(e, data, &job, into);
    default:
        return OV_UNSUPPORTED;
    }
    return ov_decode(&job, into, NULL);
}

static bool is_right_crc(const struct ov_zip_entry *e, struct ov_span bytes)
{
    return e->is_unsized || crc32_z(0, bytes.ptr, bytes.len) == (uLong)e->crc;
}

/* Decrypts into text; false if the password can't be right. */
static bool try_password(const struct ov_zip_entry *e, struct ov_span password,
                         struct ov_buf *text)
{
    struct crypto c;
    uint8_t check = (e->flags & OV_ZIP_DESCRIBED) ? (uint8_t)(e->time >> 8)
                                                  : (uint8_t)(e->crc >> 24);

    ov_buf_clear(text);
    ov_put_span(text, ov_span_clip(e->data, 0, CRYPTO_HEADER_LEN));
    if (text->status != OV_OK || text->len != CRYPTO_HEADER_LEN)
        return false;
    set_password(&c, password);
    decrypt(&c, text->ptr, text->len);
    if (ov_span_byte(ov_buf_span(text), CRYPTO_HEADER_LEN - 1) != check)
        return false;
    ov_buf_clear(text);
    ov_put_span(text, ov_span_clip(e->data, CRYPTO_HEADER_LEN, e->data.len));
    if (text->status == OV_OK)
        decrypt(&c, text->ptr, text->len);
    return text->status == OV_OK;
}

/* What the extra field of an AES member says. */
struct aes {
    size_t key_len;
    uint16_t method; /* of what is inside */
};

static bool read_aes(const struct ov_zip_entry *e, struct aes *ret)
{
    struct ov_reader r = ov_reader_over(e->extra);

    while (ov_reader_more(&r)) {
        uint16_t id = ov_read_u16le(&r);
        uint16_t len = ov_read_u16le(&r);
        struct ov_reader field = ov_reader_over(ov_read_span(&r, len));
        uint8_t strength;

        if (id != EXTRA_AES)
            continue;
        ov_reader_skip(&field, 4);
        strength = ov_read_u8(&field);
        ret->key_len = 8 + 8 * (size_t)strength;
        ret->method = ov_read_u16le(&field);
        return ov_reader_status(&field) == OV_OK && strength >= 1 &&
               strength <= 3;
    }
    return false;
}

/* Decrypts into text: salt, two bytes that tell most wrong passwords, the
 * content, ten bytes of a keyed digest of it. OV_ENCRYPTED: the password is
 * wrong. */
static enum ov_status try_aes(struct ov_span data, struct ov_span password,
                              const struct aes *a, struct ov_buf *text)
{
    size_t salt_len = a->key_len / 2;
    struct ov_reader r = ov_reader_over(data);
    struct ov_span salt = ov_read_span(&r, salt_len);
    struct ov_span check = ov_read_span(&r, AES_CHECK_LEN);
    struct ov_span rest = ov_reader_rest(&r);
    struct ov_span sealed;
    uint8_t keys[2 * AES_KEY_MAX + AES_CHECK_LEN];
    uint8_t digest[OV_HASH_MAX];
    uint8_t *to;

    if (rest.len < AES_DIGEST_LEN)
        return OV_TRUNCATED;
    OV_TRY(ov_pbkdf2_sha1(password, salt, AES_ROUNDS, keys,
                          2 * a->key_len + AES_CHECK_LEN));
    if (!ov_span_equal(ov_span_of(keys + 2 * a->key_len, AES_CHECK_LEN), check))
        return OV_ENCRYPTED;
    sealed = ov_span_clip(rest, 0, rest.len - AES_DIGEST_LEN);
    OV_TRY(ov_hmac_sha1(ov_span_of(keys + a->key_len, a->key_len), sealed,
                        digest));
    if (!ov_span_ends(rest, ov_span_of(digest, AES_DIGEST_LEN)))
        return OV_ENCRYPTED;
    ov_buf_clear(text);
    to = ov_buf_room(text, sealed.len);
    if (to == NULL)
        return sealed.len > 0 ? ov_buf_status(text) : OV_OK;
    OV_TRY(
        ov_aes(OV_AES_CTR_LE, ov_span_of(keys, a->key_len), NULL, sealed, to));
    ov_buf_added(text, sealed.len);
    return OV_OK;
}

static enum ov_status read_with_aes(const struct ov_zip_entry *e,
                                    struct ov_span password,
                                    struct ov_budget *budget,
                                    struct ov_buf *text, struct ov_buf *into)
{
    struct ov_zip_entry inside = *e;
    struct aes a;

    if (e->is_unsized || !read_aes(e, &a))
        return OV_MALFORMED;
    OV_TRY(ov_budget_spend(budget, OV_COST_STEPS,
                           AES_TRY_STEPS + 2 * e->data.len));
    OV_TRY(try_aes(e->data, password, &a, text));
    inside.method = a.method;
    return decode(&inside, ov_buf_span(text), budget, into);
}

/* With one password: OV_ENCRYPTED if it does not fit. */
static enum ov_status read_with(const struct ov_zip_entry *e,
                                struct ov_span password,
                                struct ov_budget *budget, struct ov_buf *text,
                                struct ov_buf *into)
{
    size_t before = into->len;
    enum ov_status status;
    struct ov_span made;

    if (e->method == OV_ZIP_AES)
        return read_with_aes(e, password, budget, text, into);
    OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, e->data.len));
    if (!try_password(e, password, text))
        return text->status == OV_NO_MEMORY ? OV_NO_MEMORY : OV_ENCRYPTED;
    status = decode(e, ov_buf_span(text), budget, into);
    made = ov_span_clip(ov_buf_span(into), before, into->len);
    if (ov_status_class(status) != OV_CLASS_BYTES && status != OV_OK)
        return status;
    if (status == OV_UNSUPPORTED || (status == OV_OK && is_right_crc(e, made)))
        return status;
    into->len = before;
    return OV_ENCRYPTED;
}

static enum ov_status read_encrypted(const struct ov_zip_entry *e,
                                     struct ov_zip_keys *keys,
                                     struct ov_budget *budget,
                                     struct ov_buf *into)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(e->data.len);

    if ((e->flags & OV_ZIP_STRONG) != 0 || keys->n_sealed >= SEALED_MAX)
        return OV_ENCRYPTED;
    for (size_t i = 0; i < keys->n_passwords; i++) {
        size_t which = (keys->right + i) % keys->n_passwords;
        enum ov_status status =
            read_with(e, keys->passwords[which], budget, &text, into);

        if (status == OV_ENCRYPTED)
            continue;
        keys->right = which;
        return status;
    }
    keys->n_sealed++;
    return OV_ENCRYPTED;
}

enum ov_status ov_zip_read(const struct ov_zip_entry *e,
                           struct ov_zip_keys *keys, struct ov_budget *budget,
                           struct ov_buf *into)
{
    enum ov_status status;

    if (e->is_lost)
        return OV_MALFORMED;
    if (e->flags & OV_ZIP_ENCRYPTED)
        return read_encrypted(e, keys, budget, into);
    status = decode(e, e->data, budget, into);
    if (status == OV_OK && !e->is_unsized && e->data.len < e->packed_size)
        return OV_TRUNCATED;
    return status;
}
