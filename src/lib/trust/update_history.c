/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/update_history.h"

#include "base/base64.h"
#include "base/text.h"

/* That the log has one history for everybody: each checkpoint that is believed
 * continues the one that this machine saw last. That holds over the turn of a
 * log as well, since the next log begins with all entries of the one before it
 * (update_turn.c); so one tree is followed, whatever it is called. */

#define MAX_CONSISTENCY 4096

struct ov_update_tree ov_update_tree_of(const struct ov_checkpoint *c)
{
    struct ov_update_tree t = {.size = c->size};

    memcpy(t.root, c->root, sizeof(t.root));
    return t;
}

struct step {
    const struct ov_update_tree *old;
    const struct ov_update_tree *new;
};

static enum ov_status check_consistency(struct ov_update *u, void *data,
                                        struct ov_span bytes)
{
    const struct step *s = data;
    uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    size_t n = 0;

    (void)u;
    while (bytes.len > 0) {
        struct ov_span line;

        (void)ov_span_cut(&bytes, '\n', &line);
        if (n == OV_MERKLE_MAX_PROOF ||
            !ov_base64_decode(line, proof[n], OV_MERKLE_HASH))
            return OV_MALFORMED;
        n++;
    }
    return ov_merkle_check_consistency(s->old->size, s->old->root, s->new->size,
                                       s->new->root, proof, n);
}

static enum ov_status check_by_tiles(struct ov_update *u, const struct step *s)
{
    struct ov_update_tiles t = {u, 0};
    struct ov_tile_tree tree = {s->new->size, &t, ov_update_get_tile};
    struct ov_merkle_source source = ov_tile_source(&tree);
    uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    enum ov_status status = OV_NOT_FOUND;
    size_t n;

    for (; t.mirror < u->options->n_mirrors && status != OV_OK; t.mirror++) {
        status = ov_merkle_prove_consistency(&source, s->old->size,
                                             s->new->size, proof, &n);
        if (status == OV_OK)
            status = ov_merkle_check_consistency(s->old->size, s->old->root,
                                                 s->new->size, s->new->root,
                                                 proof, n);
    }
    return status;
}

/* Either of the two may be the older. OV_BAD_PROOF: not one history. */
enum ov_status ov_update_consistent(struct ov_update *u,
                                    const struct ov_update_tree *a,
                                    const struct ov_update_tree *b)
{
    struct step s = {a->size <= b->size ? a : b, a->size <= b->size ? b : a};
    const struct ov_update_check check = {check_consistency, &s};
    OV_AUTO_DONE(buf) path = ov_buf_with_max(128);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_CONSISTENCY);
    enum ov_status status;
    enum ov_status by_tiles;

    if (s.old->size == s.new->size || s.old->size == 0)
        return check_consistency(u, &s, (struct ov_span){0});
    ov_put_format(&path, "consistency/%llu-%llu",
                  (unsigned long long)s.old->size,
                  (unsigned long long)s.new->size);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    status =
        ov_update_get(u, (char *)path.ptr, MAX_CONSISTENCY, &bytes, &check);
    if (status == OV_OK)
        return OV_OK;
    by_tiles = check_by_tiles(u, &s);
    return ov_update_is_absence(by_tiles) && !ov_update_is_absence(status)
               ? status
               : by_tiles;
}

void ov_update_keep_evidence(struct ov_update *u, struct ov_span note)
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(128);
    uint8_t digest[OV_DIGEST_MAX];

    if (ov_digest(OV_SHA256, note, digest) != OV_OK)
        return;
    ov_put_str(&name, "evidence/checkpoint-");
    ov_put_hex(&name, ov_span_of(digest, 8));
    ov_put_u8(&name, 0);
    if (ov_buf_status(&name) == OV_OK)
        (void)!u->io->state_put(u->io->data, (char *)name.ptr,
                                note); /* it is refused all the same */
}

enum ov_status ov_update_refuse_history(struct ov_update *u, struct ov_span a,
                                        struct ov_span b, enum ov_status status)
{
    if (ov_update_is_absence(status))
        return ov_update_refuse(u, OV_REFUSED_UNREACHABLE, status,
                                "proof that the log has only grown");
    ov_update_keep_evidence(u, a);
    ov_update_keep_evidence(u, b);
    return ov_update_refuse(u, OV_REFUSED_SPLIT_VIEW, OV_SPLIT_VIEW, "%s",
                            ov_status_name(status));
}

static void remember(struct ov_update *u, const struct ov_policy_result *r)
{
    struct ov_client_state *c = &u->client;
    struct ov_span origin = r->checkpoint.origin;

    memset(c->origin, 0, sizeof(c->origin));
    memcpy(c->origin, origin.ptr,
           origin.len < sizeof(c->origin) ? origin.len : sizeof(c->origin) - 1);
    c->size = r->checkpoint.size;
    memcpy(c->root, r->checkpoint.root, sizeof(c->root));
    c->witnessed = r->vouched;
    if (c->vouched < r->vouched)
        c->vouched = r->vouched;
    c->cosigners = (uint64_t)__builtin_popcountll(r->cosigners);
}

/* 0: it has not ended, as far as this machine knows. */
uint64_t ov_update_ended_at(const struct ov_update *u, struct ov_span origin)
{
    for (size_t i = 0; i < u->client.n_ended; i++) {
        if (ov_span_equal(origin, ov_span_str(u->client.ended[i].origin)))
            return u->client.ended[i].size;
    }
    return 0;
}

bool ov_update_is_behind_end(const struct ov_update *u,
                             const struct ov_checkpoint *c)
{
    uint64_t end = ov_update_ended_at(u, c->origin);

    return end != 0 && c->size > end;
}

static bool is_followed(const struct ov_update *u, struct ov_span origin)
{
    return ov_span_equal(origin, ov_span_str(u->client.origin)) ||
           ov_update_ended_at(u, origin) != 0;
}

bool ov_update_has_begun(const struct ov_update *u, struct ov_span origin)
{
    bool has_begun = u->client.origin[0] == '\0';

    for (size_t i = u->policy.n_logs; i-- > 0 && !has_begun;) {
        struct ov_span name = ov_span_str(u->policy.logs[i].key.name);

        has_begun = is_followed(u, name);
        if (ov_span_equal(name, origin))
            break;
    }
    return has_begun;
}

static enum ov_status refuse_ended(struct ov_update *u, struct ov_span note,
                                   const struct ov_checkpoint *c)
{
    ov_update_keep_evidence(u, note);
    return ov_update_refuse(
        u, OV_REFUSED_LOG_ENDED, OV_SPLIT_VIEW, "%llu entries, %llu at its end",
        (unsigned long long)c->size,
        (unsigned long long)ov_update_ended_at(u, c->origin));
}

/* At once, and not only if all else goes well: what was verified of the log's
 * history must not be taken back by a later refusal. */
static enum ov_status
keep(struct ov_update *u, const struct ov_policy_result *r, struct ov_span note)
{
    remember(u, r);
    OV_TRY(u->io->state_put(u->io->data, "trust/checkpoint", note));
    return ov_update_save(u);
}

/* That this is how the log which was seen last goes on, or began. */
static enum ov_status check_continues(struct ov_update *u,
                                      const struct ov_policy_result *r,
                                      struct ov_span note)
{
    OV_AUTO_DONE(buf) last = ov_buf_with_max(OV_UPDATE_MAX_CHECKPOINT);
    struct ov_update_tree seen = {.size = u->client.size};
    struct ov_update_tree now = ov_update_tree_of(&r->checkpoint);
    const struct ov_checkpoint *c = &r->checkpoint;
    enum ov_status status;

    memcpy(seen.root, u->client.root, sizeof(seen.root));
    if (ov_update_is_behind_end(u, c))
        return refuse_ended(u, note, c);
    if (!is_followed(u, c->origin))
        OV_TRY(ov_update_turn(u, r, note));
    status = ov_update_consistent(u, &seen, &now);
    if (status == OV_OK)
        return OV_OK;
    (void)!u->io->state_get(u->io->data, "trust/checkpoint", &last);
    return ov_update_refuse_history(u, ov_buf_span(&last), note, status);
}

enum ov_status ov_update_follow(struct ov_update *u,
                                const struct ov_policy_result *r,
                                struct ov_span note)
{
    const struct ov_client_state before = u->client;
    enum ov_status status;

    if (u->client.origin[0] == '\0')
        return keep(u, r, note);
    status = check_continues(u, r, note);
    if (status != OV_OK) {
        u->client = before; /* no log has ended because of what is refused */
        return status;
    }
    if (r->checkpoint.size < before.size ||
        (r->checkpoint.size == before.size && r->vouched <= before.witnessed))
        return OV_OK;
    return keep(u, r, note);
}
