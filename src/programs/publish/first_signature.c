/* SPDX-License-Identifier: Apache-2.0 */
#include "first_signature.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/base64.h"
#include "crypto/digest.h"

/* Both formats are a comment line and a line of base64 over two letters, eight
 * bytes that name the key, and an Ed25519 key or signature.
 *
 * minisign (jedisct1.github.io/minisign, "Signature format"): letters "ED" sign
 * the BLAKE2b-512 of the file; a second signature covers the first one and the
 * trusted comment. signify (OpenBSD's signify.c): letters "Ed" sign the file.
 * The number of the key is the beginning of the SHA-256 of its bytes. */
#define ID 8
#define TRUSTED "trusted comment: "

struct first {
    struct ov_key key;
    uint8_t id[ID];
};

static void put_block(struct ov_buf *b, const char *letters,
                      const struct first *f, struct ov_span bytes)
{
    OV_AUTO_DONE(buf) raw = ov_buf_with_max(256);

    ov_put_str(&raw, letters);
    ov_put_span(&raw, ov_span_of(f->id, ID));
    ov_put_span(&raw, bytes);
    ov_put_base64(b, ov_buf_span(&raw));
    ov_put_u8(b, '\n');
}

static bool blake2b(struct ov_span bytes, uint8_t ret[static 64])
{
    unsigned len = 64;

    return EVP_Digest(bytes.ptr, bytes.len, ret, &len, EVP_blake2b512(),
                      NULL) == 1;
}

static bool put_minisign(struct ov_buf *b, const struct first *f,
                         struct ov_span root, const char *comment)
{
    OV_AUTO_DONE(buf) all = ov_buf_with_max(1024);
    uint8_t digest[64];
    uint8_t sig[OV_ED25519_SIG];
    uint8_t global[OV_ED25519_SIG];

    if (!blake2b(root, digest) ||
        ov_ed25519_sign(f->key.seed, ov_span_of(digest, 64), sig) != OV_OK)
        return false;
    ov_put_span(&all, ov_span_of(sig, sizeof(sig)));
    ov_put_str(&all, comment);
    if (ov_ed25519_sign(f->key.seed, ov_buf_span(&all), global) != OV_OK)
        return false;
    ov_put_str(b, "untrusted comment: signature by the first key\n");
    put_block(b, "ED", f, ov_span_of(sig, sizeof(sig)));
    ov_put_format(b, TRUSTED "%s\n", comment);
    ov_put_base64(b, ov_span_of(global, sizeof(global)));
    ov_put_u8(b, '\n');
    return ov_buf_status(b) == OV_OK;
}

static bool put_signify(struct ov_buf *b, const struct first *f,
                        struct ov_span root)
{
    uint8_t sig[OV_ED25519_SIG];

    if (ov_ed25519_sign(f->key.seed, root, sig) != OV_OK)
        return false;
    ov_put_str(b, "untrusted comment: verify with signify.pub\n");
    put_block(b, "Ed", f, ov_span_of(sig, sizeof(sig)));
    return ov_buf_status(b) == OV_OK;
}

static bool write_public(struct instance *in, const struct first *f)
{
    static const char *const tools[] = {"minisign", "signify"};

    for (size_t i = 0; i < 2; i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(1024);

        ov_put_format(&b, "untrusted comment: %s public key of %s\n", tools[i],
                      in->name);
        put_block(&b, "Ed", f, ov_span_of(f->key.public_key, OV_ED25519_KEY));
        if (!disk_write(path_in(in, "repo/first/%s.pub", tools[i]),
                        ov_buf_span(&b), 0644))
            return false;
    }
    return true;
}

bool first_signature_write(struct instance *in, struct ov_span root)
{
    OV_AUTO_DONE(buf) mini = ov_buf_with_max(4096);
    OV_AUTO_DONE(buf) signify = ov_buf_with_max(4096);
    struct first f = {0};
    uint8_t digest[32];
    const char *comment = text(in, "the first root of %s, made at %llu",
                               in->name, (unsigned long long)in->now);
    bool ok;

    ok = key_read(in, "first", &f.key) &&
         digest_of(ov_span_of(f.key.public_key, OV_ED25519_KEY), digest);
    memcpy(f.id, digest, ID);
    if (ok && (!put_minisign(&mini, &f, root, comment) ||
               !put_signify(&signify, &f, root)))
        ok = tell_error("the first root cannot be signed for minisign");
    ok = ok && write_public(in, &f);
    ov_key_done(&f.key);
    return ok &&
           disk_write(path_in(in, "repo/first/1.root.json"), root, 0644) &&
           disk_write(path_in(in, "repo/first/1.root.json.minisig"),
                      ov_buf_span(&mini), 0644) &&
           disk_write(path_in(in, "repo/first/1.root.json.sig"),
                      ov_buf_span(&signify), 0644);
}
