/* SPDX-License-Identifier: Apache-2.0 */
#include "log_view.h"

#include <errno.h>
#include <unistd.h>

#include "sys/fd.h"

/* For each bundle of 256 entries two files are read: the entries, and the tile
 * of their hashes. Hashes that were seen before must be the same; new ones go
 * into the frontier, which shows each tile of the levels above as it becomes
 * full. At the end the partial tiles are compared, and the root.
 *
 * A partial file may be gone once the full one is there (tlog-tiles, "Partial
 * Tiles"); then the full one is read and cut. */

#define READ_CHUNK ((size_t)256 << 10)

static enum ov_status read_fd(int fd, uint64_t len, struct ov_buf *into)
{
    uint64_t at = 0;

    while (at < len) {
        size_t want = len - at < READ_CHUNK ? (size_t)(len - at) : READ_CHUNK;
        uint8_t *room = ov_buf_room(into, want);
        ssize_t got;

        if (room == NULL)
            return ov_buf_status(into);
        got = pread(fd, room, want, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return OV_IO;
        ov_buf_added(into, (size_t)got);
        at += (uint64_t)got;
    }
    return OV_OK;
}

enum ov_status view_read(const struct log_view *v, const char *path, size_t max,
                         struct ov_buf *into, struct ov_diag *diag)
{
    struct ov_mirror_file file = {-1, 0};
    enum ov_status status;

    status = ov_mirrors_get(v->mirrors, v->place, path, max, &file, diag);
    if (status == OV_NOT_FOUND)
        return ov_diag_set(diag, status, 0, "%s is not there", path);
    OV_TRY(status);
    OV_AUTO_FD fd = file.fd;
    status = read_fd(fd, file.len, into);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "%s cannot be read", path);
    return OV_OK;
}

struct step {
    struct walk *walk;
    const struct log_view *view;
    uint64_t size;
    struct ov_buf entries;
    struct ov_buf hashes;
    struct ov_buf above; /* a tile of a higher level */
    struct ov_diag *diag;
};

static enum ov_status read_one(const struct step *s, const struct ov_tile *t,
                               struct ov_buf *into)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(OV_TILE_PATH_MAX);

    ov_buf_clear(into);
    ov_put_tile_path(&path, t);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    return view_read(s->view, (const char *)path.ptr,
                     t->is_bundle ? OV_BUNDLE_MAX_BYTES : OV_TILE_MAX_BYTES,
                     into, s->diag);
}

static enum ov_status read_tile(const struct step *s, const struct ov_tile *t,
                                struct ov_buf *into)
{
    enum ov_status status = read_one(s, t, into);
    struct ov_tile full = *t;

    if (status == OV_NOT_FOUND && t->width < OV_TILE_WIDTH) {
        full.width = OV_TILE_WIDTH;
        status = read_one(s, &full, into);
    }
    return status;
}

static enum ov_status is_different(const struct step *s,
                                   const struct ov_tile *t, const char *what)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(OV_TILE_PATH_MAX);

    ov_put_tile_path(&path, t);
    ov_put_u8(&path, 0);
    return ov_diag_set(s->diag, OV_BAD_PROOF, 0, "%s: %s",
                       path.len > 0 ? (const char *)path.ptr : "?", what);
}

/* Whether the place serves this tile as it must be. */
static enum ov_status compare_tile(struct step *s, const struct ov_tile *t,
                                   struct ov_span hashes)
{
    if (t->level == 0)
        return OV_OK; /* compared while it came about */
    OV_TRY(read_tile(s, t, &s->above));
    if (!ov_span_starts(ov_buf_span(&s->above), hashes))
        return is_different(s, t, "is not made of the tiles below");
    return OV_OK;
}

static enum ov_status on_full(void *data, const struct ov_tile *tile,
                              struct ov_span hashes)
{
    return compare_tile(data, tile, hashes);
}

/* The hash of entry i of the bundle as the tile has it. */
static bool tile_has(const struct step *s, unsigned i, const uint8_t *leaf)
{
    struct ov_span hash;

    return ov_span_array(ov_span_clip(ov_buf_span(&s->hashes),
                                      (uint64_t)i * OV_MERKLE_HASH,
                                      OV_MERKLE_HASH),
                         0, 1, OV_MERKLE_HASH, &hash) &&
           memcmp(hash.ptr, leaf, OV_MERKLE_HASH) == 0;
}

static enum ov_status take_entry(struct step *s, const struct ov_tile *t,
                                 unsigned i, struct ov_span entry)
{
    struct ov_frontier *f = s->walk->frontier;
    uint64_t index = t->index * OV_TILE_WIDTH + i;
    uint8_t leaf[OV_MERKLE_HASH];

    ov_merkle_leaf(entry, leaf);
    if (!tile_has(s, i, leaf))
        return is_different(s, t, "an entry is not what its tile says");
    if (index < f->size) {
        if (memcmp(f->levels[0].hashes[i], leaf, OV_MERKLE_HASH) != 0)
            return is_different(s, t, "an entry has changed");
        return OV_OK;
    }
    OV_TRY(s->walk->entry(s->walk->data, index, entry));
    return ov_frontier_add(f, leaf);
}

static enum ov_status take_bundle(struct step *s)
{
    struct ov_tile t = {.is_bundle = true,
                        .index = s->walk->frontier->size / OV_TILE_WIDTH};
    struct ov_tile hashes;
    struct ov_reader r;

    t.width = ov_tile_width(s->size, 0, t.index);
    hashes = t;
    hashes.is_bundle = false;
    OV_TRY(read_tile(s, &hashes, &s->hashes));
    OV_TRY(read_tile(s, &t, &s->entries));
    r = ov_reader_over(ov_buf_span(&s->entries));
    for (unsigned i = 0; i < t.width; i++) {
        struct ov_span entry = ov_bundle_read(&r);

        if (ov_reader_status(&r) != OV_OK)
            return is_different(s, &t, "has too few entries");
        OV_TRY(take_entry(s, &t, i, entry));
    }
    return OV_OK;
}

static enum ov_status walk(struct step *s)
{
    struct ov_frontier *f = s->walk->frontier;

    while (f->size < s->size)
        OV_TRY(take_bundle(s));
    for (unsigned level = 1; level < OV_FRONTIER_LEVELS; level++) {
        struct ov_tile t;
        struct ov_span hashes;

        if (ov_frontier_partial(f, level, &t, &hashes))
            OV_TRY(compare_tile(s, &t, hashes));
    }
    return OV_OK;
}

bool walk_has_root(const struct walk *w,
                   const uint8_t root[static OV_MERKLE_HASH])
{
    uint8_t own[OV_MERKLE_HASH];

    ov_frontier_root(w->frontier, own);
    return memcmp(own, root, OV_MERKLE_HASH) == 0;
}

enum ov_status walk_to(struct walk *w, const struct log_view *v, uint64_t size,
                       const uint8_t root[static OV_MERKLE_HASH],
                       struct ov_diag *diag)
{
    struct step s = {.walk = w, .view = v, .size = size, .diag = diag};
    enum ov_status status;

    s.entries = ov_buf_with_max(OV_BUNDLE_MAX_BYTES);
    s.hashes = ov_buf_with_max(OV_TILE_MAX_BYTES);
    s.above = ov_buf_with_max(OV_TILE_MAX_BYTES);
    w->frontier->full = on_full;
    w->frontier->data = &s;
    status = walk(&s);
    w->frontier->full = NULL;
    w->frontier->data = NULL;
    ov_buf_done(&s.entries);
    ov_buf_done(&s.hashes);
    ov_buf_done(&s.above);
    if (status == OV_OK && !walk_has_root(w, root))
        return ov_diag_set(diag, OV_BAD_PROOF, 0,
                           "the entries are not those of the signed root");
    return status;
}
