/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "trust/update_history.h"

/* Which programs the publisher has made public: the newest code-release, proven
 * to be in the log and signed by people and builders, and its manifest. What of
 * it is on this machine is for the caller to look at, who may read files. */

#define MAX_MANIFEST ((size_t)4 << 20)

struct code {
    struct ov_update *u;
    struct ov_buf *out;
    struct ov_buf note;
    struct ov_buf proof_bytes;
    struct ov_buf manifest;
    struct ov_proof proof;
    struct ov_policy_result result;
    struct ov_opened opened;
    struct ov_blob blob; /* of the manifest */
};

static enum ov_status check_proof(struct ov_update *u, void *data,
                                  struct ov_span bytes)
{
    struct code *c = data;
    struct ov_span kept;

    if (!ov_arena_copy(u->arena, bytes, &kept))
        return OV_NO_MEMORY;
    OV_TRY(ov_proof_parse(u->arena, kept, &c->proof));
    OV_TRY(ov_proof_verify(u->arena, &c->proof, ov_buf_span(&c->note),
                           &u->policy, NULL, &c->result));
    /* Whether a next log has begun is for overt update to find out. */
    return ov_update_is_behind_end(u, &c->result.checkpoint) ||
                   !ov_update_has_begun(u, c->result.checkpoint.origin)
               ? OV_BAD_PROOF
               : OV_OK;
}

static enum ov_status check_manifest(struct ov_update *u, void *data,
                                     struct ov_span bytes)
{
    const struct code *c = data;
    struct ov_blob have;

    (void)u;
    OV_TRY(ov_blob_of(bytes, &have));
    return have.len == c->blob.len &&
                   memcmp(have.digest, c->blob.digest, sizeof(have.digest)) == 0
               ? OV_OK
               : OV_BAD_DIGEST;
}

static enum ov_status refuse(struct code *c, enum ov_status status,
                             const char *what)
{
    return ov_update_refuse(
        c->u,
        ov_update_is_absence(status) ? OV_REFUSED_UNREACHABLE : OV_REFUSED_CODE,
        status, "%s: %s", what, ov_status_name(status));
}

static enum ov_status get_note(struct code *c)
{
    struct ov_update *u = c->u;
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);
    const struct ov_update_check check = {check_proof, c};
    uint8_t digest[OV_DIGEST_MAX];
    struct ov_diag diag = {0};
    enum ov_status status =
        ov_update_target(u, "code/overt", OV_ENTRY_MAX, &c->note);

    if (status != OV_OK)
        return u->result->refusal != OV_REFUSED_NOT
                   ? status
                   : refuse(c, status, "code/overt");
    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(&c->note), digest));
    if (!ov_update_put_proof_path(&path, digest))
        return OV_NO_MEMORY;
    status = ov_update_get(u, (char *)path.ptr, OV_UPDATE_MAX_PROOF,
                           &c->proof_bytes, &check);
    if (status != OV_OK)
        return refuse(c, status, "the proof of the code-release");
    status = ov_entry_open(u->arena, ov_buf_span(&c->note), &u->people,
                           c->proof.index, &c->opened, &diag);
    if (status != OV_OK || c->opened.entry.type != OV_ENTRY_CODE_RELEASE)
        return ov_update_refuse(u, OV_REFUSED_CODE, OV_MALFORMED, "%s",
                                diag.text);
    return OV_OK;
}

/* The line of the manifest among the entry's files. */
static bool find_manifest(struct code *c)
{
    struct ov_span value;
    struct ov_span name;

    for (size_t i = 0; ov_entry_value(&c->opened.entry, "file", i, &value);
         i++) {
        if (ov_span_cut(&value, ' ', &name) &&
            ov_span_ends(name, OV_SPAN_LIT(".manifest")))
            return ov_blob_parse(value, &c->blob) &&
                   c->blob.len <= MAX_MANIFEST;
    }
    return false;
}

static enum ov_status get_manifest(struct code *c)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);
    const struct ov_update_check check = {check_manifest, c};
    enum ov_status status;

    if (!find_manifest(c))
        return refuse(c, OV_MALFORMED, "the code-release names no manifest");
    ov_put_str(&path, "cas/sha256/");
    ov_put_hex(&path, ov_span_of(c->blob.digest, 1));
    ov_put_u8(&path, '/');
    ov_put_hex(&path, ov_span_of(c->blob.digest, 32));
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    status = ov_update_get(c->u, (char *)path.ptr, c->blob.len, &c->manifest,
                           &check);
    return status == OV_OK ? OV_OK : refuse(c, status, "the manifest");
}

static enum ov_status run(struct code *c)
{
    struct ov_update *u = c->u;
    struct ov_span version = {0};

    OV_TRY(ov_update_load(u));
    u->now = u->options->now > u->client.vouched ? u->options->now
                                                 : u->client.vouched;
    OV_TRY(ov_update_metadata(u));
    OV_TRY(ov_update_policy(u));
    OV_TRY(get_note(c));
    OV_TRY(get_manifest(c));
    (void)ov_entry_value(&c->opened.entry, "version", 0, &version);
    ov_put_format(c->out,
                  "ok programs %.*s: entry %llu of the log, signed by %u "
                  "people and %u builders\n",
                  (int)version.len, (const char *)version.ptr,
                  (unsigned long long)c->proof.index,
                  c->opened.signers.count[OV_PERSON],
                  c->opened.signers.count[OV_BUILDER]);
    ov_put_span(c->out, ov_buf_span(&c->manifest));
    return ov_buf_status(c->out);
}

enum ov_status ov_update_code(const struct ov_update_io *io,
                              const struct ov_update_options *options,
                              struct ov_update_result *ret, struct ov_buf *into)
{
    OV_AUTO(update) u = ov_update_new(io, options, ret);
    struct code *c = u == NULL ? NULL : ov_arena_alloc(u->arena, sizeof(*c));
    enum ov_status status;

    *ret = (struct ov_update_result){0};
    if (c == NULL) {
        ret->refusal = OV_REFUSED_MEMORY;
        return OV_NO_MEMORY;
    }
    c->u = u;
    c->out = into;
    c->note = ov_buf_with_max(OV_ENTRY_MAX);
    c->proof_bytes = ov_buf_with_max(OV_UPDATE_MAX_PROOF);
    c->manifest = ov_buf_with_max(MAX_MANIFEST);
    status = run(c);
    if (status != OV_OK && ret->refusal == OV_REFUSED_NOT)
        (void)refuse(c, status, "the programs");
    ov_buf_done(&c->note);
    ov_buf_done(&c->proof_bytes);
    ov_buf_done(&c->manifest);
    return status;
}
