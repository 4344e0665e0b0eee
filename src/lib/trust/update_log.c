/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "trust/update_history.h"

/* Steps proof to roll-out: that what TUF says is also public, and that
 * strangers have seen it lately. That the log has one history:
 * update_history.c. */

bool ov_update_put_proof_path(struct ov_buf *b, const uint8_t digest[static 32])
{
    ov_put_str(b, "proof/");
    ov_put_hex(b, ov_span_of(digest, 32));
    ov_put_str(b, ".tlog-proof");
    ov_put_u8(b, 0);
    return ov_buf_status(b) == OV_OK;
}

/* ---- entries that come inside of their own proof ---- */

struct claim {
    enum ov_entry_type type;
    const char *role; /* of a key event */
    const uint8_t *digest;
    struct ov_opened *opened;
    struct ov_policy_result result;
    uint64_t index;
};

/* A claim counts in logs of which it was verified how they begin: otherwise
 * that comes first. */
static enum ov_status check_begun(struct ov_update *u,
                                  const struct ov_policy_result *r,
                                  struct ov_span note)
{
    if (ov_update_is_behind_end(u, &r->checkpoint))
        return OV_BAD_PROOF;
    return ov_update_has_begun(u, r->checkpoint.origin)
               ? OV_OK
               : ov_update_follow(u, r, note);
}

/* The entry in the proof's extra line is in the log, is signed by those who
 * may, and says what is claimed. */
static enum ov_status check_claim(struct ov_update *u, void *data,
                                  struct ov_span bytes)
{
    struct claim *c = data;
    struct ov_diag diag = {0};
    const struct ov_entry *e = &c->opened->entry;
    struct ov_proof proof;
    struct ov_span kept;
    uint8_t said[OV_DIGEST_MAX];

    ov_update_allow(u); /* what another mirror was refused for */
    if (!ov_arena_copy(u->arena, bytes, &kept))
        return OV_NO_MEMORY;
    OV_TRY(ov_proof_parse(u->arena, kept, &proof));
    OV_TRY(ov_proof_verify(u->arena, &proof, proof.extra, &u->policy, NULL,
                           &c->result));
    OV_TRY(check_begun(u, &c->result, proof.checkpoint));
    OV_TRY(ov_entry_open(u->arena, proof.extra, &u->people, proof.index,
                         c->opened, &diag));
    c->index = proof.index;
    if (e->type != c->type)
        return OV_BAD_PROOF;
    if (c->type == OV_ENTRY_KEY_EVENT && !ov_entry_is(e, "role", c->role))
        return OV_BAD_PROOF;
    if (c->type == OV_ENTRY_RECALL) /* the entry itself has the digest */
        OV_TRY(ov_digest(OV_SHA256, proof.extra, said));
    else if (!ov_entry_digest(e, "file", said, NULL))
        return OV_BAD_PROOF;
    return memcmp(said, c->digest, sizeof(said)) == 0 ? OV_OK : OV_BAD_PROOF;
}

/* If what is claimed is refused for the log's history, that is u's refusal. */
static enum ov_status get_claim(struct ov_update *u, struct claim *c)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_UPDATE_MAX_PROOF);
    const struct ov_update_check check = {check_claim, c};

    ov_update_allow(u);
    c->opened = ov_arena_alloc(u->arena, sizeof(*c->opened));
    if (c->opened == NULL || !ov_update_put_proof_path(&path, c->digest))
        return OV_NO_MEMORY;
    return ov_update_get(u, (char *)path.ptr, OV_UPDATE_MAX_PROOF, &bytes,
                         &check);
}

enum ov_status ov_update_public_at(struct ov_update *u, const char *role,
                                   const uint8_t digest[static 32],
                                   uint64_t *ret)
{
    struct claim c = {
        .type = OV_ENTRY_KEY_EVENT, .role = role, .digest = digest};

    OV_TRY(get_claim(u, &c));
    *ret = c.index;
    return OV_OK;
}

enum ov_status ov_update_public_recall(struct ov_update *u,
                                       const uint8_t digest[static 32],
                                       struct ov_opened **ret,
                                       uint64_t *ret_index)
{
    struct claim c = {.type = OV_ENTRY_RECALL, .digest = digest};

    OV_TRY(get_claim(u, &c));
    *ret = c.opened;
    *ret_index = c.index;
    return OV_OK;
}

enum ov_status ov_update_public_notice(struct ov_update *u,
                                       const uint8_t digest[static 32],
                                       struct ov_opened **ret)
{
    struct claim c = {.type = OV_ENTRY_NOTICE, .digest = digest};

    OV_TRY(get_claim(u, &c));
    *ret = c.opened;
    return OV_OK;
}

/* ---- the release's proof ---- */

struct release_proof {
    struct ov_policy_result result;
    struct ov_proof proof;
    bool has_result;
    enum ov_status status;
};

static enum ov_status check_release(struct ov_update *u, void *data,
                                    struct ov_span bytes)
{
    struct release_proof *p = data;
    struct ov_span kept;

    if (!ov_arena_copy(u->arena, bytes, &kept))
        return OV_NO_MEMORY;
    OV_TRY(ov_proof_parse(u->arena, kept, &p->proof));
    p->status = ov_proof_verify(u->arena, &p->proof, u->head.note, &u->policy,
                                NULL, &p->result);
    p->has_result = p->status == OV_OK || p->status == OV_BAD_PROOF;
    return p->status;
}

static enum ov_status refuse_proof(struct ov_update *u,
                                   const struct release_proof *p,
                                   enum ov_status status)
{
    if (status == OV_BAD_SIGNATURE)
        return ov_update_refuse(u, OV_REFUSED_WRONG_LOG, status, "%s",
                                ov_status_name(status));
    if (status == OV_BAD_PROOF && p->has_result &&
        !ov_policy_quorum(&u->policy, p->result.cosigners))
        return ov_update_refuse(
            u, OV_REFUSED_NO_QUORUM, status, "%u of %u witnesses",
            (unsigned)__builtin_popcountll(p->result.cosigners),
            (unsigned)u->policy.n_witnesses);
    if (status != OV_NOT_FOUND && ov_update_is_absence(status))
        return ov_update_refuse(u, OV_REFUSED_UNREACHABLE, status, "proof");
    return ov_update_refuse(u, OV_REFUSED_UNLOGGED, status, "%s",
                            ov_status_name(status));
}

/* ---- the checkpoint of today ---- */

struct fresh {
    struct ov_policy_result result;
    struct ov_span note;
    enum ov_status status;
    uint64_t least; /* size */
};

static bool names_next(const struct ov_policy *p, struct ov_span origin)
{
    return p->n_logs > 0 &&
           !ov_span_equal(origin, ov_span_str(p->logs[p->n_logs - 1].key.name));
}

/* Whoever likes can have the last checkpoint of an ended log cosigned once
 * more: it tells nothing of today. Looked for only where a next log is named.
 */
static enum ov_status check_goes_on(struct ov_update *u,
                                    const struct ov_checkpoint *c)
{
    struct ov_update_tree tree = ov_update_tree_of(c);
    struct ov_opened *o = ov_arena_alloc(u->arena, sizeof(*o));
    struct ov_span last;

    if (o == NULL)
        return OV_NO_MEMORY;
    if (c->size == 0 || !names_next(&u->policy, c->origin))
        return OV_OK;
    OV_TRY(ov_update_entry_of(u, &tree, c->size - 1, u->arena, &last));
    return ov_entry_open(u->arena, last, &u->people, c->size - 1, o, NULL) ==
                       OV_OK &&
                   o->entry.type == OV_ENTRY_LOG_END
               ? OV_EXPIRED
               : OV_OK;
}

static enum ov_status check_fresh(struct ov_update *u, void *data,
                                  struct ov_span bytes)
{
    struct fresh *f = data;
    const struct ov_policy_clock clock = {u->now, u->max_age};
    struct ov_note *note = ov_arena_alloc(u->arena, sizeof(*note));

    if (note == NULL || !ov_arena_copy(u->arena, bytes, &f->note))
        return OV_NO_MEMORY;
    OV_TRY(ov_note_parse(u->arena, f->note, note));
    OV_TRY(ov_policy_check(&u->policy, note, &clock, &f->result));
    if (f->result.checkpoint.size < f->least)
        return OV_ROLLBACK;
    return check_goes_on(u, &f->result.checkpoint);
}

static enum ov_status refuse_fresh(struct ov_update *u, enum ov_status status)
{
    if (status == OV_EXPIRED)
        return ov_update_refuse(u, OV_REFUSED_LOG_STALE, status,
                                "older than %llu hours, or the log has ended",
                                (unsigned long long)u->max_age / 3600);
    if (status == OV_ROLLBACK)
        return ov_update_refuse(u, OV_REFUSED_LOG_ROLLBACK, status, "%s", "");
    if (status == OV_BAD_PROOF)
        return ov_update_refuse(u, OV_REFUSED_NO_QUORUM, status,
                                "log/checkpoint");
    if (ov_update_is_absence(status))
        return ov_update_refuse(u, OV_REFUSED_UNREACHABLE, status,
                                "log/checkpoint");
    return ov_update_refuse(u, OV_REFUSED_WRONG_LOG, status, "log/checkpoint");
}

static bool is_fresh(const struct ov_update *u, uint64_t vouched)
{
    return u->policy.quorum == OV_QUORUM_NONE || vouched + u->max_age >= u->now;
}

enum ov_status ov_update_proof(struct ov_update *u)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);
    struct release_proof *p = ov_arena_alloc(u->arena, sizeof(*p));
    const struct ov_update_check check = {check_release, p};
    enum ov_status status;

    ov_update_step(u, OV_STEP_PROOF);
    /* The installed release was proven when it came. */
    if (u->has_old && ov_span_equal(u->head.note, u->old_head.note)) {
        u->result->is_current = true;
        u->result->offered_seq = u->old.seq;
        return OV_OK;
    }
    if (p == NULL || !ov_update_put_proof_path(&path, u->note_digest))
        return OV_NO_MEMORY;
    status = ov_update_get(u, (char *)path.ptr, OV_UPDATE_MAX_PROOF,
                           &u->proof_bytes, &check);
    if (status != OV_OK)
        return refuse_proof(u, p, status);
    u->index = p->proof.index;
    u->vouched = p->result.vouched;
    ov_update_step(u, OV_STEP_HISTORY);
    return ov_update_follow(u, &p->result, p->proof.checkpoint);
}

/* Freshness, and the history up to the checkpoint that shows it. */
enum ov_status ov_update_history(struct ov_update *u)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_UPDATE_MAX_CHECKPOINT);
    struct fresh *f = ov_arena_alloc(u->arena, sizeof(*f));
    const struct ov_update_check check = {check_fresh, f};
    enum ov_status status;

    ov_update_step(u, OV_STEP_FRESHNESS);
    if (f == NULL)
        return OV_NO_MEMORY;
    if (is_fresh(u, u->client.witnessed))
        return OV_OK;
    f->least = u->client.size;
    status = ov_update_get(u, "log/checkpoint", OV_UPDATE_MAX_CHECKPOINT,
                           &bytes, &check);
    if (status != OV_OK)
        return refuse_fresh(u, status);
    ov_update_step(u, OV_STEP_HISTORY);
    return ov_update_follow(u, &f->result, f->note);
}

/* ---- the note itself ---- */

static bool is_bad(const struct ov_update *u, uint64_t seq)
{
    for (size_t i = 0; i < u->client.n_bad; i++) {
        if (u->client.bad[i] == seq)
            return true;
    }
    return false;
}

static enum ov_status check_follows(struct ov_update *u)
{
    const struct ov_release *r = &u->release;
    uint8_t digest[OV_DIGEST_MAX];

    if (u->has_old && r->seq == u->old.seq + 1) {
        OV_TRY(ov_digest(OV_SHA256, u->old_head.note, digest));
        if (!r->has_prev || memcmp(digest, r->prev, sizeof(r->prev)) != 0)
            return ov_update_refuse(u, OV_REFUSED_CHAIN, OV_BAD_PROOF,
                                    "release %llu", (unsigned long long)r->seq);
    }
    if (is_bad(u, r->seq))
        return ov_update_refuse(u, OV_REFUSED_BAD, OV_MALFORMED, "release %llu",
                                (unsigned long long)r->seq);
    return OV_OK;
}

enum ov_status ov_update_note(struct ov_update *u)
{
    struct ov_opened *o = ov_arena_alloc(u->arena, sizeof(*o));
    struct ov_diag diag = {0};
    enum ov_status status;

    if (u->result->is_current)
        return OV_OK;
    ov_update_step(u, OV_STEP_NOTE);
    if (o == NULL)
        return OV_NO_MEMORY;
    status =
        ov_entry_open(u->arena, u->head.note, &u->people, u->index, o, &diag);
    if (status == OV_BAD_SIGNATURE)
        return ov_update_refuse(u, OV_REFUSED_BUILDERS, status, "%s",
                                diag.text);
    if (status == OV_OK)
        status = ov_release_of(&o->entry, &u->release);
    if (status != OV_OK || u->release.base != u->head.base ||
        !ov_entry_is(&o->entry, "channel", u->options->channel))
        return ov_update_refuse(u, OV_REFUSED_NOTE_FORM, status, "%s",
                                diag.text);
    u->result->offered_seq = u->release.seq;
    if (u->client.seen != u->release.seq) {
        u->client.seen = u->release.seq;
        u->client.seen_time = u->now;
    }
    return check_follows(u);
}

/* ---- roll-out ---- */

/* SHA-256(salt, own number), its first 8 bytes big-endian, modulo 100. */
static unsigned own_share(const struct ov_update *u, struct ov_span salt)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1024);
    uint8_t digest[OV_DIGEST_MAX];
    uint64_t n = 0;

    ov_put_span(&b, salt);
    ov_put_span(
        &b, ov_span_of(u->options->rollout_id, sizeof(u->options->rollout_id)));
    if (ov_digest(OV_SHA256, ov_buf_span(&b), digest) != OV_OK)
        return 99;
    for (unsigned i = 0; i < 8; i++)
        n = n << 8 | digest[i];
    return (unsigned)(n % 100);
}

/* "10:1h 50:6h 100:24h salt 00ff": 10 % in the first hour, 50 % up to the
 * sixth, all up to the 24th and later. What cannot be read makes nobody wait:
 * the roll-out is a courtesy, not a check. */
static unsigned percent_at(struct ov_span rest, uint64_t age)
{
    while (rest.len > 0) {
        struct ov_span word = ov_line_word(&rest);
        struct ov_span percent;
        uint64_t hours;
        uint64_t n;

        (void)ov_span_cut(&word, ':', &percent);
        if (word.len < 2 || !ov_parse_plain(percent, 100, &n) ||
            !ov_parse_plain(ov_span_clip(word, 0, word.len - 1), 10000, &hours))
            return 100;
        if (age < hours * 3600)
            return (unsigned)n;
    }
    return 100;
}

static bool is_our_turn(const struct ov_update *u, uint64_t age)
{
    struct ov_span rollout = u->release.rollout;
    struct ov_span word = OV_SPAN_LIT(" salt ");
    size_t at = ov_span_find(rollout, word, 0);
    unsigned percent = percent_at(ov_span_clip(rollout, 0, at), age);
    uint8_t salt[64];
    struct ov_span hex;

    if (percent >= 100 || at == SIZE_MAX)
        return true;
    hex = ov_span_clip(rollout, at + word.len, rollout.len);
    if (hex.len / 2 > sizeof(salt) || !ov_hex_decode(hex, salt, hex.len / 2))
        return true;
    return own_share(u, ov_span_of(salt, hex.len / 2)) < percent;
}

enum ov_status ov_update_rollout(struct ov_update *u)
{
    uint64_t since = u->client.seen_time;
    uint64_t age;

    ov_update_step(u, OV_STEP_ROLLOUT);
    if (u->vouched != 0 && u->vouched < since)
        since = u->vouched;
    age = u->now > since ? u->now - since : 0;
    if (age < u->options->hold)
        return ov_update_refuse(
            u, OV_REFUSED_HELD, OV_NOT_FOUND, "release %llu for %llu minutes",
            (unsigned long long)u->release.seq,
            (unsigned long long)(u->options->hold - age + 59) / 60);
    if (!is_our_turn(u, age))
        return ov_update_refuse(u, OV_REFUSED_ROLLOUT, OV_NOT_FOUND,
                                "release %llu",
                                (unsigned long long)u->release.seq);
    return OV_OK;
}
