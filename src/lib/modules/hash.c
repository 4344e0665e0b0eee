/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "hash" (YARA documentation, "Hash module"): digests and checksums
 * of a range of the object, or of a string. Digests are lower-case hexadecimal.
 *
 * A range that begins behind the end has none (undefined), one that reaches
 * behind it is cut there. The digest of the whole object is the one that the
 * engine has of it; of other ranges those that were asked for last are kept,
 * since rule sets ask the same ranges over and over. Each byte costs a step. */
#include <libdeflate.h>

#include "base/text.h"
#include "modules/module.h"

#define N_KEPT 32

enum hash_kind {
    HASH_MD5 = OV_MD5,
    HASH_SHA1 = OV_SHA1,
    HASH_SHA256 = OV_SHA256,
    HASH_CRC32,
    HASH_CHECKSUM32
};

struct kept {
    enum hash_kind kind;
    struct ov_span bytes;
    struct ov_datum value;
};

struct hash_state {
    struct kept kept[N_KEPT];
    uint32_t n;
    uint32_t next;
};

static enum ov_status give_hex(struct ov_arena *arena, struct ov_span digest,
                               struct ov_datum *ret)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max((size_t)OV_DIGEST_MAX * 2);
    struct ov_span kept;

    ov_put_hex(&text, digest);
    OV_TRY(ov_buf_status(&text));
    if (!ov_arena_copy(arena, ov_buf_span(&text), &kept))
        return OV_NO_MEMORY;
    *ret = ov_datum_text(kept);
    return OV_OK;
}

/* The engine's digest if the bytes are all of the object's, or one made here;
 * OV_UNSUPPORTED where OpenSSL's policy forbids it. */
static enum ov_status digest_of(const struct ov_module_input *in,
                                enum ov_digest_kind kind, struct ov_span bytes,
                                struct ov_datum *ret)
{
    uint8_t made[OV_DIGEST_MAX];
    const uint8_t *digest = NULL;

    if (in->digest != NULL && bytes.len == in->bytes.len &&
        bytes.ptr == in->bytes.ptr)
        digest = in->digest(in->object, kind);
    if (digest == NULL) {
        OV_TRY(ov_budget_spend(in->budget, OV_COST_STEPS, bytes.len));
        OV_TRY(ov_digest(kind, bytes, made));
        digest = made;
    }
    return give_hex(in->arena, ov_span_of(digest, ov_digest_len(kind)), ret);
}

static uint32_t checksum_of(struct ov_span bytes)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < bytes.len; i++)
        sum += bytes.ptr[i];
    return sum;
}

static enum ov_status hash_bytes(const struct ov_module_input *in,
                                 enum hash_kind kind, struct ov_span bytes,
                                 struct ov_datum *ret)
{
    enum ov_status status;

    if (kind == HASH_CRC32 || kind == HASH_CHECKSUM32) {
        OV_TRY(ov_budget_spend(in->budget, OV_COST_STEPS, bytes.len));
        *ret = ov_datum_integer(
            kind == HASH_CHECKSUM32
                ? checksum_of(bytes)
                : libdeflate_crc32(0,
                                   bytes.len > 0 ? (const void *)bytes.ptr
                                                 : (const void *)"",
                                   bytes.len));
        return OV_OK;
    }
    *ret = (struct ov_datum){0};
    status = digest_of(in, (enum ov_digest_kind)kind, bytes, ret);
    return status == OV_UNSUPPORTED ? OV_OK : status;
}

static enum ov_status hash_range(struct ov_module_run *run, enum hash_kind kind,
                                 struct ov_span bytes, struct ov_datum *ret)
{
    struct hash_state *state = run->state;
    struct kept *kept;

    if (state == NULL)
        state = run->state = ov_arena_alloc(run->in->arena, sizeof(*state));
    if (state == NULL)
        return OV_NO_MEMORY;
    for (uint32_t i = 0; i < state->n; i++) {
        kept = &state->kept[i];
        if (kept->kind == kind && kept->bytes.len == bytes.len &&
            kept->bytes.ptr == bytes.ptr) {
            *ret = kept->value;
            return OV_OK;
        }
    }
    OV_TRY(hash_bytes(run->in, kind, bytes, ret));
    state->kept[state->next] = (struct kept){kind, bytes, *ret};
    state->next = (state->next + 1) % N_KEPT;
    if (state->n < N_KEPT)
        state->n++;
    return OV_OK;
}

/* The arguments: a string, or offset and length. */
static enum ov_status hash_arguments(struct ov_module_call *call,
                                     enum hash_kind kind, struct ov_datum *ret)
{
    const struct ov_datum *argument = call->arguments;
    struct ov_span bytes;

    if (argument[0].kind == OV_DATUM_STRING)
        return hash_bytes(call->run->in, kind, argument[0].text, ret);
    if (!ov_module_range(call->run->in, argument[0].number, argument[1].number,
                         &bytes)) {
        *ret = (struct ov_datum){0};
        return OV_OK;
    }
    return hash_range(call->run, kind, bytes, ret);
}

static enum ov_status call_md5(struct ov_module_call *call,
                               struct ov_datum *ret)
{
    return hash_arguments(call, HASH_MD5, ret);
}

static enum ov_status call_sha1(struct ov_module_call *call,
                                struct ov_datum *ret)
{
    return hash_arguments(call, HASH_SHA1, ret);
}

static enum ov_status call_sha256(struct ov_module_call *call,
                                  struct ov_datum *ret)
{
    return hash_arguments(call, HASH_SHA256, ret);
}

static enum ov_status call_crc32(struct ov_module_call *call,
                                 struct ov_datum *ret)
{
    return hash_arguments(call, HASH_CRC32, ret);
}

static enum ov_status call_checksum32(struct ov_module_call *call,
                                      struct ov_datum *ret)
{
    return hash_arguments(call, HASH_CHECKSUM32, ret);
}

static const struct ov_function md5[] = {
    {.arguments = "ii", .result = OV_DATUM_STRING, .call = call_md5},
    {.arguments = "s", .result = OV_DATUM_STRING, .call = call_md5},
};
static const struct ov_function sha1[] = {
    {.arguments = "ii", .result = OV_DATUM_STRING, .call = call_sha1},
    {.arguments = "s", .result = OV_DATUM_STRING, .call = call_sha1},
};
static const struct ov_function sha256[] = {
    {.arguments = "ii", .result = OV_DATUM_STRING, .call = call_sha256},
    {.arguments = "s", .result = OV_DATUM_STRING, .call = call_sha256},
};
static const struct ov_function checksum32[] = {
    {.arguments = "ii", .result = OV_DATUM_INTEGER, .call = call_checksum32},
    {.arguments = "s", .result = OV_DATUM_INTEGER, .call = call_checksum32},
};
static const struct ov_function crc32_of[] = {
    {.arguments = "ii", .result = OV_DATUM_INTEGER, .call = call_crc32},
    {.arguments = "s", .result = OV_DATUM_INTEGER, .call = call_crc32},
};

static const struct ov_field fields[] = {
    OV_FIELD_FUNCTION("md5", md5),
    OV_FIELD_FUNCTION("sha1", sha1),
    OV_FIELD_FUNCTION("sha256", sha256),
    OV_FIELD_FUNCTION("checksum32", checksum32),
    OV_FIELD_FUNCTION("crc32", crc32_of),
};

extern const struct ov_module ov_module_hash;
const struct ov_module ov_module_hash = {
    .name = "hash",
    .root = OV_STRUCTURE(fields),
};
