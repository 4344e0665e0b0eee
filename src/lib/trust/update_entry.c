/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "log/tile.h"
#include "trust/feed.h"
#include "trust/update_run.h"

/* Entries of the log, one by one: from the trace that came with the rules, and
 * what is not in it by tiles that prove where it is, against the checkpoint
 * that this machine has seen last. */

/* ---- tiles ---- */

static enum ov_status get_file(struct ov_update_tiles *t,
                               const struct ov_tile *tile, struct ov_buf *into)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);

    ov_put_str(&path, "log/");
    ov_put_tile_path(&path, tile);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    ov_buf_clear(into);
    OV_TRY(t->u->io->get(
        t->u->io->data, t->mirror, (char *)path.ptr,
        tile->is_bundle ? OV_BUNDLE_MAX_BYTES : OV_TILE_MAX_BYTES, into));
    return ov_buf_status(into);
}

/* A partial tile may be gone once the full one is there (tlog-tiles, "Partial
 * tiles"). */
static enum ov_status get_either(struct ov_update_tiles *t,
                                 const struct ov_tile *tile,
                                 struct ov_buf *into)
{
    struct ov_tile full = *tile;

    full.width = OV_TILE_WIDTH;
    if (tile->width != OV_TILE_WIDTH && get_file(t, tile, into) == OV_OK)
        return OV_OK;
    return get_file(t, &full, into);
}

static bool is_same(const struct ov_tile *a, const struct ov_tile *b)
{
    return a->is_bundle == b->is_bundle && a->level == b->level &&
           a->index == b->index && a->width == b->width;
}

/* Neighbors lie in the same tiles. */
static enum ov_status get_kept(struct ov_update_tiles *t,
                               const struct ov_tile *tile, struct ov_span *ret)
{
    size_t slot = tile->is_bundle ? 0 : 1 + tile->level;
    struct ov_kept_tile *kept =
        &t->u->kept_tiles[slot < OV_UPDATE_KEPT_TILES
                              ? slot
                              : OV_UPDATE_KEPT_TILES - 1];

    if (!kept->is_there || kept->mirror != t->mirror ||
        !is_same(&kept->tile, tile)) {
        kept->is_there = false;
        OV_TRY(get_either(t, tile, &kept->bytes));
        kept->tile = *tile;
        kept->mirror = t->mirror;
        kept->is_there = true;
    }
    *ret = ov_buf_span(&kept->bytes);
    return OV_OK;
}

enum ov_status ov_update_get_tile(void *data, const struct ov_tile *tile,
                                  struct ov_span *ret)
{
    size_t len = (size_t)tile->width * OV_MERKLE_HASH;
    struct ov_span bytes;

    OV_TRY(get_kept(data, tile, &bytes));
    return ov_span_sub(bytes, 0, len, ret) ? OV_OK : OV_TRUNCATED;
}

/* ---- entries ---- */

static enum ov_status pick(struct ov_span bundle, uint64_t n,
                           struct ov_span *ret)
{
    struct ov_reader r = ov_reader_over(bundle);

    for (uint64_t i = 0; i < n; i++)
        (void)ov_bundle_read(&r);
    *ret = ov_bundle_read(&r);
    return ov_reader_status(&r);
}

static enum ov_status prove(struct ov_update_tiles *t,
                            const struct ov_update_tree *of, uint64_t index,
                            struct ov_span entry)
{
    struct ov_tile_tree tree = {of->size, t, ov_update_get_tile};
    struct ov_merkle_source source = ov_tile_source(&tree);
    uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    uint8_t leaf[OV_MERKLE_HASH];
    size_t n;

    OV_TRY(ov_merkle_prove_inclusion(&source, index, of->size, proof, &n));
    ov_merkle_leaf(entry, leaf);
    return ov_merkle_check_inclusion(leaf, index, of->size, proof, n, of->root);
}

static enum ov_status get_entry(struct ov_update_tiles *t,
                                const struct ov_update_tree *of, uint64_t index,
                                struct ov_span *ret)
{
    struct ov_tile bundle = {true, 0, index / OV_TILE_WIDTH,
                             ov_tile_width(of->size, 0, index / OV_TILE_WIDTH)};
    struct ov_span bytes;

    OV_TRY(get_kept(t, &bundle, &bytes));
    OV_TRY(pick(bytes, index % OV_TILE_WIDTH, ret));
    return prove(t, of, index, *ret);
}

enum ov_status ov_update_entry_of(struct ov_update *u,
                                  const struct ov_update_tree *tree,
                                  uint64_t index, struct ov_arena *a,
                                  struct ov_span *ret)
{
    struct ov_update_tiles t = {u, 0};
    enum ov_status status = OV_NOT_FOUND;
    struct ov_span entry;

    if (index >= tree->size)
        return OV_BAD_PROOF;
    for (; t.mirror < u->options->n_mirrors && status != OV_OK; t.mirror++)
        status = get_entry(&t, tree, index, &entry);
    OV_TRY(status);
    return ov_arena_copy(a, entry, ret) ? OV_OK : OV_NO_MEMORY;
}

enum ov_status ov_update_entry(struct ov_update *u, uint64_t index,
                               struct ov_arena *a, struct ov_span *ret)
{
    struct ov_update_tree seen = {.size = u->client.size};
    enum ov_status status;
    struct ov_span entry;

    status = ov_update_traced(u, index, &entry);
    if (status == OV_OK)
        return ov_arena_copy(a, entry, ret) ? OV_OK : OV_NO_MEMORY;
    if (status != OV_NOT_FOUND)
        return status;
    memcpy(seen.root, u->client.root, sizeof(seen.root));
    return ov_update_entry_of(u, &seen, index, a, ret);
}

/* ---- a record's entry ---- */

static bool names_record(const struct ov_entry *e, const struct ov_record *r)
{
    uint8_t said[32];
    uint8_t have[OV_DIGEST_MAX];
    uint64_t size;
    uint64_t rev;
    struct ov_span id;
    struct ov_span kind;

    return ov_entry_value(e, "id", 0, &id) && ov_span_equal(id, r->id) &&
           ov_entry_value(e, "kind", 0, &kind) &&
           ov_span_equal(kind, r->kind) && ov_entry_number(e, "rev", &rev) &&
           rev == r->rev && ov_entry_digest(e, "source", said, &size) &&
           size == r->source.len &&
           ov_digest(OV_SHA256, r->source, have) == OV_OK &&
           memcmp(said, have, sizeof(said)) == 0;
}

/* A feed's manifest has a line for each record that it brings: feed.h. */
#define MAX_MANIFEST ((size_t)64 << 20)
#define MAX_KEPT ((size_t)64 << 10)

/* The manifest as what lies here says it; false: not all of it does. */
static bool put_together(struct ov_update *u, const uint8_t digest[static 32])
{
    uint8_t have[OV_DIGEST_MAX];

    ov_buf_clear(&u->manifest);
    return ov_update_traced_manifest(u, u->opened_index, &u->manifest) ==
               OV_OK &&
           ov_digest(OV_SHA256, ov_buf_span(&u->manifest), have) == OV_OK &&
           memcmp(have, digest, 32) == 0;
}

static enum ov_status load_manifest(struct ov_update *u,
                                    const struct ov_entry *e)
{
    uint8_t digest[32];
    uint64_t size;
    struct ov_update_check check = {ov_update_check_digest, digest};
    OV_AUTO_DONE(buf) path = ov_buf_with_max(128);

    if (!ov_entry_digest(e, "manifest", digest, &size) || size > MAX_MANIFEST)
        return OV_MALFORMED;
    if (u->has_manifest && memcmp(digest, u->manifest_digest, 32) == 0)
        return OV_OK;
    ov_put_str(&path, "cas/sha256/");
    ov_put_hex(&path, ov_span_of(digest, 1));
    ov_put_u8(&path, '/');
    ov_put_hex(&path, ov_span_of(digest, 32));
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    u->has_manifest = false;
    u->manifest.max = MAX_MANIFEST;
    if (!put_together(u, digest))
        OV_TRY(ov_update_get(u, (char *)path.ptr, size, &u->manifest, &check));
    memcpy(u->manifest_digest, digest, 32);
    u->has_manifest = true;
    return OV_OK;
}

/* Whether the line at which at lies, or the first behind it, has this ID (0), a
 * lower (<0) or a higher one (>0); lines are sorted by it. */
static int compare_line(struct ov_span all, size_t at, struct ov_span id,
                        struct ov_span *ret_line)
{
    struct ov_span rest = ov_span_clip(all, at, all.len);
    struct ov_span line;
    struct ov_span word;

    (void)ov_span_cut(&rest, '\n', &line);
    *ret_line = line;
    word = ov_line_word(&line);
    return ov_span_compare(word, id);
}

static size_t line_start(struct ov_span all, size_t at)
{
    while (at > 0 && ov_span_byte(all, at - 1) != '\n')
        at--;
    return at;
}

static bool find_line(struct ov_span all, struct ov_span id,
                      struct ov_span *ret)
{
    size_t low = 0;
    size_t high = all.len;

    while (low < high) {
        size_t at = line_start(all, low + (high - low) / 2);
        int order = compare_line(all, at, id, ret);

        if (order == 0)
            return true;
        if (order < 0)
            low = at + ret->len + 1;
        else
            high = at;
    }
    return false;
}

static enum ov_status find_in_manifest(struct ov_update *u,
                                       const struct ov_record *r)
{
    OV_AUTO_DONE(buf) want = ov_buf_with_max(1024);
    struct ov_span line;

    OV_TRY(ov_put_manifest_line(&want, r));
    if (!find_line(ov_buf_span(&u->manifest), r->id, &line) ||
        !ov_span_equal(line, ov_buf_span(&want)))
        return OV_BAD_PROOF;
    return OV_OK;
}

/* Opens it, if it is not the one that is open. */
static enum ov_status open_entry(struct ov_update *u, uint64_t index,
                                 struct ov_diag *diag)
{
    struct ov_opened *o;
    struct ov_span note;

    if (u->opened != NULL && u->opened_index == index)
        return OV_OK;
    u->opened = NULL;
    ov_arena_reset(u->entry_arena, MAX_KEPT);
    o = ov_arena_alloc(u->entry_arena, sizeof(*o));
    if (o == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_update_entry(u, index, u->entry_arena, &note));
    OV_TRY(ov_entry_open(u->entry_arena, note, &u->people, index, o, diag));
    u->opened = o;
    u->opened_index = index;
    return OV_OK;
}

enum ov_status ov_update_record_entry(struct ov_update *u,
                                      const struct ov_record *r,
                                      struct ov_opened **ret,
                                      struct ov_diag *diag)
{
    const struct ov_entry *e;

    OV_TRY(open_entry(u, r->index, diag));
    e = &u->opened->entry;
    if (e->type == OV_ENTRY_FEED) {
        OV_TRY(load_manifest(u, e));
        OV_TRY(find_in_manifest(u, r));
    } else if (e->type != OV_ENTRY_RULE_CHANGE || !names_record(e, r)) {
        return ov_diag_set(diag, OV_BAD_PROOF, 0,
                           "is about something else than this record");
    }
    *ret = u->opened;
    return OV_OK;
}
