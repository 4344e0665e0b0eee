/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "json/canonical.h"
#include "tuf/tuf_metadata.h"

/* Who has signed a file, and whether bytes are what a file says they are.
 *
 * A threshold counts people, and a person is a public key: the same key under
 * two ids, or two signatures by one id, are one (GHSA-3633-5h82-39pq,
 * GHSA-pwqf-9h7j-7mv8, GHSA-5q2r-92f9-4m49). Source: TUF 1.0.34, 4.2, 4.3. */

/* The signature by that key id, or NULL; ids are unique among them. */
static const struct ov_json *find_signature(const struct ov_tuf_meta *meta,
                                            struct ov_span id)
{
    const struct ov_json *s = meta->signatures->first;

    while (s != NULL &&
           !ov_span_equal(ov_json_get(s, OV_SPAN_LIT("keyid"))->text, id))
        s = s->next;
    return s;
}

static enum ov_status verify_one(const struct ov_tuf_key *key,
                                 struct ov_span message, struct ov_span sig,
                                 const struct ov_tuf_schemes *others)
{
    uint8_t bytes[OV_ED25519_SIG];

    if (!key->is_usable)
        return others != NULL ? others->verify(key, message, sig)
                              : OV_BAD_SIGNATURE;
    if (!ov_hex_decode(sig, bytes, sizeof(bytes)))
        return OV_BAD_SIGNATURE;
    return ov_ed25519_verify(key->bytes, message, bytes);
}

static struct ov_span public_text(const struct ov_tuf_key *key)
{
    const struct ov_json *val = ov_json_get(key->value, OV_SPAN_LIT("keyval"));

    return ov_json_get(val, OV_SPAN_LIT("public"))->text;
}

/* Hexadecimal digits have two cases: Ed25519 keys are compared as bytes. */
static bool is_same_key(const struct ov_tuf_key *a, const struct ov_tuf_key *b)
{
    if (a->is_usable != b->is_usable)
        return false;
    if (a->is_usable)
        return ov_span_equal(ov_span_of(a->bytes, sizeof(a->bytes)),
                             ov_span_of(b->bytes, sizeof(b->bytes)));
    return ov_span_equal(public_text(a), public_text(b));
}

enum ov_status ov_tuf_verify(const struct ov_tuf_role *role,
                             const struct ov_tuf_meta *meta,
                             const struct ov_tuf_schemes *others)
{
    OV_AUTO_DONE(buf) message = ov_buf_with_max(OV_TUF_MAX_FILE);
    const struct ov_tuf_key *signers[OV_TUF_MAX_KEYS];
    size_t n = 0;

    ov_put_canonical(&message, meta->part);
    OV_TRY(ov_buf_status(&message));
    for (size_t i = 0; i < role->n_keys; i++) {
        const struct ov_tuf_key *key = role->keys[i];
        const struct ov_json *s = find_signature(meta, key->id);
        enum ov_status status = OV_BAD_SIGNATURE;
        size_t same = 0;

        while (same < n && !is_same_key(signers[same], key))
            same++;
        if (s != NULL && same == n)
            status =
                verify_one(key, ov_buf_span(&message),
                           ov_json_get(s, OV_SPAN_LIT("sig"))->text, others);
        if (status == OV_NO_MEMORY)
            return status;
        if (status == OV_OK)
            signers[n++] = key;
    }
    return n >= (size_t)role->threshold ? OV_OK : OV_BAD_SIGNATURE;
}

enum ov_status ov_tuf_check_file(const struct ov_tuf_file *file,
                                 struct ov_span bytes)
{
    uint8_t digest[OV_DIGEST_MAX];

    if (file->length >= 0 && bytes.len != (uint64_t)file->length)
        return OV_MISMATCH;
    if (!file->has_sha256)
        return OV_OK;
    OV_TRY(ov_digest(OV_SHA256, bytes, digest));
    return ov_span_equal(ov_span_of(digest, sizeof(file->sha256)),
                         ov_span_of(file->sha256, sizeof(file->sha256)))
               ? OV_OK
               : OV_BAD_DIGEST;
}
