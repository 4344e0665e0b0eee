/* SPDX-License-Identifier: Apache-2.0 */
#include "sequencer.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "sys/file.h"

/* The order of durable steps, which is what keeps a log honest over crashes:
 *
 *   1. entries into the journal, synced      -> an index is promised
 *   2. tiles and bundles of the new size, synced
 *   3. the state: size and root, synced      -> the log is committed
 *   4. only now the signature, and the witnesses
 *   5. with a quorum: the checkpoint         -> readers see it
 *
 * Killed before 3, the next start adds the same entries in the same order and
 * commits the same root; killed behind it, it signs what was committed. Ed25519
 * is deterministic, so even the bytes are the same. There is no step at which
 * two roots for one size could be signed (c2sp.org/tlog-checkpoint,
 * "Signatures").
 *
 * A witness that has seen another tree is believed against us only together
 * with so many others that no quorum is left: one alone may be wrong, but
 * without a quorum nothing may be published any more, and the log stops. */

#define DEFAULT_INTERVAL_MS 500
#define DEFAULT_REFRESH_MS 3600000
#define RETRY_MS 1000
#define MAX_RETRY_MS 30000
#define MAX_WAIT_MS 1000
#define MAX_PENDING ((size_t)256 << 20)
#define CHECKPOINT "checkpoint"
#define CHUNK ((size_t)1 << 18)

/* One line per event, and the same one only once. */
static void say(struct sequencer *s, const char *text)
{
    if (strcmp(s->last_words, text) == 0)
        return;
    (void)snprintf(s->last_words, sizeof(s->last_words), "%s", text);
    (void)fprintf(stderr, "overt-logd: %s\n", text);
}

/* The published checkpoint's note, if it is ours. */
static enum ov_status read_published(const struct log_folder *f,
                                     struct ov_arena *a, struct ov_buf *b,
                                     struct ov_checkpoint *ret)
{
    struct ov_note *n = ov_arena_alloc(a, sizeof(*n));
    char path[LOG_PATH_MAX];
    uint64_t which;

    if (n == NULL)
        return OV_NO_MEMORY;
    if (snprintf(path, sizeof(path), "%s/" CHECKPOINT, f->publish) >=
        LOG_PATH_MAX)
        return OV_USAGE;
    OV_TRY(ov_file_read(path, b));
    OV_TRY(ov_note_parse(a, ov_buf_span(b), n));
    OV_TRY(ov_note_verify(n, &f->key, 1, &which));
    OV_TRY(ov_checkpoint_parse(n->text, ret));
    return ov_span_equal(ret->origin, ov_span_str(f->key.name)) ? OV_OK
                                                                : OV_BAD_PROOF;
}

/* Whether the tree of the state begins with the tree of c. */
static bool is_begin_of_tree(struct sequencer *s, const struct ov_checkpoint *c)
{
    struct ov_tile_tree tree = {s->tree.size, &s->tree.files, log_files_get};
    struct ov_merkle_source source = ov_tile_source(&tree);
    uint8_t root[OV_MERKLE_HASH];

    return ov_merkle_root(&source, c->size, root) == OV_OK &&
           memcmp(root, c->root, sizeof(root)) == 0;
}

/* What readers have seen may not be more than what was committed. */
static enum ov_status load_published(struct sequencer *s, struct ov_diag *diag)
{
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_NOTE_MAX_SIZE + CHUNK);
    struct ov_checkpoint c;
    enum ov_status status;

    if (a == NULL)
        return OV_NO_MEMORY;
    status = read_published(&s->folder, a, &b, &c);
    s->published = 0;
    if (status != OV_OK)
        return OV_OK; /* it will be written anew */
    if (c.size > s->folder.state.size || !is_begin_of_tree(s, &c))
        return ov_diag_set(diag, OV_SPLIT_VIEW, 0,
                           "%s/" CHECKPOINT " is signed by this log and not "
                           "part of its state: was it restored from a backup?",
                           s->folder.publish);
    s->published = c.size;
    return OV_OK;
}

static enum ov_status take_promised(void *data, struct ov_span entry)
{
    struct sequencer *s = data;

    ov_put_bundle_entry(&s->pending, entry);
    return ov_buf_status(&s->pending);
}

enum ov_status sequencer_open(struct sequencer *s, const struct log_folder *f,
                              struct ov_diag *diag)
{
    char path[LOG_PATH_MAX];

    memset(s, 0, sizeof(*s));
    s->journal.fd = -1;
    s->folder = *f;
    s->pending = ov_buf_with_max(MAX_PENDING);
    s->checkpoint = ov_buf_with_max(OV_NOTE_MAX_SIZE);
    s->policy_text = ov_buf_with_max(OV_POLICY_MAX_SIZE + CHUNK);
    s->policy.quorum = OV_QUORUM_NONE;
    s->options =
        (struct sequencer_options){DEFAULT_INTERVAL_MS, DEFAULT_REFRESH_MS};
    OV_TRY(witness_calls_open(&s->calls));
    OV_TRY(log_folder_lock(&s->folder, diag));
    OV_TRY(log_tree_load(&s->tree, s->folder.publish, &s->folder.state, diag));
    OV_TRY(load_published(s, diag));
    if (!log_folder_path(&s->folder, "journal", path))
        return ov_diag_set(diag, OV_USAGE, 0, "the path is too long");
    return journal_open(&s->journal, path, s->tree.size, take_promised, s,
                        diag);
}

void sequencer_close(struct sequencer *s)
{
    witness_calls_close(&s->calls);
    journal_close(&s->journal);
    log_tree_done(&s->tree);
    ov_key_done(&s->key);
    ov_arena_free(s->policy_arena);
    ov_buf_done(&s->policy_text);
    ov_buf_done(&s->pending);
    ov_buf_done(&s->checkpoint);
    log_folder_done(&s->folder);
}

/* A policy without this log accepts nothing of it. */
static enum ov_status check_policy(const struct sequencer *s,
                                   struct ov_diag *diag)
{
    for (size_t i = 0; i < s->policy.n_logs; i++) {
        const struct ov_vkey *k = &s->policy.logs[i].key;

        if (strcmp(k->name, s->folder.key.name) == 0 &&
            ov_vkey_same_key(k, &s->folder.key))
            return OV_OK;
    }
    return ov_diag_set(diag, OV_USAGE, 0,
                       "the policy does not name this log and its key");
}

/* The bit of the policy's witness with this key, or 0. */
static uint64_t in_policy(const struct sequencer *s, const struct ov_vkey *key)
{
    for (size_t w = 0; w < s->policy.n_witnesses; w++) {
        if (ov_vkey_same_key(&s->policy.witnesses[w].key, key))
            return UINT64_C(1) << w;
    }
    return 0;
}

enum ov_status sequencer_policy(struct sequencer *s, const char *path,
                                struct ov_diag *diag)
{
    enum ov_status status = ov_file_read(path, &s->policy_text);

    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "%s: %s", path,
                           ov_status_name(status));
    s->policy_arena = ov_arena_new((size_t)1 << 20);
    if (s->policy_arena == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_policy_parse(s->policy_arena, ov_buf_span(&s->policy_text),
                           &s->policy, diag));
    for (size_t i = 0; i < s->policy.n_witnesses; i++) {
        const struct ov_policy_witness *w = &s->policy.witnesses[i];

        if (w->url.len != 0)
            OV_TRY(witness_calls_add(&s->calls, &w->key, w->url));
    }
    return check_policy(s, diag);
}

/* The policy's witnesses that are asked. */
static uint64_t asked_witnesses(const struct sequencer *s)
{
    uint64_t which = 0;

    for (size_t i = 0; i < s->calls.n; i++)
        which |= in_policy(s, &s->calls.w[i].key);
    return which;
}

enum ov_status sequencer_check_quorum(const struct sequencer *s,
                                      struct ov_diag *diag)
{
    if (s->policy.quorum == OV_QUORUM_NONE ||
        ov_policy_quorum(&s->policy, asked_witnesses(s)))
        return OV_OK;
    return ov_diag_set(diag, OV_USAGE, 0,
                       "the quorum can't be met: too few of the policy's "
                       "witnesses have a URL");
}

enum ov_status sequencer_add(struct sequencer *s, struct ov_span entries,
                             uint64_t n, uint64_t *ret_first)
{
    enum ov_status status;

    if (entries.len > s->pending.max - s->pending.len)
        return OV_LIMIT_SIZE;
    /* Memory first: what is promised must also be kept in mind. */
    if (ov_buf_room(&s->pending, entries.len) == NULL) {
        s->pending.status = OV_OK;
        return OV_NO_MEMORY;
    }
    /* Promises of one who lost the log would be lost, too. */
    status = log_state_check(&s->folder, NULL);
    if (status != OV_OK) {
        s->is_lost = status == OV_SPLIT_VIEW;
        return status;
    }
    OV_TRY(journal_append(&s->journal, entries, n));
    ov_put_span(&s->pending, entries);
    *ret_first = s->journal.next - n;
    return OV_OK;
}

/* All that is pending goes into the tree, and its files to disk. */
static enum ov_status grow_tree(struct sequencer *s)
{
    struct ov_reader r = ov_reader_over(ov_buf_span(&s->pending));

    while (ov_reader_more(&r)) {
        struct ov_span entry = ov_bundle_read(&r);

        OV_TRY(ov_reader_status(&r));
        OV_TRY(log_tree_add(&s->tree, entry));
    }
    return log_tree_flush(&s->tree);
}

static enum ov_status sign(struct sequencer *s)
{
    const struct log_state *state = &s->folder.state;

    ov_buf_clear(&s->checkpoint);
    ov_put_checkpoint(&s->checkpoint, s->folder.key.name, state->size,
                      state->root);
    ov_put_u8(&s->checkpoint, '\n');
    return ov_put_note_signature(&s->checkpoint, &s->folder.key, s->key.seed);
}

/* Steps 2 and 3. */
static enum ov_status grow_and_commit(struct sequencer *s, struct ov_diag *diag)
{
    struct log_state next;

    OV_TRY(grow_tree(s));
    log_tree_state(&s->tree, &next);
    if (next.size == s->folder.state.size)
        return OV_OK;
    OV_TRY(log_state_swap(&s->folder, &next, diag));
    ov_buf_clear(&s->pending);
    journal_trim(&s->journal, next.size);
    return OV_OK;
}

/* Steps 2 to 4. After a failure memory is ahead of the disk, and is loaded
 * again before it is used. */
static enum ov_status commit(struct sequencer *s, struct ov_diag *diag)
{
    enum ov_status status;

    if (s->is_tree_stale)
        OV_TRY(
            log_tree_load(&s->tree, s->folder.publish, &s->folder.state, diag));
    s->is_tree_stale = false;
    status = grow_and_commit(s, diag);
    if (status != OV_OK) {
        s->is_tree_stale = true;
        return status;
    }
    return sign(s);
}

static struct witness_round round_of(struct sequencer *s,
                                     struct ov_tile_tree *tree)
{
    *tree = (struct ov_tile_tree){s->tree.size, &s->tree.files, log_files_get};
    return (struct witness_round){.checkpoint = ov_buf_span(&s->checkpoint),
                                  .size = s->round_size,
                                  .source = ov_tile_source(tree)};
}

/* Publishes the checkpoint if a quorum cosigned it. */
static enum ov_status publish(struct sequencer *s, uint64_t now_ms)
{
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    OV_AUTO_DONE(buf) all = ov_buf_with_max(OV_NOTE_MAX_SIZE);
    struct ov_policy_result r;
    struct ov_note *n;

    if (a == NULL || (n = ov_arena_alloc(a, sizeof(*n))) == NULL)
        return OV_NO_MEMORY;
    ov_put_span(&all, ov_buf_span(&s->checkpoint));
    witness_calls_put(&s->calls, s->round_size, &all);
    OV_TRY(ov_buf_status(&all));
    OV_TRY(ov_note_parse(a, ov_buf_span(&all), n));
    if (s->policy.quorum != OV_QUORUM_NONE &&
        ov_policy_check(&s->policy, n, NULL, &r) != OV_OK)
        return OV_EXPIRED; /* not yet */
    OV_TRY(log_files_put(&s->tree.files, CHECKPOINT, ov_buf_span(&all)));
    if (s->published != s->round_size || s->failures != 0)
        s->last_words[0] = 0;
    s->published = s->round_size;
    s->published_ms = now_ms;
    s->failures = 0;
    return OV_OK;
}

/* The witnesses of the policy that hold that our tree is wrong. */
static uint64_t conflicted(const struct sequencer *s)
{
    uint64_t which = 0;

    for (size_t i = 0; i < s->calls.n; i++) {
        if (s->calls.w[i].conflict != WITNESS_FINE)
            which |= in_policy(s, &s->calls.w[i].key);
    }
    return which;
}

static void say_conflicts(struct sequencer *s)
{
    for (size_t i = 0; i < s->calls.n; i++) {
        const struct witness_call *w = &s->calls.w[i];
        char text[200];

        if (w->conflict == WITNESS_FINE)
            continue;
        (void)snprintf(text, sizeof(text), "%.120s %s", w->key.name,
                       w->conflict == WITNESS_AHEAD
                           ? "has cosigned a larger tree of this log"
                           : "knows another tree of this log");
        say(s, text);
    }
}

/* A round has ended without a quorum. */
static enum ov_status give_up_round(struct sequencer *s, uint64_t now_ms,
                                    struct ov_diag *diag)
{
    unsigned shift = s->failures < 5 ? s->failures : 5;
    uint64_t wait = (uint64_t)RETRY_MS << shift;
    uint64_t against = conflicted(s);

    s->failures++;
    s->next_round_ms = now_ms + (wait < MAX_RETRY_MS ? wait : MAX_RETRY_MS);
    say_conflicts(s);
    if (against != 0 && !ov_policy_quorum(&s->policy, ~against))
        return ov_diag_set(diag, OV_SPLIT_VIEW, 0,
                           "the witnesses know another tree of this log: it "
                           "has a twin, or its state was restored from a "
                           "backup; it must not go on");
    if (against == 0)
        say(s, "no quorum of witnesses: nothing is published for now");
    return OV_OK;
}

/* A full disk may be emptied; anything else is for a person. */
static enum ov_status begin_round(struct sequencer *s, uint64_t now_ms,
                                  struct ov_diag *diag)
{
    struct ov_tile_tree tree;
    struct witness_round round;
    enum ov_status status = commit(s, diag);

    s->next_round_ms = now_ms + s->options.interval_ms;
    if (status == OV_IO || status == OV_NO_MEMORY) {
        say(s, "can't write the tree; trying again");
        s->next_round_ms = now_ms + RETRY_MS;
        return OV_OK;
    }
    OV_TRY(status);
    if (s->published == s->tree.size)
        witness_calls_forget(&s->calls); /* fresh ones are wanted */
    s->round_size = s->tree.size;
    s->is_in_round = true;
    s->is_round_published = false;
    round = round_of(s, &tree);
    witness_calls_begin(&s->calls, &round);
    return OV_OK;
}

/* Answers, and whether the round has come to its end. */
static enum ov_status continue_round(struct sequencer *s, uint64_t now_ms,
                                     struct ov_diag *diag)
{
    struct ov_tile_tree tree;
    struct witness_round round = round_of(s, &tree);
    bool is_new = witness_calls_advance(&s->calls, &round);
    bool is_waiting = witness_calls_pending(&s->calls, s->round_size);
    enum ov_status status;

    s->is_in_round = is_waiting;
    if (!is_new && (is_waiting || s->is_round_published))
        return OV_OK;
    status = publish(s, now_ms);
    if (status == OV_OK)
        s->is_round_published = true;
    if (s->is_round_published || is_waiting)
        return OV_OK;
    if (status == OV_EXPIRED)
        return give_up_round(s, now_ms, diag);
    say(s, "can't write the checkpoint; trying again");
    s->next_round_ms = now_ms + RETRY_MS;
    return OV_OK;
}

static bool is_round_due(const struct sequencer *s, uint64_t now_ms)
{
    bool is_quiet = s->pending.len == 0 && s->published == s->tree.size;

    if (now_ms < s->next_round_ms || (s->tree.size == 0 && is_quiet))
        return false;
    /* Late answers do not hold up the next tree, missing ones do. */
    if (s->is_in_round && !s->is_round_published)
        return false;
    return !is_quiet || s->published_ms == 0 ||
           now_ms - s->published_ms >= s->options.refresh_ms;
}

enum ov_status sequencer_step(struct sequencer *s, uint64_t now_ms,
                              struct ov_diag *diag)
{
    if (s->is_lost)
        return log_state_check(&s->folder, diag);
    if (s->journal.is_broken)
        return ov_diag_set(diag, OV_IO, 0,
                           "the journal can't be written; start again");
    if (s->is_in_round)
        OV_TRY(continue_round(s, now_ms, diag));
    if (!is_round_due(s, now_ms))
        return OV_OK;
    OV_TRY(begin_round(s, now_ms, diag));
    return s->is_in_round ? continue_round(s, now_ms, diag) : OV_OK;
}

unsigned sequencer_wait(const struct sequencer *s, uint64_t now_ms)
{
    if (is_round_due(s, now_ms))
        return 0;
    if (s->next_round_ms > now_ms && s->next_round_ms - now_ms < MAX_WAIT_MS)
        return (unsigned)(s->next_round_ms - now_ms);
    return MAX_WAIT_MS;
}

enum ov_status sequencer_prove(const struct log_folder *f, uint64_t index,
                               struct ov_buf *ret, struct ov_diag *diag)
{
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_NOTE_MAX_SIZE + CHUNK);
    struct log_files files = {.bytes =
                                  ov_buf_with_max(OV_BUNDLE_MAX_BYTES + CHUNK)};
    struct ov_tile_tree tree = {.data = &files, .get = log_files_get};
    struct ov_merkle_source source = ov_tile_source(&tree);
    uint8_t hashes[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    struct ov_proof proof = {.index = index, .hashes = hashes};
    uint8_t root[OV_MERKLE_HASH];
    struct ov_checkpoint c;
    enum ov_status s;

    if (a == NULL)
        return OV_NO_MEMORY;
    (void)snprintf(files.root, sizeof(files.root), "%s", f->publish);
    s = read_published(f, a, &note, &c);
    if (s == OV_OK && index >= c.size)
        s = OV_NOT_FOUND;
    tree.size = s == OV_OK ? c.size : 0;
    if (s == OV_OK)
        s = ov_merkle_root(&source, tree.size, root);
    if (s == OV_OK && memcmp(root, c.root, sizeof(root)) != 0)
        s = OV_BAD_PROOF;
    if (s == OV_OK)
        s = ov_merkle_prove_inclusion(&source, index, tree.size, hashes,
                                      &proof.n_hashes);
    ov_buf_done(&files.bytes);
    if (s != OV_OK)
        return ov_diag_set(
            diag, s, 0, "entry %llu: %s", (unsigned long long)index,
            s == OV_NOT_FOUND ? "not published yet" : ov_status_name(s));
    proof.checkpoint = ov_buf_span(&note);
    ov_put_proof(ret, &proof);
    return ov_buf_status(ret);
}
