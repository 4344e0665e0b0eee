/* SPDX-License-Identifier: Apache-2.0 */
#include "history.h"

#include <string.h>

#include "base/base64.h"
#include "base/text.h"
#include "log/proof.h"
#include "log/tile.h"

/* The log's own folder is DIR/logd/log: checkpoint and tiles after
 * c2sp.org/tlog-tiles. All entries are read and hashed again, which costs a
 * second for 400,000 of them; a publisher that believes its own sequencer would
 * be the first one to be lied to. */

#define KEEP_CHECKPOINTS 64

static const char *log_path(struct instance *in, const char *rest)
{
    return path_in(in, "logd/log/%s", rest);
}

static bool refuse(const char *path, const char *why)
{
    return tell_error("%s: %s; do not publish from it: see \"A fork\" in "
                      "docs/publisher.md",
                      path, why);
}

static bool check_checkpoint(struct instance *in, struct history *h,
                             struct ov_policy_result *ret)
{
    const char *path = log_path(in, "checkpoint");
    struct ov_note *note = ov_arena_alloc(in->arena, sizeof(*note));
    struct ov_policy policy;
    struct ov_diag diag = {0};
    struct ov_span text;

    if (note == NULL || !read_in(in, path, &h->checkpoint) ||
        !read_in(in, path_in(in, "policy"), &text))
        return false;
    if (ov_policy_parse(in->arena, text, &policy, &diag) != OV_OK)
        return tell_error("%s:%u: %s", path_in(in, "policy"), diag.line,
                          diag.text);
    if (ov_note_parse(in->arena, h->checkpoint, note) != OV_OK)
        return refuse(path, "not a signed note");
    if (ov_policy_check(&policy, note, NULL, ret) != OV_OK)
        return refuse(path, "not signed by the log, or too few witnesses");
    return true;
}

static bool read_bundle(struct instance *in, uint64_t size, uint64_t which,
                        struct history *h)
{
    OV_AUTO_DONE(buf) rest = ov_buf_with_max(256);
    const struct ov_tile tile = {
        .is_bundle = true,
        .index = which,
        .width = ov_tile_width(size, 0, which),
    };
    struct ov_span bytes;
    struct ov_reader r;

    ov_put_tile_path(&rest, &tile);
    ov_put_u8(&rest, 0);
    if (ov_buf_status(&rest) != OV_OK ||
        !read_in(in, log_path(in, (const char *)rest.ptr), &bytes))
        return false;
    r = ov_reader_over(bytes);
    for (unsigned i = 0; i < tile.width; i++)
        h->entries[h->n++] = ov_bundle_read(&r);
    if (ov_reader_end(&r) != OV_OK)
        return refuse(log_path(in, (const char *)rest.ptr), "damaged");
    return true;
}

bool history_read(struct instance *in, struct history *ret)
{
    struct ov_policy_result *result =
        ov_arena_alloc(in->arena, sizeof(*result));
    struct ov_merkle_stack *stack = ov_arena_alloc(in->arena, sizeof(*stack));
    struct history h = {0};
    uint64_t size;

    *ret = h;
    if (!disk_exists(log_path(in, "checkpoint")))
        return true;
    if (result == NULL || stack == NULL || !check_checkpoint(in, &h, result))
        return false;
    size = result->checkpoint.size;
    h.entries = ov_arena_array(in->arena, size + 1, sizeof(*h.entries));
    if (h.entries == NULL)
        return tell_error("out of memory");
    while (h.n < size) {
        uint64_t from = h.n;

        if (!read_bundle(in, size, from / OV_TILE_WIDTH, &h))
            return false;
        for (uint64_t i = from; i < h.n; i++) {
            uint8_t leaf[32];

            ov_merkle_leaf(h.entries[i], leaf);
            ov_merkle_stack_add(stack, leaf);
        }
    }
    ov_merkle_stack_root(stack, h.root);
    if (memcmp(h.root, result->checkpoint.root, sizeof(h.root)) != 0)
        return refuse(log_path(in, "checkpoint"),
                      "its root is not that of the entries");
    *ret = h;
    return true;
}

bool history_newest(struct instance *in, const struct history *h,
                    enum ov_entry_type type, const char *id,
                    struct ov_opened *ret, uint64_t *ret_index)
{
    struct ov_people people;

    if (!people_read(in, &people))
        return false;
    for (uint64_t i = h->n; i-- > 0;) {
        if (ov_entry_open(in->arena, h->entries[i], &people, i, ret, NULL) ==
                OV_OK &&
            ret->entry.type == type &&
            (id == NULL || ov_entry_is(&ret->entry, "id", id))) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

bool history_find(const struct history *h, struct ov_span note,
                  uint64_t *ret_index)
{
    for (uint64_t i = 0; i < h->n; i++) {
        if (ov_span_equal(h->entries[i], note)) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

/* -- tiles -- */

struct tiles {
    struct instance *in;
    struct ov_span last;
};

static enum ov_status get_tile(void *data, const struct ov_tile *tile,
                               struct ov_span *ret)
{
    struct tiles *t = data;
    OV_AUTO_DONE(buf) rest = ov_buf_with_max(256);

    ov_put_tile_path(&rest, tile);
    ov_put_u8(&rest, 0);
    OV_TRY(ov_buf_status(&rest));
    if (!read_in(t->in, log_path(t->in, (const char *)rest.ptr), ret))
        return OV_NOT_FOUND;
    return OV_OK;
}

/* Copies one tile that is not there yet: tiles never change. */
static bool copy_tile(struct instance *in, const struct ov_tile *tile)
{
    OV_AUTO_DONE(buf) rest = ov_buf_with_max(256);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_BUNDLE_MAX_BYTES);
    const char *to;

    ov_put_tile_path(&rest, tile);
    ov_put_u8(&rest, 0);
    if (ov_buf_status(&rest) != OV_OK)
        return tell_error("out of memory");
    to = path_in(in, "repo/log/%s", (const char *)rest.ptr);
    if (disk_exists(to))
        return true;
    return disk_read(log_path(in, (const char *)rest.ptr), &bytes) &&
           disk_write(to, ov_buf_span(&bytes), 0644);
}

static bool copy_level(struct instance *in, const struct history *h,
                       unsigned level, bool is_bundle)
{
    unsigned width;

    for (uint64_t i = 0; (width = ov_tile_width(h->n, level, i)) > 0; i++) {
        const struct ov_tile tile = {
            .is_bundle = is_bundle, .level = level, .index = i, .width = width};

        if (!copy_tile(in, &tile))
            return false;
    }
    return true;
}

/* -- proofs -- */

static bool write_proof(struct instance *in, const struct history *h,
                        uint64_t index, const char *hex, struct ov_span extra)
{
    const char *path = path_in(in, "repo/proof/%s.tlog-proof", hex);
    struct tiles tiles = {.in = in};
    struct ov_tile_tree tree = {.size = h->n, .data = &tiles, .get = get_tile};
    struct ov_merkle_source source = ov_tile_source(&tree);
    uint8_t hashes[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    struct ov_proof proof = {.extra = extra,
                             .index = index,
                             .hashes = hashes,
                             .checkpoint = h->checkpoint};
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_PROOF_MAX_SIZE);

    if (disk_exists(path))
        return true;
    if (ov_merkle_prove_inclusion(&source, index, h->n, hashes,
                                  &proof.n_hashes) != OV_OK)
        return tell_error("entry %llu: no proof can be made",
                          (unsigned long long)index);
    ov_put_proof(&bytes, &proof);
    if (ov_buf_status(&bytes) != OV_OK)
        return tell_error("entry %llu: its proof is too long",
                          (unsigned long long)index);
    return disk_write(path, ov_buf_span(&bytes), 0644);
}

/* The sources of a feed's records, before its manifest: if that is there, they
 * are. */
static bool publish_records(struct instance *in, struct ov_span name)
{
    struct ov_span manifest;
    struct ov_span line;
    struct ov_span word;
    bool is_there;

    if (!blob_is_public(in, name, &is_there) || is_there)
        return is_there;
    if (!blob_get(in, name, &manifest))
        return false;
    while (ov_span_cut(&manifest, '\n', &line)) {
        if (!ov_span_cut(&line, ' ', &word))
            return false;
        if (ov_span_equal(line, OV_SPAN_LIT("-")))
            continue;
        if (!ov_span_cut(&line, ' ', &word) || !blob_publish(in, line))
            return false;
    }
    return disk_sync(in->dir);
}

/* What an entry names by digest is public with it, but for a source under
 * embargo. */
static bool publish_blobs(struct instance *in, const struct ov_entry *e)
{
    static const char *const names[] = {
        "source", "tests", "table", "manifest", "provenance", "sbom", "file"};
    struct ov_span value;
    uint64_t until;

    if (e->type == OV_ENTRY_CODE_RELEASE || e->type == OV_ENTRY_KEY_EVENT ||
        e->type == OV_ENTRY_DELTA || e->type == OV_ENTRY_REQUEST_HISTORY)
        return true; /* cmd_code.c, pending.c, the cloud's tree, no blob */
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct ov_span embargo;

        if (!ov_entry_value(e, names[i], 0, &value))
            continue;
        if (i == 0 && ov_entry_value(e, "embargo", 0, &embargo) &&
            ov_date_parse(embargo, &until) && until > in->now)
            continue;
        if (e->type == OV_ENTRY_FEED && strcmp(names[i], "manifest") == 0 &&
            !publish_records(in, value))
            return false;
        if (!blob_publish(in, value))
            return false;
    }
    return true;
}

/* A version of policy or people that is, or was, a target: clients that were
 * away catch up by these (src/lib/trust/update_catch_up.c). */
static void put_version(struct instance *in, const struct ov_entry *e,
                        struct ov_buf *b)
{
    struct ov_span role;
    uint8_t digest[32];
    const char *name;

    if (!ov_entry_value(e, "role", 0, &role) ||
        !ov_entry_digest(e, "file", digest, NULL) ||
        (!ov_span_equal(role, OV_SPAN_LIT("policy")) &&
         !ov_span_equal(role, OV_SPAN_LIT("people"))))
        return;
    name = text_of(in, role);
    if (!disk_exists(
            path_in(in, "repo/targets/trust/%s.%s", hex_of(in, digest), name)))
        return;
    ov_put_format(b, "%s ", name);
    ov_put_entry_digest(b, digest);
    ov_put_u8(b, '\n');
}

/* Which entries have a proof of their own, and under which name. */
static bool prove_entry(struct instance *in, const struct history *h,
                        uint64_t index, struct ov_buf *versions)
{
    struct ov_span note = h->entries[index];
    struct ov_note *n = ov_arena_alloc(in->arena, sizeof(*n));
    struct ov_entry *e = ov_arena_alloc(in->arena, sizeof(*e));
    uint8_t digest[32];

    if (n == NULL || e == NULL)
        return tell_error("out of memory");
    if (ov_note_parse(in->arena, note, n) != OV_OK ||
        ov_entry_parse(n->text, e, NULL) != OV_OK)
        return true; /* status tells about entries that are none */
    if (!publish_blobs(in, e))
        return false;
    if (e->type == OV_ENTRY_KEY_EVENT)
        put_version(in, e, versions);
    if (e->type == OV_ENTRY_KEY_EVENT || e->type == OV_ENTRY_NOTICE ||
        e->type == OV_ENTRY_KEY_MANIFEST)
        return !ov_entry_digest(e, "file", digest, NULL) ||
               write_proof(in, h, index, hex_of(in, digest), note);
    if (e->type != OV_ENTRY_RELEASE && e->type != OV_ENTRY_RECALL &&
        e->type != OV_ENTRY_CODE_RELEASE)
        return true;
    if (!digest_of(note, digest))
        return false;
    return write_proof(in, h, index, hex_of(in, digest),
                       e->type == OV_ENTRY_RECALL ? note : (struct ov_span){0});
}

/* From an older size to this one: a line of base64 for each hash. */
static bool write_consistency(struct instance *in, const struct history *h,
                              uint64_t old)
{
    const char *path =
        path_in(in, "repo/consistency/%llu-%llu", (unsigned long long)old,
                (unsigned long long)h->n);
    struct tiles tiles = {.in = in};
    struct ov_tile_tree tree = {.size = h->n, .data = &tiles, .get = get_tile};
    struct ov_merkle_source source = ov_tile_source(&tree);
    uint8_t hashes[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(8192);
    size_t n;

    if (old == 0 || old >= h->n || disk_exists(path))
        return true;
    if (ov_merkle_prove_consistency(&source, old, h->n, hashes, &n) != OV_OK)
        return tell_error("%s: no proof can be made", path);
    for (size_t i = 0; i < n; i++) {
        ov_put_base64(&bytes, ov_span_of(hashes[i], sizeof(hashes[i])));
        ov_put_u8(&bytes, '\n');
    }
    return disk_write(path, ov_buf_span(&bytes), 0644);
}

/* DIR/checkpoints: sizes that were published, a line each. */
static bool write_consistencies(struct instance *in, const struct history *h)
{
    const char *path = path_in(in, "checkpoints");
    OV_AUTO_DONE(buf) sizes = ov_buf_with_max(4096);
    struct ov_span old = {0};
    struct ov_span line;
    size_t n = 0;

    if (disk_exists(path) && !read_in(in, path, &old))
        return false;
    ov_put_format(&sizes, "%llu\n", (unsigned long long)h->n);
    while (ov_span_cut(&old, '\n', &line) && n++ < KEEP_CHECKPOINTS) {
        uint64_t size;

        if (!ov_parse_uint(line, UINT64_MAX, &size) || size == h->n)
            continue;
        if (!write_consistency(in, h, size))
            return false;
        ov_put_format(&sizes, "%llu\n", (unsigned long long)size);
    }
    return disk_write(path, ov_buf_span(&sizes), 0644);
}

/* The last checkpoints of logs that were before this one (cmd_turn.c). */
static bool copy_turns(struct instance *in)
{
    struct disk_names names;
    bool ok = disk_list(log_path(in, "turn"), "", &names);

    for (size_t i = 0; ok && i < names.n; i++) {
        const char *to = path_in(in, "repo/log/turn/%s", names.names[i]);
        struct ov_span note;

        if (!disk_exists(to))
            ok = read_in(in, log_path(in, text(in, "turn/%s", names.names[i])),
                         &note) &&
                 disk_write(to, note, 0644);
    }
    disk_names_done(&names);
    return ok;
}

bool history_publish_tiles(struct instance *in, const struct history *h)
{
    OV_AUTO_DONE(buf) versions = ov_buf_with_max(64 << 10);

    if (h->n == 0)
        return true;
    if (!copy_turns(in) || !copy_level(in, h, 0, true))
        return false;
    for (unsigned level = 0;
         level <= OV_TILE_MAX_LEVEL && ov_tile_width(h->n, level, 0) > 0;
         level++) {
        if (!copy_level(in, h, level, false))
            return false;
    }
    for (uint64_t i = 0; i < h->n; i++) {
        if (!prove_entry(in, h, i, &versions))
            return false;
    }
    if (ov_buf_status(&versions) == OV_OK &&
        !disk_write(path_in(in, "repo/trust/history"), ov_buf_span(&versions),
                    0644))
        return false;
    return write_consistencies(in, h) && disk_sync(in->dir);
}

bool history_publish_checkpoint(struct instance *in, const struct history *h)
{
    return h->n == 0 ||
           disk_write(path_in(in, "repo/log/checkpoint"), h->checkpoint, 0644);
}
