/* SPDX-License-Identifier: Apache-2.0 */
#include "log_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/file.h"

/* Tiles are written once their 256 hashes are there, partial ones at each size
 * that is to be signed (c2sp.org/tlog-tiles, "Partial Tiles"). Every file is
 * written beside, synced, renamed, and its folder synced, before the size that
 * needs it is committed. There is one writer, so there is one temporary name.
 *
 * The folder is given to the world and is not trusted: when the edge is loaded,
 * its root must be the one of the state, and the entries of the last bundle
 * must be those of the last tile. Writing a tile again after a crash writes the
 * same bytes, since the journal has the same entries in the same order. */

#define TEMPORARY ".overt-logd.tmp"
#define CHUNK ((size_t)1 << 18) /* how ov_file_read asks for room */

static bool file_path(const struct log_files *f, const char *name,
                      char ret[static LOG_PATH_MAX])
{
    int n = snprintf(ret, LOG_PATH_MAX, "%s/%s", f->root, name);

    return n > 0 && n < LOG_PATH_MAX;
}

/* The folders above a file, each durable in its parent. */
static enum ov_status make_parents(const struct log_files *f, char *path)
{
    for (char *p = path + strlen(f->root) + 1; (p = strchr(p, '/')) != NULL;
         p++) {
        enum ov_status s = OV_OK;

        *p = 0;
        if (mkdir(path, 0755) == 0)
            s = ov_folder_sync(path);
        else if (errno != EEXIST)
            s = OV_IO;
        *p = '/';
        OV_TRY(s);
    }
    return OV_OK;
}

static enum ov_status write_synced(const char *path, struct ov_span bytes)
{
    OV_AUTO_FD fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (fd < 0)
        return OV_IO;
    OV_TRY(ov_write_all(fd, bytes));
    return fsync(fd) == 0 ? OV_OK : OV_IO;
}

enum ov_status log_files_put(const struct log_files *f, const char *name,
                             struct ov_span bytes)
{
    char temporary[LOG_PATH_MAX];
    char path[LOG_PATH_MAX];

    if (!file_path(f, name, path) || !file_path(f, TEMPORARY, temporary))
        return OV_USAGE;
    OV_TRY(write_synced(temporary, bytes));
    OV_TRY(make_parents(f, path));
    if (rename(temporary, path) != 0)
        return OV_IO;
    return ov_folder_sync(path);
}

static enum ov_status put_tile(struct log_tree *t, const struct ov_tile *tile,
                               struct ov_span bytes)
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(OV_TILE_PATH_MAX + 1);

    ov_put_tile_path(&name, tile);
    ov_put_u8(&name, 0);
    OV_TRY(ov_buf_status(&name));
    return log_files_put(&t->files, (const char *)name.ptr, bytes);
}

static enum ov_status read_tile(struct log_files *f, const struct ov_tile *tile)
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(OV_TILE_PATH_MAX + 1);
    char path[LOG_PATH_MAX];

    ov_put_tile_path(&name, tile);
    ov_put_u8(&name, 0);
    OV_TRY(ov_buf_status(&name));
    if (!file_path(f, (const char *)name.ptr, path))
        return OV_USAGE;
    ov_buf_clear(&f->bytes);
    return ov_file_read(path, &f->bytes);
}

enum ov_status log_files_get(void *data, const struct ov_tile *t,
                             struct ov_span *ret)
{
    struct log_files *f = data;
    enum ov_status s;

    f->bytes.max = OV_BUNDLE_MAX_BYTES + CHUNK;
    s = read_tile(f, t);
    if (s == OV_NOT_FOUND && t->width < OV_TILE_WIDTH && !t->is_bundle) {
        struct ov_tile full = *t;

        full.width = OV_TILE_WIDTH;
        s = read_tile(f, &full);
    }
    OV_TRY(s);
    *ret = ov_buf_span(&f->bytes);
    if (!t->is_bundle)
        *ret = ov_span_clip(*ret, 0, (uint64_t)t->width * OV_MERKLE_HASH);
    return OV_OK;
}

void log_tree_done(struct log_tree *t)
{
    ov_buf_done(&t->files.bytes);
    ov_buf_done(&t->bundle);
}

/* The last tile of a level, if it is partial. */
static enum ov_status load_edge(struct log_tree *t, unsigned level)
{
    struct ov_tile tile = {.level = level,
                           .index = t->size >> (OV_TILE_HEIGHT * level) >>
                                    OV_TILE_HEIGHT};
    struct ov_span bytes;

    tile.width = ov_tile_width(t->size, level, tile.index);
    t->edge[level].n = tile.width;
    if (tile.width == 0)
        return OV_OK;
    OV_TRY(log_files_get(&t->files, &tile, &bytes));
    if (bytes.len != (size_t)tile.width * OV_MERKLE_HASH)
        return OV_MALFORMED;
    memcpy(t->edge[level].hashes, bytes.ptr, bytes.len);
    return OV_OK;
}

/* The entries of the last bundle, each compared with its leaf. */
static enum ov_status load_bundle(struct log_tree *t)
{
    struct ov_tile tile = {.is_bundle = true,
                           .index = t->size >> OV_TILE_HEIGHT,
                           .width = t->edge[0].n};
    struct ov_reader r;
    struct ov_span bytes;

    ov_buf_clear(&t->bundle);
    if (tile.width == 0)
        return OV_OK;
    OV_TRY(log_files_get(&t->files, &tile, &bytes));
    r = ov_reader_over(bytes);
    for (unsigned i = 0; i < tile.width; i++) {
        uint8_t leaf[OV_MERKLE_HASH];

        ov_merkle_leaf(ov_bundle_read(&r), leaf);
        OV_TRY(ov_reader_status(&r));
        if (memcmp(leaf, t->edge[0].hashes[i], sizeof(leaf)) != 0)
            return OV_BAD_PROOF;
    }
    OV_TRY(ov_reader_end(&r));
    ov_put_span(&t->bundle, bytes);
    return ov_buf_status(&t->bundle);
}

/* The full subtrees that the size consists of. */
static enum ov_status load_stack(struct log_tree *t,
                                 const struct log_state *state)
{
    struct ov_tile_tree tree = {t->size, &t->files, log_files_get};
    struct ov_merkle_source source = ov_tile_source(&tree);
    uint8_t root[OV_MERKLE_HASH];

    t->stack.size = t->size;
    for (unsigned level = 0; level < 63; level++) {
        uint64_t n = t->size >> level;

        if ((n & 1) != 0)
            OV_TRY(
                source.node(source.data, level, n - 1, t->stack.full[level]));
    }
    ov_merkle_stack_root(&t->stack, root);
    return memcmp(root, state->root, sizeof(root)) == 0 ? OV_OK : OV_BAD_PROOF;
}

enum ov_status log_tree_load(struct log_tree *t, const char *publish,
                             const struct log_state *state,
                             struct ov_diag *diag)
{
    enum ov_status s = OV_OK;

    log_tree_done(t);
    memset(t, 0, sizeof(*t)); /* too large for a value on the stack */
    t->files.bytes = ov_buf_with_max(OV_BUNDLE_MAX_BYTES + CHUNK);
    t->bundle = ov_buf_with_max(OV_BUNDLE_MAX_BYTES);
    t->size = state->size;
    if (snprintf(t->files.root, LOG_PATH_MAX, "%s", publish) >= LOG_PATH_MAX)
        return ov_diag_set(diag, OV_USAGE, 0, "the path is too long");
    if (mkdir(publish, 0755) != 0 && errno != EEXIST)
        return ov_diag_set(diag, OV_IO, 0, "%s: %s", publish, strerror(errno));
    OV_TRY(ov_folder_sync(publish));
    for (unsigned level = 0; s == OV_OK && level < LOG_TREE_LEVELS; level++)
        s = load_edge(t, level);
    if (s == OV_OK)
        s = load_stack(t, state);
    if (s == OV_OK)
        s = load_bundle(t);
    if (s != OV_OK)
        return ov_diag_set(diag, s, 0,
                           "%s does not hold the tree of %llu entries that "
                           "this log committed itself to; restore its files "
                           "from a mirror",
                           publish, (unsigned long long)state->size);
    return OV_OK;
}

/* The root over 256 hashes. */
static void fold(uint8_t (*hashes)[OV_MERKLE_HASH],
                 uint8_t ret[static OV_MERKLE_HASH])
{
    struct ov_merkle_stack s = {.size = 0};

    for (unsigned i = 0; i < OV_TILE_WIDTH; i++)
        ov_merkle_stack_add(&s, hashes[i]);
    ov_merkle_stack_root(&s, ret);
}

static enum ov_status write_edge(struct log_tree *t, unsigned level)
{
    uint64_t last = (t->size - 1) >> (OV_TILE_HEIGHT * level);
    struct ov_tile tile = {.level = level,
                           .index = last >> OV_TILE_HEIGHT,
                           .width = t->edge[level].n};

    return put_tile(
        t, &tile,
        ov_span_of(t->edge[level].hashes, (size_t)tile.width * OV_MERKLE_HASH));
}

static enum ov_status write_bundle(struct log_tree *t)
{
    struct ov_tile tile = {.is_bundle = true,
                           .index = (t->size - 1) >> OV_TILE_HEIGHT,
                           .width = t->edge[0].n};

    OV_TRY(ov_buf_status(&t->bundle));
    return put_tile(t, &tile, ov_buf_span(&t->bundle));
}

/* Appends a hash to level's edge; a full tile is written and counts above. */
static enum ov_status push(struct log_tree *t,
                           const uint8_t leaf[static OV_MERKLE_HASH])
{
    uint8_t hash[OV_MERKLE_HASH];

    memcpy(hash, leaf, sizeof(hash));
    for (unsigned level = 0; level < LOG_TREE_LEVELS; level++) {
        memcpy(t->edge[level].hashes[t->edge[level].n++], hash, sizeof(hash));
        if (t->edge[level].n < OV_TILE_WIDTH)
            return OV_OK;
        if (level == 0) {
            OV_TRY(write_bundle(t));
            ov_buf_clear(&t->bundle);
        }
        OV_TRY(write_edge(t, level));
        fold(t->edge[level].hashes, hash);
        t->edge[level].n = 0;
    }
    return OV_LIMIT_SIZE;
}

enum ov_status log_tree_add(struct log_tree *t, struct ov_span entry)
{
    uint8_t leaf[OV_MERKLE_HASH];

    ov_merkle_leaf(entry, leaf);
    ov_merkle_stack_add(&t->stack, leaf);
    ov_put_bundle_entry(&t->bundle, entry);
    OV_TRY(ov_buf_status(&t->bundle));
    t->size++;
    return push(t, leaf);
}

enum ov_status log_tree_flush(struct log_tree *t)
{
    for (unsigned level = 0; level < LOG_TREE_LEVELS; level++) {
        if (t->edge[level].n > 0)
            OV_TRY(write_edge(t, level));
    }
    return t->edge[0].n > 0 ? write_bundle(t) : OV_OK;
}

void log_tree_state(const struct log_tree *t, struct log_state *ret)
{
    ret->size = t->size;
    ov_merkle_stack_root(&t->stack, ret->root);
}
