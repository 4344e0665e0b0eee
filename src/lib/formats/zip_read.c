/* SPDX-License-Identifier: Apache-2.0
 *
 * One member of a ZIP archive: decrypted, decompressed.
 *
 * The old encryption ("ZipCrypto") is a stream cipher of three 32-bit words
 * that are stirred with each byte of the password and then of the text; the
 * last of 12 leading bytes tells a wrong password in 255 of 256 cases, the
 * member's CRC the rest. It needs so few lines that a library would be more.
 *
 * Limits: AES and PKWARE's strong encryption are OV_ENCRYPTED whatever the
 * passwords; shrunk, reduced and PPMd members are OV_UNSUPPORTED.
 * Format: PKWARE APPNOTE.TXT 6.3.10, sections 4.4.5, 5.8 and 6.1. */
#include <zlib.h>

#include "base/reader.h"
#include "formats/codec.h"
#include "formats/zip.h"
#include "formats/zip_old.h"

#define CRYPTO_HEADER_LEN 12
#define LZMA_PROPERTIES_LEN 5

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

static enum ov_status read_encrypted(const struct ov_zip_entry *e,
                                     const struct ov_zip_keys *keys,
                                     struct ov_budget *budget,
                                     struct ov_buf *into)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(e->data.len);
    size_t before = into->len;

    if (e->method == OV_ZIP_AES || (e->flags & OV_ZIP_STRONG) != 0)
        return OV_ENCRYPTED;
    for (size_t i = 0; i < keys->n_passwords; i++) {
        enum ov_status status;
        struct ov_span made;

        OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, e->data.len));
        if (!try_password(e, keys->passwords[i], &text)) {
            if (text.status == OV_NO_MEMORY)
                return OV_NO_MEMORY;
            continue;
        }
        status = decode(e, ov_buf_span(&text), budget, into);
        made = ov_span_clip(ov_buf_span(into), before, into->len);
        if (ov_status_class(status) != OV_CLASS_BYTES && status != OV_OK)
            return status;
        if (status == OV_UNSUPPORTED ||
            (status == OV_OK && is_right_crc(e, made)))
            return status;
        into->len = before;
    }
    return OV_ENCRYPTED;
}

enum ov_status ov_zip_read(const struct ov_zip_entry *e,
                           const struct ov_zip_keys *keys,
                           struct ov_budget *budget, struct ov_buf *into)
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
