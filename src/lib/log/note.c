/* SPDX-License-Identifier: Apache-2.0 */
#include "log/note.h"

#include "base/base64.h"
#include "base/reader.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "log/checkpoint.h"

/* Signed notes, c2sp.org/signed-note v1.0.0 ("Format", "Signatures", "Verifier
 * keys").
 *
 *     text, which may hold blank lines
 *                                          <- the last blank line splits
 *     EM-DASH NAME BASE64(ID SIGNATURE)
 *
 * A key id is 32 bits and anyone can make a key with a given one, so a name
 * and an id only choose the key to verify with. Sizes and the number of
 * signatures are limited (the specification wants at least 16). Base 64 is read
 * strictly, so that a signature has one spelling. */

#define DASH "\xe2\x80\x94 "

/* Unicode's White_Space, as the specification's "Unicode spaces". */
static bool is_unicode_space(uint32_t c)
{
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* The code point of a valid sequence of len bytes (RFC 3629 section 3). */
static uint32_t code_point(const uint8_t *p, size_t len)
{
    static const uint8_t first_bits[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = p[0] & first_bits[len];

    for (size_t i = 1; i < len; i++)
        c = c << 6 | (p[i] & 0x3f);
    return c;
}

bool ov_key_name_is_valid(struct ov_span name)
{
    for (size_t at = 0; at < name.len;) {
        size_t len = ov_utf8_len(ov_span_clip(name, at, name.len));
        uint32_t c;

        if (len == 0)
            return false;
        c = code_point(name.ptr + at, len);
        if (c < 0x20 || c == 0x7f || c == '+' || is_unicode_space(c))
            return false;
        at += len;
    }
    return name.len != 0;
}

static size_t key_len(uint8_t alg)
{
    switch (alg) {
    case OV_NOTE_ED25519:
    case OV_NOTE_COSIGN_ED25519:
        return OV_ED25519_KEY;
    case OV_NOTE_COSIGN_MLDSA44:
        return OV_MLDSA44_KEY;
    default:
        return 0;
    }
}

/* signed-note, "Signatures": the first four bytes of
 * SHA-256(name, newline, type, key). */
static enum ov_status key_id(struct ov_span name, struct ov_span type_and_key,
                             uint8_t ret[static OV_NOTE_ID])
{
    OV_AUTO_DONE(buf)
    b = ov_buf_with_max(OV_NOTE_MAX_NAME + OV_MLDSA44_KEY + 2);
    uint8_t digest[OV_DIGEST_MAX];

    ov_put_span(&b, name);
    ov_put_u8(&b, '\n');
    ov_put_span(&b, type_and_key);
    OV_TRY(ov_buf_status(&b));
    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(&b), digest));
    memcpy(ret, digest, OV_NOTE_ID);
    return OV_OK;
}

/* name, id and what is left (base 64) of NAME+ID+BASE64. */
static enum ov_status split_vkey(struct ov_span text, struct ov_vkey *k,
                                 struct ov_span *ret_base64)
{
    struct ov_span name;
    struct ov_span id;

    /* Base 64 has plus signs, names and ids have none. */
    if (!ov_span_cut(&text, '+', &name) || !ov_span_cut(&text, '+', &id) ||
        !ov_key_name_is_valid(name) || !ov_hex_decode(id, k->id, OV_NOTE_ID))
        return OV_MALFORMED;
    if (name.len > OV_NOTE_MAX_NAME)
        return OV_LIMIT_SIZE;
    memcpy(k->name, name.ptr, name.len);
    k->name[name.len] = 0;
    *ret_base64 = text;
    return OV_OK;
}

enum ov_status ov_vkey_parse(struct ov_span text, struct ov_vkey *ret)
{
    struct ov_vkey k = {.alg = 0};
    uint8_t material[1 + OV_MLDSA44_KEY];
    uint8_t digest[OV_DIGEST_MAX];
    uint8_t id[OV_NOTE_ID];
    struct ov_span base64;
    size_t len;

    OV_TRY(split_vkey(text, &k, &base64));
    if (!ov_base64_len(base64, &len) || len == 0)
        return OV_MALFORMED;
    if (len > sizeof(material))
        return OV_UNSUPPORTED;
    if (!ov_base64_decode(base64, material, len))
        return OV_MALFORMED;
    k.alg = material[0];
    if (key_len(k.alg) == 0)
        return OV_UNSUPPORTED;
    if (len != 1 + key_len(k.alg))
        return OV_MALFORMED;
    OV_TRY(key_id(ov_span_str(k.name), ov_span_of(material, len), id));
    if (memcmp(id, k.id, sizeof(id)) != 0)
        return OV_BAD_DIGEST;
    if (k.alg == OV_NOTE_COSIGN_MLDSA44) {
        OV_TRY(ov_digest(OV_SHA256, ov_span_of(material + 1, len - 1), digest));
        memcpy(k.key, digest, sizeof(k.key));
        k.long_key = base64;
    } else {
        memcpy(k.key, material + 1, sizeof(k.key));
    }
    *ret = k;
    return OV_OK;
}

static void vkey_material(const struct ov_vkey *k,
                          uint8_t ret[static 1 + OV_ED25519_KEY])
{
    ret[0] = k->alg;
    memcpy(ret + 1, k->key, OV_ED25519_KEY);
}

void ov_put_vkey(struct ov_buf *b, const struct ov_vkey *k)
{
    uint8_t material[1 + OV_ED25519_KEY];

    ov_put_str(b, k->name);
    ov_put_u8(b, '+');
    ov_put_hex(b, ov_span_of(k->id, sizeof(k->id)));
    ov_put_u8(b, '+');
    if (k->alg == OV_NOTE_COSIGN_MLDSA44) {
        ov_put_span(b, k->long_key);
        return;
    }
    vkey_material(k, material);
    ov_put_base64(b, ov_span_of(material, sizeof(material)));
}

enum ov_status ov_vkey_make(const char *name, enum ov_note_alg alg,
                            const uint8_t public_key[static OV_ED25519_KEY],
                            struct ov_vkey *ret)
{
    struct ov_vkey k = {.alg = (uint8_t)alg};
    uint8_t material[1 + OV_ED25519_KEY];
    struct ov_span n = ov_span_str(name);

    if (!ov_key_name_is_valid(n) || n.len > OV_NOTE_MAX_NAME ||
        key_len(k.alg) != OV_ED25519_KEY)
        return OV_USAGE;
    memcpy(k.name, n.ptr, n.len);
    memcpy(k.key, public_key, sizeof(k.key));
    vkey_material(&k, material);
    OV_TRY(key_id(n, ov_span_of(material, sizeof(material)), k.id));
    *ret = k;
    return OV_OK;
}

bool ov_vkey_same_key(const struct ov_vkey *a, const struct ov_vkey *b)
{
    bool is_pq = a->alg == OV_NOTE_COSIGN_MLDSA44;

    return is_pq == (b->alg == OV_NOTE_COSIGN_MLDSA44) &&
           memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

static bool text_is_valid(struct ov_span text)
{
    for (size_t at = 0; at < text.len;) {
        size_t len = ov_utf8_len(ov_span_clip(text, at, text.len));

        if (len == 0 || (text.ptr[at] < 0x20 && text.ptr[at] != '\n'))
            return false;
        at += len;
    }
    return true;
}

/* Cuts at the last blank line: text with its newline, and the signatures. */
static bool split_note(struct ov_span note, struct ov_span *ret_text,
                       struct ov_span *ret_sigs)
{
    for (size_t at = note.len; at >= 2; at--) {
        if (note.ptr[at - 1] == '\n' && note.ptr[at - 2] == '\n') {
            *ret_text = ov_span_clip(note, 0, at - 1);
            *ret_sigs = ov_span_clip(note, at, note.len);
            return true;
        }
    }
    return false;
}

/* line: without its newline. */
static enum ov_status parse_signature(struct ov_arena *a, struct ov_span line,
                                      struct ov_note_signature *ret)
{
    struct ov_note_signature s = {.name = {0}};
    uint8_t *bytes;
    size_t len;

    if (!ov_span_starts(line, OV_SPAN_LIT(DASH)))
        return OV_MALFORMED;
    line = ov_span_clip(line, sizeof(DASH) - 1, line.len);
    if (!ov_span_cut(&line, ' ', &s.name) || !ov_key_name_is_valid(s.name) ||
        !ov_base64_len(line, &len) || len <= OV_NOTE_ID)
        return OV_MALFORMED;
    bytes = ov_arena_alloc(a, len);
    if (bytes == NULL)
        return OV_NO_MEMORY;
    if (!ov_base64_decode(line, bytes, len))
        return OV_MALFORMED;
    memcpy(s.id, bytes, OV_NOTE_ID);
    s.bytes = ov_span_of(bytes + OV_NOTE_ID, len - OV_NOTE_ID);
    *ret = s;
    return OV_OK;
}

enum ov_status ov_note_parse(struct ov_arena *a, struct ov_span bytes,
                             struct ov_note *ret)
{
    struct ov_span text;
    struct ov_span sigs;
    size_t n = 0;

    if (bytes.len > OV_NOTE_MAX_SIZE)
        return OV_LIMIT_SIZE;
    if (!text_is_valid(bytes) || !split_note(bytes, &text, &sigs) ||
        !ov_span_ends(sigs, OV_SPAN_LIT("\n")))
        return OV_MALFORMED;
    while (sigs.len != 0) {
        struct ov_span line;
        const uint8_t *start = sigs.ptr;

        ov_span_cut(&sigs, '\n', &line);
        if (n == OV_NOTE_MAX_SIGS)
            return OV_LIMIT_COUNT;
        OV_TRY(parse_signature(a, line, &ret->sigs[n]));
        ret->sigs[n++].line = ov_span_of(start, line.len + 1);
    }
    ret->text = text;
    ret->n_sigs = n;
    return OV_OK;
}

bool ov_note_signature_is_of(const struct ov_note_signature *s,
                             const struct ov_vkey *k)
{
    return ov_span_equal(s->name, ov_span_str(k->name)) &&
           memcmp(s->id, k->id, sizeof(s->id)) == 0;
}

/* tlog-cosignature, "Format" and "Ed25519 signed message". */
static enum ov_status verify_cosignature(const struct ov_vkey *k,
                                         struct ov_span text,
                                         struct ov_span sig, uint64_t *ret_time)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_NOTE_MAX_SIZE + 64);
    struct ov_reader r = ov_reader_over(sig);
    uint64_t time = ov_read_u64be(&r);
    struct ov_span rest = ov_reader_rest(&r);

    if (time > INT64_MAX)
        return OV_BAD_SIGNATURE;
    if (k->alg == OV_NOTE_COSIGN_MLDSA44)
        return rest.len == OV_MLDSA44_SIG ? OV_UNSUPPORTED : OV_BAD_SIGNATURE;
    if (rest.len != OV_ED25519_SIG)
        return OV_BAD_SIGNATURE;
    ov_put_cosigned_text(&b, text, time);
    OV_TRY(ov_buf_status(&b));
    OV_TRY(ov_ed25519_verify(k->key, ov_buf_span(&b), rest.ptr));
    *ret_time = time;
    return OV_OK;
}

enum ov_status ov_vkey_verify(const struct ov_vkey *k, struct ov_span text,
                              struct ov_span sig, uint64_t *ret_time)
{
    if (k->alg != OV_NOTE_ED25519)
        return verify_cosignature(k, text, sig, ret_time);
    if (sig.len != OV_ED25519_SIG)
        return OV_BAD_SIGNATURE;
    OV_TRY(ov_ed25519_verify(k->key, text, sig.ptr));
    *ret_time = 0;
    return OV_OK;
}

/* Sets the bits of those keys that made s; one of them failing is an error. */
static enum ov_status verify_one(const struct ov_note *n,
                                 const struct ov_note_signature *s,
                                 const struct ov_vkey *keys, size_t n_keys,
                                 uint64_t *which)
{
    for (size_t i = 0; i < n_keys; i++) {
        enum ov_status status;
        uint64_t time;

        if (!ov_note_signature_is_of(s, &keys[i]))
            continue;
        status = ov_vkey_verify(&keys[i], n->text, s->bytes, &time);
        if (status == OV_UNSUPPORTED)
            continue;
        if (status != OV_OK)
            return status;
        *which |= UINT64_C(1) << i;
    }
    return OV_OK;
}

enum ov_status ov_note_verify(const struct ov_note *n,
                              const struct ov_vkey *keys, size_t n_keys,
                              uint64_t *ret_which)
{
    uint64_t which = 0;

    if (n_keys > 64)
        return OV_LIMIT_COUNT;
    for (size_t i = 0; i < n->n_sigs; i++)
        OV_TRY(verify_one(n, &n->sigs[i], keys, n_keys, &which));
    if (which == 0)
        return OV_BAD_SIGNATURE;
    *ret_which = which;
    return OV_OK;
}

void ov_put_signature_line(struct ov_buf *b, const struct ov_vkey *k,
                           struct ov_span bytes)
{
    OV_AUTO_DONE(buf) all = ov_buf_with_max(OV_NOTE_MAX_SIZE);

    ov_put_span(&all, ov_span_of(k->id, sizeof(k->id)));
    ov_put_span(&all, bytes);
    if (ov_buf_status(&all) != OV_OK) {
        b->status = ov_buf_status(&all);
        return;
    }
    ov_put_str(b, DASH);
    ov_put_str(b, k->name);
    ov_put_u8(b, ' ');
    ov_put_base64(b, ov_buf_span(&all));
    ov_put_u8(b, '\n');
}

/* Nothing, or signature lines only: otherwise the last blank line is one of
 * the text, and the one that ends it is missing. */
static bool are_signature_lines(struct ov_span sigs)
{
    struct ov_span line;

    while (sigs.len != 0) {
        if (!ov_span_cut(&sigs, '\n', &line) ||
            !ov_span_starts(line, OV_SPAN_LIT(DASH)))
            return false;
    }
    return true;
}

enum ov_status ov_put_note_signature(struct ov_buf *note,
                                     const struct ov_vkey *k,
                                     const uint8_t seed[static OV_ED25519_SEED])
{
    uint8_t sig[OV_ED25519_SIG];
    struct ov_span text;
    struct ov_span sigs;

    OV_TRY(ov_buf_status(note));
    if (k->alg != OV_NOTE_ED25519 || !text_is_valid(ov_buf_span(note)) ||
        !split_note(ov_buf_span(note), &text, &sigs) ||
        !are_signature_lines(sigs))
        return OV_USAGE;
    OV_TRY(ov_ed25519_sign(seed, text, sig));
    ov_put_signature_line(note, k, ov_span_of(sig, sizeof(sig)));
    return ov_buf_status(note);
}
