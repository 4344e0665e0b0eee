/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/feed.h"
#include "trust/trace.h"
#include "trust/update_run.h"

/* The trace of the installed rules: the log's entries that their records name,
 * with what proves that they are in the log, kept beside the release so that
 * `overt why` and `overt verify --deep` need nobody. STATE/releases/SEQ/ has
 *
 *   trace.0   up to the entry of the base release
 *   trace     from there to the entry of this release
 *
 * Nobody vouches for a trace that is fetched. The release's own proof, which
 * was verified, holds the hashes of all full subtrees to the left of its entry;
 * a trace must make exactly these. From one release to the next only the new
 * part is read and hashed: the proof of the installed release says where it
 * begins.
 *
 * Rules do not wait for a trace. If no mirror has one that fits, the release is
 * installed without, `overt status` says so, and the next one tries again. */

#define PACKED(len) ((len) + (len) / 64 + 4096)

/* The tree of all entries before a release's own. */
static enum ov_status read_edge(struct ov_update *u, struct ov_span proof_bytes,
                                struct ov_span note,
                                struct ov_merkle_stack *ret)
{
    struct ov_policy_result *r = ov_arena_alloc(u->arena, sizeof(*r));
    struct ov_proof proof;

    if (r == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_proof_parse(u->arena, proof_bytes, &proof));
    OV_TRY(ov_proof_verify(u->arena, &proof, note, &u->policy, NULL, r));
    return ov_merkle_stack_of_proof(proof.index, r->checkpoint.size,
                                    proof.hashes, proof.n_hashes, ret);
}

/* ---- fetching ---- */

struct fetch {
    struct ov_update *u;
    size_t mirror;
    struct ov_merkle_stack edge; /* what must come about */
    struct ov_buf base;          /* trace.0; empty if the installed one stays */
    struct ov_buf since;         /* trace */
};

static enum ov_status get_packed(struct fetch *f, struct ov_buf *path,
                                 struct ov_buf *into)
{
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(PACKED(OV_TRACE_MAX));

    ov_put_u8(path, 0);
    OV_TRY(ov_buf_status(path));
    OV_TRY(f->u->io->get(f->u->io->data, f->mirror, (char *)path->ptr,
                         PACKED(OV_TRACE_MAX), &packed));
    OV_TRY(ov_buf_status(&packed));
    return ov_unpack_any(ov_buf_span(&packed), into);
}

static enum ov_status get_tiles(struct fetch *f, uint64_t from)
{
    const struct ov_update *u = f->u;
    struct ov_delta_tile t;

    while (ov_delta_next_tile(from, u->release.seq, &t)) {
        OV_AUTO_DONE(buf) path = ov_buf_with_max(256);

        ov_put_trace_path(&path, u->options->channel, &t);
        OV_TRY(get_packed(f, &path, &f->since));
        from = ov_delta_tile_end(&t);
    }
    return OV_OK;
}

static enum ov_status check_edge(const struct fetch *f,
                                 struct ov_merkle_stack *tree,
                                 struct ov_span bytes)
{
    OV_TRY(ov_trace_add(tree, bytes));
    return ov_merkle_stack_equal(tree, &f->edge) ? OV_OK : OV_BAD_PROOF;
}

/* What is new behind the installed release's trace. */
static enum ov_status extend(struct fetch *f)
{
    struct ov_update *u = f->u;
    OV_AUTO_DONE(buf) proof = ov_buf_with_max(OV_UPDATE_MAX_PROOF);
    struct ov_merkle_stack tree;
    size_t before;

    ov_buf_clear(&f->since);
    OV_TRY(u->io->release_get(u->io->data, "proof", &proof));
    OV_TRY(read_edge(u, ov_buf_span(&proof), u->old_head.note, &tree));
    OV_TRY(u->io->release_get(u->io->data, "trace", &f->since));
    before = f->since.len;
    OV_TRY(get_tiles(f, u->old.seq));
    return check_edge(
        f, &tree, ov_span_clip(ov_buf_span(&f->since), before, f->since.len));
}

static enum ov_status from_base(struct fetch *f)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);
    struct ov_merkle_stack tree = {0};

    ov_buf_clear(&f->base);
    ov_buf_clear(&f->since);
    ov_put_trace_base_path(&path, f->u->options->channel, f->u->release.base);
    OV_TRY(get_packed(f, &path, &f->base));
    OV_TRY(get_tiles(f, f->u->release.base));
    OV_TRY(ov_trace_add(&tree, ov_buf_span(&f->base)));
    return check_edge(f, &tree, ov_buf_span(&f->since));
}

static enum ov_status stage(struct fetch *f, bool is_extended)
{
    const struct ov_update_io *io = f->u->io;

    if (is_extended)
        OV_TRY(io->stage_reuse(io->data, "trace.0"));
    else
        OV_TRY(io->stage_put(io->data, "trace.0", ov_buf_span(&f->base)));
    return io->stage_put(io->data, "trace", ov_buf_span(&f->since));
}

static bool try_all(struct fetch *f, bool is_extended)
{
    for (f->mirror = 0; f->mirror < f->u->options->n_mirrors; f->mirror++) {
        if ((is_extended ? extend(f) : from_base(f)) == OV_OK)
            return stage(f, is_extended) == OV_OK;
    }
    return false;
}

void ov_update_fetch_trace(struct ov_update *u, bool is_same_base)
{
    struct fetch f = {.u = u,
                      .base = ov_buf_with_max(OV_TRACE_MAX),
                      .since = ov_buf_with_max(OV_TRACE_MAX)};

    if (read_edge(u, ov_buf_span(&u->proof_bytes), u->head.note, &f.edge) ==
            OV_OK &&
        !(is_same_base && try_all(&f, true)))
        (void)try_all(&f, false); /* status tells */
    ov_buf_done(&f.base);
    ov_buf_done(&f.since);
}

/* ---- reading what is kept ---- */

static size_t count_items(struct ov_span bytes, uint64_t from)
{
    struct ov_trace_reader r = ov_trace_over(bytes, from);
    struct ov_trace_item item;
    size_t n = 0;

    while (ov_trace_next(&r, &item) == OV_OK)
        n += item.kind != OV_TRACE_NODE;
    return n;
}

static void list_entries(struct ov_update *u, struct ov_span bytes,
                         uint64_t from)
{
    struct ov_trace_reader r = ov_trace_over(bytes, from);
    struct ov_trace_item item;

    while (ov_trace_next(&r, &item) == OV_OK) {
        if (item.kind == OV_TRACE_ENTRY)
            u->trace[u->n_trace++] = (struct ov_traced){item.index, item.bytes};
        else if (item.kind == OV_TRACE_LINES)
            u->lines[u->n_lines++] = (struct ov_traced){item.index, item.bytes};
    }
}

static enum ov_status load(struct ov_update *u)
{
    const struct ov_update_io *io = u->io;
    OV_AUTO_DONE(buf) proof = ov_buf_with_max(OV_UPDATE_MAX_PROOF);
    struct ov_merkle_stack tree = {0};
    struct ov_merkle_stack edge;
    uint64_t middle;
    size_t n;

    OV_TRY(io->release_get(io->data, "trace.0", &u->trace_bytes[0]));
    OV_TRY(io->release_get(io->data, "trace", &u->trace_bytes[1]));
    OV_TRY(io->release_get(io->data, "proof", &proof));
    OV_TRY(read_edge(u, ov_buf_span(&proof), u->old_head.note, &edge));
    OV_TRY(ov_trace_add(&tree, ov_buf_span(&u->trace_bytes[0])));
    middle = tree.size;
    OV_TRY(ov_trace_add(&tree, ov_buf_span(&u->trace_bytes[1])));
    if (!ov_merkle_stack_equal(&tree, &edge))
        return OV_BAD_PROOF;
    n = count_items(ov_buf_span(&u->trace_bytes[0]), 0) +
        count_items(ov_buf_span(&u->trace_bytes[1]), middle) + 1;
    u->trace = ov_alloc_array(n, sizeof(*u->trace));
    u->lines = ov_alloc_array(n, sizeof(*u->lines));
    if (u->trace == NULL || u->lines == NULL)
        return OV_NO_MEMORY;
    list_entries(u, ov_buf_span(&u->trace_bytes[0]), 0);
    list_entries(u, ov_buf_span(&u->trace_bytes[1]), middle);
    return OV_OK;
}

enum ov_status ov_update_traced(struct ov_update *u, uint64_t index,
                                struct ov_span *ret)
{
    size_t low = 0;
    size_t high;

    if (!u->has_read_trace) {
        u->trace_status = u->has_old ? load(u) : OV_NOT_FOUND;
        u->has_read_trace = true;
    }
    OV_TRY(u->trace_status);
    for (high = u->n_trace; low < high;) {
        size_t at = low + (high - low) / 2;

        if (u->trace[at].index == index) {
            *ret = u->trace[at].note;
            return OV_OK;
        }
        if (u->trace[at].index < index)
            low = at + 1;
        else
            high = at;
    }
    return OV_NOT_FOUND;
}

/* ---- a feed's manifest ---- */

/* Which records it had that are in the set with its index, these say; the other
 * lines are in the trace. */

struct gathered {
    struct ov_span *lines;
    size_t n;
    struct ov_arena *arena;
    struct ov_buf line;
};

static int compare_lines(const void *a, const void *b)
{
    return ov_span_compare(*(const struct ov_span *)a,
                           *(const struct ov_span *)b);
}

static enum ov_status
gather_set(struct gathered *g, const struct ov_record_set *set, uint64_t index)
{
    size_t n;
    const struct ov_record_entry *all = ov_record_set_list(set, &n);

    for (size_t i = 0; i < n; i++) {
        if (all[i].record.index != index)
            continue;
        ov_buf_clear(&g->line);
        OV_TRY(ov_put_manifest_line(&g->line, &all[i].record));
        if (!ov_arena_copy(g->arena, ov_buf_span(&g->line), &g->lines[g->n++]))
            return OV_NO_MEMORY;
    }
    return OV_OK;
}

static size_t count_lines(const struct ov_update *u, uint64_t index)
{
    size_t n = 0;

    for (size_t i = 0; i < u->n_lines; i++) {
        if (u->lines[i].index != index)
            continue;
        for (size_t at = 0; at < u->lines[i].note.len; at++)
            n += ov_span_byte(u->lines[i].note, at) == '\n';
        n++;
    }
    for (size_t i = 0; i < 2; i++) {
        size_t n_all = 0;

        if (u->known[i] != NULL)
            (void)ov_record_set_list(u->known[i], &n_all);
        n += n_all;
    }
    return n;
}

static void gather_lines(struct gathered *g, const struct ov_update *u,
                         uint64_t index)
{
    for (size_t i = 0; i < u->n_lines; i++) {
        struct ov_span rest = u->lines[i].note;

        if (u->lines[i].index != index)
            continue;
        while (rest.len > 0)
            (void)ov_span_cut(&rest, '\n', &g->lines[g->n++]);
    }
}

static enum ov_status join(struct gathered *g, struct ov_buf *into)
{
    qsort(g->lines, g->n, sizeof(*g->lines), compare_lines);
    for (size_t i = 0; i < g->n; i++) {
        if (i > 0 && ov_span_equal(g->lines[i], g->lines[i - 1]))
            continue; /* in both sets */
        ov_put_span(into, g->lines[i]);
        ov_put_u8(into, '\n');
    }
    return ov_buf_status(into);
}

enum ov_status ov_update_traced_manifest(struct ov_update *u, uint64_t index,
                                         struct ov_buf *into)
{
    OV_AUTO_PTR struct ov_span *lines =
        ov_alloc_array(count_lines(u, index) + 1, sizeof(*lines));
    OV_AUTO(arena) arena = ov_arena_new(SIZE_MAX / 2);
    struct gathered g = {
        .lines = lines, .arena = arena, .line = ov_buf_with_max(1024)};
    enum ov_status status = OV_OK;

    if (lines == NULL || arena == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < 2 && status == OV_OK; i++) {
        if (u->known[i] != NULL)
            status = gather_set(&g, u->known[i], index);
    }
    ov_buf_done(&g.line);
    OV_TRY(status);
    gather_lines(&g, u, index);
    return join(&g, into);
}
