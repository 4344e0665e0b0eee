/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

/* The functions of each digest are deprecated for being no providers. They can
 * not fail and look nothing up; and a process that only needs digests does
 * without all that EVP sets up: providers, names, 2 MB of memory. They use the
 * processor's instructions as EVP does. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>
#include <openssl/sha.h>

#include "base/alloc.h"
#include "base/assert.h"

struct ov_digest_stream {
    enum ov_digest_kind kind;

    union {
        MD5_CTX md5;
        SHA_CTX sha1;
        SHA256_CTX sha256;
    } of;
};

static const struct {
    const char *name;
    size_t len;
} table[OV_N_DIGEST] = {
    [OV_MD5] = {"md5", MD5_DIGEST_LENGTH},
    [OV_SHA1] = {"sha1", SHA_DIGEST_LENGTH},
    [OV_SHA256] = {"sha256", SHA256_DIGEST_LENGTH},
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

static bool begin(struct ov_digest_stream *d, enum ov_digest_kind kind)
{
    OV_ASSERT(kind < OV_N_DIGEST);
    d->kind = kind;
    if (kind == OV_MD5)
        return MD5_Init(&d->of.md5) == 1;
    if (kind == OV_SHA1)
        return SHA1_Init(&d->of.sha1) == 1;
    return SHA256_Init(&d->of.sha256) == 1;
}

static bool add(struct ov_digest_stream *d, struct ov_span bytes)
{
    if (bytes.len == 0)
        return true;
    if (d->kind == OV_MD5)
        return MD5_Update(&d->of.md5, bytes.ptr, bytes.len) == 1;
    if (d->kind == OV_SHA1)
        return SHA1_Update(&d->of.sha1, bytes.ptr, bytes.len) == 1;
    return SHA256_Update(&d->of.sha256, bytes.ptr, bytes.len) == 1;
}

static bool end(struct ov_digest_stream *d, uint8_t ret[static OV_DIGEST_MAX])
{
    if (d->kind == OV_MD5)
        return MD5_Final(ret, &d->of.md5) == 1;
    if (d->kind == OV_SHA1)
        return SHA1_Final(ret, &d->of.sha1) == 1;
    return SHA256_Final(ret, &d->of.sha256) == 1;
}

enum ov_status ov_digest(enum ov_digest_kind kind, struct ov_span bytes,
                         uint8_t ret[static OV_DIGEST_MAX])
{
    struct ov_digest_stream d;

    return begin(&d, kind) && add(&d, bytes) && end(&d, ret) ? OV_OK
                                                             : OV_UNSUPPORTED;
}

enum ov_status ov_digest_stream_new(enum ov_digest_kind kind,
                                    struct ov_digest_stream **ret)
{
    struct ov_digest_stream *d = ov_alloc(sizeof(*d));

    if (d == NULL)
        return OV_NO_MEMORY;
    if (!begin(d, kind)) {
        ov_free(d);
        return OV_UNSUPPORTED;
    }
    *ret = d;
    return OV_OK;
}

enum ov_status ov_digest_stream_add(struct ov_digest_stream *d,
                                    struct ov_span bytes)
{
    return add(d, bytes) ? OV_OK : OV_UNSUPPORTED;
}

enum ov_status ov_digest_stream_end(struct ov_digest_stream *d,
                                    uint8_t ret[static OV_DIGEST_MAX])
{
    return end(d, ret) ? OV_OK : OV_UNSUPPORTED;
}

void ov_digest_stream_free(struct ov_digest_stream *d)
{
    ov_free(d);
}
