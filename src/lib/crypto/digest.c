/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/assert.h"

static const struct {
    const char *name;
    const EVP_MD *(*md)(void);
    size_t len;
} table[OV_N_DIGEST] = {
    [OV_MD5] = {"md5", EVP_md5, 16},
    [OV_SHA1] = {"sha1", EVP_sha1, 20},
    [OV_SHA256] = {"sha256", EVP_sha256, 32},
};

struct ov_digest_stream {
    EVP_MD_CTX *ctx;
};

size_t ov_digest_len(enum ov_digest_kind kind)
{
    OV_ASSERT(kind < OV_N_DIGEST);
    return table[kind].len;
}

const char *ov_digest_name(enum ov_digest_kind kind)
{
    OV_ASSERT(kind < OV_N_DIGEST);
    return table[kind].name;
}

enum ov_status ov_digest(enum ov_digest_kind kind, struct ov_span bytes,
                         uint8_t ret[static OV_DIGEST_MAX])
{
    unsigned len = 0;

    OV_ASSERT(kind < OV_N_DIGEST);
    if (EVP_Digest(bytes.len ? (const void *)bytes.ptr : "", bytes.len, ret,
                   &len, table[kind].md(), NULL) != 1)
        return OV_UNSUPPORTED;
    OV_ASSERT(len == table[kind].len);
    return OV_OK;
}

enum ov_status ov_digest_stream_new(enum ov_digest_kind kind,
                                    struct ov_digest_stream **ret)
{
    struct ov_digest_stream *d = ov_alloc(sizeof(*d));

    OV_ASSERT(kind < OV_N_DIGEST);
    if (d == NULL)
        return OV_NO_MEMORY;
    d->ctx = EVP_MD_CTX_new();
    if (d->ctx == NULL ||
        EVP_DigestInit_ex(d->ctx, table[kind].md(), NULL) != 1) {
        enum ov_status s = d->ctx == NULL ? OV_NO_MEMORY : OV_UNSUPPORTED;

        ov_digest_stream_free(d);
        return s;
    }
    *ret = d;
    return OV_OK;
}

enum ov_status ov_digest_stream_add(struct ov_digest_stream *d,
                                    struct ov_span bytes)
{
    if (bytes.len != 0 && EVP_DigestUpdate(d->ctx, bytes.ptr, bytes.len) != 1)
        return OV_UNSUPPORTED;
    return OV_OK;
}

enum ov_status ov_digest_stream_end(struct ov_digest_stream *d,
                                    uint8_t ret[static OV_DIGEST_MAX])
{
    unsigned len = 0;

    return EVP_DigestFinal_ex(d->ctx, ret, &len) == 1 ? OV_OK : OV_UNSUPPORTED;
}

void ov_digest_stream_free(struct ov_digest_stream *d)
{
    if (d == NULL)
        return;
    EVP_MD_CTX_free(d->ctx);
    ov_free(d);
}
