/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/text.h"
#include "center.h"
#include "crypto/digest.h"
#include "log/frontier.h"

/* All entries, one bundle of 256 after the other. What they say goes into JSON
 * line by line, so that a type of entry that is new to entry.def needs nothing
 * here. An entry whose signers do not suffice is in the log all the same: it
 * gets a "problem", which pages show in red. Tiles and root, in contrast, must
 * be right, or there is no site.
 *
 * Limits: one file and one page for each 256 entries; no index over all of
 * them but what the pages' program makes. */

#define MAX_JSON ((size_t)64 << 20)
#define ENTRY_ARENA ((size_t)1 << 20)

struct reading {
    struct site *site;
    struct ov_frontier *frontier;
    struct ov_arena *arena; /* of one entry */
    struct ov_buf bundle;
    struct ov_buf json;
    struct ov_diag *diag;
};

static enum ov_status read_tile(struct reading *r, const struct ov_tile *t,
                                struct ov_buf *into)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(OV_TILE_PATH_MAX + 8);
    struct ov_tile full = *t;
    enum ov_status status;

    for (;;) {
        ov_buf_clear(&path);
        ov_buf_clear(into);
        ov_put_str(&path, "log/");
        ov_put_tile_path(&path, &full);
        ov_put_u8(&path, 0);
        OV_TRY(ov_buf_status(&path));
        status = site_read(r->site, (const char *)path.ptr, into, r->diag);
        if (status != OV_NOT_FOUND || full.width == OV_TILE_WIDTH)
            return status;
        full.width = OV_TILE_WIDTH; /* partial files may go */
    }
}

static enum ov_status compare_tile(struct reading *r, const struct ov_tile *t,
                                   struct ov_span hashes)
{
    OV_AUTO_DONE(buf) have = ov_buf_with_max(OV_TILE_MAX_BYTES);

    OV_TRY(read_tile(r, t, &have));
    if (ov_span_starts(ov_buf_span(&have), hashes))
        return OV_OK;
    return ov_diag_set(r->diag, OV_BAD_PROOF, 0,
                       "the tile of level %u, index %llu is not that of the "
                       "log's entries",
                       t->level, (unsigned long long)t->index);
}

static enum ov_status on_full(void *data, const struct ov_tile *tile,
                              struct ov_span hashes)
{
    return compare_tile(data, tile, hashes);
}

/* ---- one entry ---- */

static void put_lines(struct ov_buf *b, const struct ov_entry *e)
{
    ov_put_str(b, ",\"lines\":[");
    for (size_t i = 0; i < e->n_lines; i++) {
        ov_put_str(b, i > 0 ? ",[\"" : "[\"");
        ov_put_json(b, e->lines[i].name);
        ov_put_str(b, "\",\"");
        ov_put_json(b, e->lines[i].value);
        ov_put_str(b, "\"]");
    }
    ov_put_str(b, "]");
}

static void put_signers(struct ov_buf *b, const struct ov_signers *s)
{
    ov_put_str(b, ",\"signers\":[");
    for (size_t i = 0; i < s->n; i++) {
        ov_put_format(b, "%s[\"%s\",\"", i > 0 ? "," : "",
                      ov_people_group_name(s->list[i]->group, false));
        ov_put_json(b, s->list[i]->name);
        ov_put_str(b, "\"]");
    }
    ov_put_str(b, "]");
}

/* An entry with a problem: as much of it as can be read. */
static void put_doubtful(struct reading *r, struct ov_span bytes,
                         const char *why)
{
    struct ov_entry *e = ov_arena_alloc(r->arena, sizeof(*e));
    struct ov_note *note = ov_arena_alloc(r->arena, sizeof(*note));

    if (e != NULL && note != NULL &&
        ov_note_parse(r->arena, bytes, note) == OV_OK &&
        ov_entry_parse(note->text, e, NULL) == OV_OK) {
        site_put_text(&r->json, "type",
                      ov_span_str(ov_entry_type_name(e->type)));
        put_lines(&r->json, e);
    } else {
        site_put_text(&r->json, "type", OV_SPAN_LIT("unknown"));
        ov_put_str(&r->json, ",\"lines\":[]");
    }
    ov_put_str(&r->json, ",\"signers\":[]");
    site_put_text(&r->json, "problem", ov_span_str(why));
}

static enum ov_status put_entry(struct reading *r, uint64_t index,
                                struct ov_span bytes,
                                const uint8_t leaf[static OV_MERKLE_HASH])
{
    struct ov_opened *opened;
    uint8_t digest[OV_DIGEST_MAX];
    struct ov_diag diag = {0};
    enum ov_status status;

    ov_arena_reset(r->arena, ENTRY_ARENA);
    opened = ov_arena_alloc(r->arena, sizeof(*opened));
    if (opened == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_digest(OV_SHA256, bytes, digest));
    ov_put_str(&r->json, index % OV_TILE_WIDTH > 0 ? ",\n{" : "\n{");
    site_put_number(&r->json, "index", index);
    site_put_hex(&r->json, "leaf", ov_span_of(leaf, OV_MERKLE_HASH));
    site_put_hex(&r->json, "digest", ov_span_of(digest, 32));
    status =
        ov_entry_open(r->arena, bytes, &r->site->people, index, opened, &diag);
    if (status == OV_NO_MEMORY)
        return status;
    if (status == OV_OK) {
        site_put_text(&r->json, "type",
                      ov_span_str(ov_entry_type_name(opened->entry.type)));
        put_lines(&r->json, &opened->entry);
        put_signers(&r->json, &opened->signers);
    } else {
        put_doubtful(r, bytes,
                     diag.text[0] != '\0' ? diag.text : ov_status_name(status));
    }
    ov_put_str(&r->json, "}");
    return ov_buf_status(&r->json);
}

/* ---- bundles ---- */

static enum ov_status take_entries(struct reading *r, const struct ov_tile *t)
{
    struct ov_reader entries = ov_reader_over(ov_buf_span(&r->bundle));

    for (unsigned i = 0; i < t->width; i++) {
        struct ov_span entry = ov_bundle_read(&entries);
        uint8_t leaf[OV_MERKLE_HASH];

        if (ov_reader_status(&entries) != OV_OK)
            return ov_diag_set(r->diag, OV_BAD_PROOF, 0,
                               "bundle %llu has too few entries",
                               (unsigned long long)t->index);
        ov_merkle_leaf(entry, leaf);
        OV_TRY(put_entry(r, t->index * OV_TILE_WIDTH + i, entry, leaf));
        OV_TRY(ov_frontier_add(r->frontier, leaf));
    }
    return OV_OK;
}

static enum ov_status take_bundle(struct reading *r, uint64_t index)
{
    struct ov_tile t = {.is_bundle = true, .index = index};
    char path[64];

    t.width = ov_tile_width(r->site->seen.checkpoint.size, 0, index);
    OV_TRY(read_tile(r, &t, &r->bundle));
    ov_buf_clear(&r->json);
    ov_put_str(&r->json, "{\"format\":\"overt-center-log/1\"");
    site_put_number(&r->json, "first", index * OV_TILE_WIDTH);
    ov_put_str(&r->json, ",\"entries\":[");
    OV_TRY(take_entries(r, &t));
    ov_put_str(&r->json, "\n]}\n");
    (void)snprintf(path, sizeof(path), "data/log/%llu.json",
                   (unsigned long long)index);
    return site_write(r->site, path, &r->json, r->diag);
}

static enum ov_status read_all(struct reading *r)
{
    const struct ov_checkpoint *c = &r->site->seen.checkpoint;
    uint8_t root[OV_MERKLE_HASH];

    for (uint64_t i = 0; i * OV_TILE_WIDTH < c->size; i++)
        OV_TRY(take_bundle(r, i));
    for (unsigned level = 0; level < OV_FRONTIER_LEVELS; level++) {
        struct ov_tile t;
        struct ov_span hashes;

        if (ov_frontier_partial(r->frontier, level, &t, &hashes))
            OV_TRY(compare_tile(r, &t, hashes));
    }
    ov_frontier_root(r->frontier, root);
    if (memcmp(root, c->root, sizeof(root)) == 0)
        return OV_OK;
    return ov_diag_set(r->diag, OV_BAD_PROOF, 0,
                       "the log's entries are not those of its checkpoint");
}

enum ov_status site_log(struct site *s, struct ov_diag *diag)
{
    OV_AUTO_PTR struct ov_frontier *frontier = ov_alloc(sizeof(*frontier));
    OV_AUTO(arena) arena = ov_arena_new(ENTRY_ARENA);
    struct reading r = {.site = s,
                        .frontier = frontier,
                        .arena = arena,
                        .bundle = ov_buf_with_max(OV_BUNDLE_MAX_BYTES),
                        .json = ov_buf_with_max(MAX_JSON),
                        .diag = diag};
    enum ov_status status;

    if (frontier == NULL || arena == NULL)
        return OV_NO_MEMORY;
    frontier->full = on_full;
    frontier->data = &r;
    status = read_all(&r);
    ov_buf_done(&r.bundle);
    ov_buf_done(&r.json);
    return status;
}
