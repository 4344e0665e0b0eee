/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/cloud_run.h"

#include <stdio.h>

#include "base/text.h"
#include "log/proof.h"

/* Trust is the machine's own: the policy and the people that its updates have
 * brought. The cloud brings none. */

#define ARENA ((size_t)64 << 20)
#define MAX_CLIENT 8192

/* The log as updates have seen it last. */
static enum ov_status load_seen(struct ov_cloud *c)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_CLIENT);
    enum ov_status status =
        c->io->state_get(c->io->data, "trust/client", &text);

    if (status == OV_NOT_FOUND)
        return OV_OK;
    OV_TRY(status);
    return ov_client_state_read(ov_buf_span(&text), &c->seen);
}

static enum ov_status load_trust(struct ov_cloud *c)
{
    const struct ov_cloud_io *io = c->io;
    enum ov_status status =
        io->state_get(io->data, "trust/policy", &c->policy_text);

    if (status == OV_OK)
        status = io->state_get(io->data, "trust/people", &c->people_text);
    if (status == OV_NOT_FOUND)
        return ov_diag_set(
            c->diag, OV_NOT_FOUND, 0,
            "no publisher is trusted here yet: overt update --root FILE "
            "comes first");
    OV_TRY(status);
    OV_TRY(ov_policy_parse(c->arena, ov_buf_span(&c->policy_text), &c->policy,
                           c->diag));
    OV_TRY(ov_people_parse(c->arena, ov_buf_span(&c->people_text), &c->people,
                           c->diag));
    return load_seen(c);
}

/* What was believed when it was written is believed again, or not. */
static enum ov_status load_state(struct ov_cloud *c)
{
    const struct ov_cloud_io *io = c->io;
    struct ov_entry *e = ov_arena_alloc(c->arena, sizeof(*e));
    enum ov_status status =
        io->state_get(io->data, OV_CLOUD_CURRENT, &c->current);

    if (status == OV_NOT_FOUND)
        return OV_OK;
    OV_TRY(status);
    if (e == NULL)
        return OV_NO_MEMORY;
    status = ov_cloud_state_read(ov_buf_span(&c->current), &c->state);
    if (status == OV_OK)
        status = ov_cloud_believe(c, c->state.note, c->state.proof, e);
    if (status == OV_OK)
        status = ov_snapshot_read(e, &c->snapshot);
    c->has_state = status == OV_OK;
    return status == OV_NO_MEMORY ? status : OV_OK; /* else it is got anew */
}

enum ov_status ov_cloud_begin(struct ov_cloud *c, const struct ov_cloud_io *io,
                              const struct ov_cloud_options *o,
                              struct ov_diag *diag)
{
    *c = (struct ov_cloud){.io = io,
                           .options = o,
                           .diag = diag,
                           .arena = ov_arena_new(ARENA),
                           .policy_text = ov_buf_with_max(OV_POLICY_MAX_SIZE),
                           .people_text = ov_buf_with_max(OV_PEOPLE_MAX_SIZE),
                           .current = ov_buf_with_max(OV_CLOUD_MAX_CURRENT)};
    if (c->arena == NULL)
        return OV_NO_MEMORY;
    OV_TRY(load_trust(c));
    return load_state(c);
}

void ov_cloud_end(struct ov_cloud *c)
{
    ov_buf_done(&c->policy_text);
    ov_buf_done(&c->people_text);
    ov_buf_done(&c->current);
    ov_arena_free(c->arena);
}

/* What can be told without the log's tiles; the rest is for the next update
 * (trust/update_cloud.c). */
static bool is_other_history(const struct ov_cloud *c,
                             const struct ov_checkpoint *there)
{
    for (size_t i = 0; i < c->seen.n_ended; i++)
        if (ov_span_equal(there->origin,
                          ov_span_str(c->seen.ended[i].origin)) &&
            there->size > c->seen.ended[i].size)
            return true;
    return ov_span_equal(there->origin, ov_span_str(c->seen.origin)) &&
           there->size == c->seen.size &&
           memcmp(there->root, c->seen.root, sizeof(there->root)) != 0;
}

enum ov_status ov_cloud_keep_checkpoint(struct ov_cloud *c,
                                        struct ov_span proof)
{
    uint8_t digest[OV_DIGEST_MAX];
    struct ov_proof p;
    char name[40];

    OV_TRY(ov_proof_parse(c->arena, proof, &p));
    OV_TRY(ov_digest(OV_SHA256, p.checkpoint, digest));
    (void)snprintf(name, sizeof(name), OV_UPDATE_CLOUD_CHECKPOINT,
                   digest[0] % OV_UPDATE_CLOUD_CHECKPOINTS); /* has room */
    return c->io->state_put(c->io->data, name, p.checkpoint);
}

enum ov_status ov_cloud_believe(struct ov_cloud *c, struct ov_span note,
                                struct ov_span proof, struct ov_entry *ret)
{
    struct ov_policy_result *result = ov_arena_alloc(c->arena, sizeof(*result));
    struct ov_opened *opened = ov_arena_alloc(c->arena, sizeof(*opened));
    struct ov_proof p;

    if (result == NULL || opened == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_proof_parse(c->arena, proof, &p));
    OV_TRY(ov_proof_verify(c->arena, &p, note, &c->policy, NULL, result));
    if (is_other_history(c, &result->checkpoint))
        return OV_SPLIT_VIEW;
    OV_TRY(ov_entry_open(c->arena, note, &c->people, p.index, opened, c->diag));
    *ret = opened->entry;
    return OV_OK;
}

/* A server that lies all day must not fill the disk. */
static void keep_evidence(struct ov_cloud *c, const char *what,
                          struct ov_span bytes)
{
    OV_AUTO_DONE(buf) kept = ov_buf_with_max(OV_CLOUD_EVIDENCE_BYTES + 256);
    uint8_t digest[OV_DIGEST_MAX];
    char name[64];

    if (ov_digest(OV_SHA256, bytes, digest) != OV_OK)
        return;
    ov_put_str(&kept, "sha256 ");
    ov_put_hex(&kept, ov_span_of(digest, 32));
    ov_put_format(&kept, "\nlength %llu\n\n", (unsigned long long)bytes.len);
    ov_put_span(&kept, ov_span_clip(bytes, 0, OV_CLOUD_EVIDENCE_BYTES));
    (void)snprintf(name, sizeof(name), "evidence/cloud-%s-%u", what,
                   digest[0] % OV_CLOUD_EVIDENCE_SLOTS); /* has room */
    if (ov_buf_status(&kept) == OV_OK)
        (void)!c->io->state_put(c->io->data, name,
                                ov_buf_span(&kept)); /* told anyway */
}

enum ov_status ov_cloud_refuse(struct ov_cloud *c, enum ov_status status,
                               const char *what, struct ov_span bytes)
{
    if (status == OV_NO_MEMORY)
        return status;
    keep_evidence(c, what, bytes);
    return ov_diag_set(c->diag, status, 0,
                       "REFUSED: the %s that was served is not what the log "
                       "vouches for: %s; it is kept in evidence",
                       what, ov_status_name(status));
}

enum ov_status ov_cloud_kept(struct ov_cloud *c,
                             const uint8_t digest[static 32], uint64_t len,
                             struct ov_buf *into)
{
    char name[OV_CLOUD_NAME_SIZE];
    uint8_t have[OV_DIGEST_MAX];

    ov_cloud_file_name(digest, name);
    ov_buf_done(into);
    into->max = len;
    OV_TRY(c->io->state_get(c->io->data, name, into));
    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(into), have));
    return into->len == len && memcmp(have, digest, 32) == 0 ? OV_OK
                                                             : OV_BAD_DIGEST;
}
