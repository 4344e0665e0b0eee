/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "trust/update_history.h"

/* A log ends, and another one goes on in its place: a new year, a new key
 * (docs/protocol-log.md, "The turn of a log"). The next log's tree begins with
 * the whole tree of the one before it, so that an index means one entry for
 * ever. Before this machine believes a checkpoint of a log that it has not
 * followed so far, all of this must hold:
 *
 * - there is a last checkpoint of the log before, signed by that log and
 *   cosigned by a quorum: log/turn/HEX, HEX being the SHA-256 of the next one's
 *   origin;
 * - the new tree begins with its tree;
 * - its last entry is the log-end, signed by people, that names the next log;
 * - the entry behind it is the log-start that names just this checkpoint;
 * - this machine has seen nothing of the old log behind its end.
 *
 * Whoever was away for some turns goes through all of them, from the newest
 * back to the log that was followed last. */

#define MAX_TURNS OV_UPDATE_MAX_ENDED

struct end {
    struct ov_policy_result result;
    struct ov_span note;
};

/* The entry at index, of a tree that need not be believed yet, if it is of that
 * type and signed by those who may. */
static enum ov_status open_at(struct ov_update *u,
                              const struct ov_update_tree *tree, uint64_t index,
                              enum ov_entry_type type, struct ov_opened **ret)
{
    struct ov_opened *o = ov_arena_alloc(u->arena, sizeof(*o));
    struct ov_span note;

    if (o == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_update_entry_of(u, tree, index, u->arena, &note));
    OV_TRY(ov_entry_open(u->arena, note, &u->people, index, o, NULL));
    *ret = o;
    return o->entry.type == type ? OV_OK : OV_BAD_PROOF;
}

static bool says(const struct ov_entry *e, const char *name,
                 struct ov_span value)
{
    struct ov_span have;

    return ov_entry_value(e, name, 0, &have) && ov_span_equal(have, value);
}

static bool names_end(const struct ov_entry *e, const struct ov_checkpoint *end)
{
    uint8_t root[32];
    struct ov_span hex;
    uint64_t size;

    return says(e, "after", end->origin) && ov_entry_number(e, "size", &size) &&
           size == end->size && ov_entry_value(e, "root", 0, &hex) &&
           ov_hex_decode(hex, root, sizeof(root)) &&
           memcmp(root, end->root, sizeof(root)) == 0;
}

static enum ov_status refuse(struct ov_update *u, struct ov_span next,
                             enum ov_status status, const char *what)
{
    return ov_update_refuse(
        u,
        status != OV_NOT_FOUND && ov_update_is_absence(status)
            ? OV_REFUSED_UNREACHABLE
            : OV_REFUSED_LOG_TURN,
        status, "%.*s: %s", (int)next.len, (const char *)next.ptr, what);
}

/* That the tree says in both logs' entries that `next` follows this end. */
static enum ov_status check_entries(struct ov_update *u,
                                    const struct ov_update_tree *tree,
                                    const struct ov_checkpoint *end,
                                    struct ov_span next)
{
    struct ov_opened *o = NULL;
    enum ov_status status;

    if (end->size == 0 || end->size >= tree->size ||
        ov_span_equal(end->origin, next))
        return refuse(u, next, OV_BAD_PROOF,
                      "what is given as the end of the log before is none");
    status = open_at(u, tree, end->size - 1, OV_ENTRY_LOG_END, &o);
    if (status != OV_OK)
        return refuse(u, next, status,
                      "the log before does not end with a log-end that those "
                      "who may have signed");
    if (!says(&o->entry, "origin", end->origin) ||
        !says(&o->entry, "next", next))
        return refuse(u, next, OV_BAD_PROOF,
                      "the end of the log before names another one");
    status = open_at(u, tree, end->size, OV_ENTRY_LOG_START, &o);
    if (status != OV_OK)
        return refuse(u, next, status,
                      "no log-start that those who may have signed follows the "
                      "end of the log before");
    if (!says(&o->entry, "origin", next) || !names_end(&o->entry, end))
        return refuse(u, next, OV_BAD_PROOF,
                      "its log-start does not name the end of the log before");
    return OV_OK;
}

/* ---- the end, as a mirror gives it ---- */

struct wanted {
    const struct ov_update_tree *tree;
    struct ov_span next;
    struct end *end;
};

/* An older checkpoint is as well signed as the last one: which it is the
 * entries say. Whatever a mirror gives instead is only that mirror's fault. */
static enum ov_status check_end(struct ov_update *u, void *data,
                                struct ov_span bytes)
{
    const struct wanted *w = data;
    struct end *e = w->end;
    struct ov_note *note = ov_arena_alloc(u->arena, sizeof(*note));

    ov_update_allow(u); /* what another mirror was refused for */
    if (note == NULL || !ov_arena_copy(u->arena, bytes, &e->note))
        return OV_NO_MEMORY;
    OV_TRY(ov_note_parse(u->arena, e->note, note));
    OV_TRY(ov_policy_check(&u->policy, note, NULL, &e->result));
    return check_entries(u, w->tree, &e->result.checkpoint, w->next);
}

/* The last checkpoint of the log before the one with this origin. */
static enum ov_status get_end(struct ov_update *u, struct wanted *w)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(128);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_UPDATE_MAX_CHECKPOINT);
    const struct ov_update_check check = {check_end, w};
    uint8_t digest[OV_DIGEST_MAX];

    OV_TRY(ov_digest(OV_SHA256, w->next, digest));
    ov_put_str(&path, "log/turn/");
    ov_put_hex(&path, ov_span_of(digest, 32));
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    return ov_update_get(u, (char *)path.ptr, OV_UPDATE_MAX_CHECKPOINT, &bytes,
                         &check);
}

/* ---- turns ---- */

static void remember_end(struct ov_update *u, const struct ov_checkpoint *end)
{
    struct ov_client_state *c = &u->client;
    struct ov_ended_log *e;

    if (c->n_ended == OV_UPDATE_MAX_ENDED) /* the oldest goes */
        memmove(&c->ended[0], &c->ended[1], --c->n_ended * sizeof(c->ended[0]));
    e = &c->ended[c->n_ended++];
    memset(e, 0, sizeof(*e));
    memcpy(e->origin, end->origin.ptr,
           end->origin.len < sizeof(e->origin) ? end->origin.len
                                               : sizeof(e->origin) - 1);
    e->size = end->size;
}

/* What this machine has seen of the old log must not be behind its end. */
static enum ov_status check_seen(struct ov_update *u, const struct end *e)
{
    OV_AUTO_DONE(buf) last = ov_buf_with_max(OV_UPDATE_MAX_CHECKPOINT);

    if (u->client.size <= e->result.checkpoint.size)
        return OV_OK;
    (void)!u->io->state_get(u->io->data, "trust/checkpoint", &last);
    ov_update_keep_evidence(u, ov_buf_span(&last));
    ov_update_keep_evidence(u, e->note);
    return ov_update_refuse(u, OV_REFUSED_LOG_ENDED, OV_SPLIT_VIEW,
                            "%llu entries were seen, %llu at its end",
                            (unsigned long long)u->client.size,
                            (unsigned long long)e->result.checkpoint.size);
}

/* One turn, backwards: to `next` from the log whose end is found. */
static enum ov_status turn_once(struct ov_update *u,
                                const struct ov_update_tree *tree,
                                struct ov_span note, struct ov_span next,
                                struct end *e)
{
    struct wanted w = {tree, next, e};
    struct ov_update_tree old;
    enum ov_status status = get_end(u, &w);

    if (status != OV_OK)
        return u->result->refusal != OV_REFUSED_NOT
                   ? status
                   : refuse(u, next, status,
                            "the signed end of the log before is not there");
    old = ov_update_tree_of(&e->result.checkpoint);
    status = ov_update_consistent(u, &old, tree);
    if (status != OV_OK)
        return ov_update_refuse_history(u, e->note, note, status);
    return OV_OK;
}

enum ov_status ov_update_turn(struct ov_update *u,
                              const struct ov_policy_result *now,
                              struct ov_span note)
{
    struct ov_update_tree tree = ov_update_tree_of(&now->checkpoint);
    struct end *ends = ov_arena_array(u->arena, MAX_TURNS, sizeof(*ends));
    struct ov_span next = now->checkpoint.origin;
    size_t n = 0;

    if (ends == NULL)
        return OV_NO_MEMORY;
    for (;; n++) {
        struct end *e = &ends[n];

        if (n == MAX_TURNS)
            return refuse(u, next, OV_LIMIT_COUNT, "too many turns");
        OV_TRY(turn_once(u, &tree, note, next, e));
        next = e->result.checkpoint.origin;
        if (ov_span_equal(next, ov_span_str(u->client.origin)))
            break;
    }
    OV_TRY(check_seen(u, &ends[n]));
    for (size_t i = n + 1; i-- > 0;)
        remember_end(u, &ends[i].result.checkpoint);
    return OV_OK;
}
