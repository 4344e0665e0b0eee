/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "commands.h"
#include "compile_tier.h"
#include "metadata.h"
#include "provenance.h"
#include "release_set.h"
#include "staged.h"
#include "trace_files.h"
#include "trust/segment.h"

/* A release: the set as the log says, compiled in the jail, described by a note
 * that builders sign, logged, and only then named by TUF metadata.
 *
 * Order of writing: segments, deltas, blobs; the note into the log; tiles and
 * proofs; head, roles, snapshot; checkpoint; timestamp. Stopped at any place, a
 * repository shows the release before this one, and doing it again goes on. */

/* A new base when changes are more than this part of all records' bytes and not
 * only a few, or more than this many bytes. */
#define BASE_PART 8
#define BASE_LEAST ((uint64_t)256 << 10)
#define BASE_BYTES ((uint64_t)16 << 20)

struct release {
    struct instance *in;
    const char *channel;
    struct history h;
    struct release_set s;
    struct ov_delta changes; /* from base to the new set */
    bool is_new_base;
    uint64_t seq;
    uint64_t base;
    uint8_t set_root[32];
    struct ov_blob images[2];
    struct ov_head head;
    const char *provenance;
    const char *sbom;
};

/* -- base and changes -- */

static uint64_t bytes_of(const struct ov_record_set *set)
{
    size_t n;
    const struct ov_record_entry *all = ov_record_set_list(set, &n);
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += ov_record_len(&all[i].record);
    return sum;
}

static bool is_worth_a_base(const struct release *r)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < r->changes.n_puts; i++)
        sum += ov_record_len(&r->changes.puts[i]);
    return sum > BASE_BYTES ||
           (sum > BASE_LEAST && sum > bytes_of(r->s.base) / BASE_PART);
}

static bool choose_base(struct release *r)
{
    struct instance *in = r->in;

    r->seq = r->s.last.seq + 1;
    if (ov_delta_between(r->s.base, r->s.set, in->arena, &r->changes) != OV_OK)
        return tell_error("out of memory");
    r->is_new_base = !r->s.last.is_there ||
                     option_is_set(&in->args, OPT_base) || is_worth_a_base(r);
    r->base = r->is_new_base ? r->seq : r->s.last.base;
    if (r->is_new_base)
        r->changes = (struct ov_delta){0};
    r->changes.from = r->base;
    r->changes.to = r->seq;
    return true;
}

static const struct ov_record_set *base_of(const struct release *r)
{
    return r->is_new_base ? r->s.set : r->s.base;
}

/* -- blobs -- */

static bool write_packed(struct instance *in, const struct ov_buf *bytes,
                         struct ov_blob *ret)
{
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(MAX_FILE);
    OV_AUTO_DONE(buf) rest = ov_buf_with_max(256);
    const char *path;

    if (ov_buf_status(bytes) != OV_OK ||
        ov_blob_of(ov_buf_span(bytes), ret) != OV_OK ||
        ov_pack(ov_buf_span(bytes), &packed) != OV_OK)
        return tell_error("out of memory");
    ov_put_blob_path(&rest, ret);
    path = path_in(in, "repo/%.*s", (int)rest.len, (const char *)rest.ptr);
    return disk_exists(path) || disk_write(path, ov_buf_span(&packed), 0644);
}

static bool write_segments(struct release *r)
{
    OV_AUTO_PTR struct ov_segment *segments = NULL;
    OV_AUTO_PTR struct ov_blob *blobs = NULL;
    OV_AUTO_DONE(buf) list = ov_buf_with_max(MAX_FILE);
    size_t n;

    if (!r->is_new_base) {
        r->head.segments = r->s.last.head.segments;
        r->head.base_records = r->s.last.head.base_records;
        return true;
    }
    if (ov_segment_cut(r->s.set, &segments, &n) != OV_OK)
        return tell_error("out of memory");
    blobs = ov_alloc_array(n + 1, sizeof(*blobs));
    if (blobs == NULL)
        return tell_error("out of memory");
    for (size_t i = 0; i < n; i++) {
        OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_FILE);

        ov_put_segment(&bytes, r->s.set, &segments[i]);
        if (!write_packed(r->in, &bytes, &blobs[i]))
            return false;
    }
    ov_put_segment_list(&list, blobs, n);
    (void)ov_record_set_list(r->s.set, &n);
    r->head.base_records = n;
    return write_packed(r->in, &list, &r->head.segments);
}

/* -- delta tiles -- */

static const char *tile_path(struct release *r,
                             const struct ov_delta_tile *tile)
{
    OV_AUTO_DONE(buf) rest = ov_buf_with_max(256);

    ov_put_delta_path(&rest, tile);
    return path_in(r->in, "repo/%.*s", (int)rest.len, (const char *)rest.ptr);
}

static bool write_tile(struct release *r, const struct ov_delta_tile *tile,
                       const struct ov_delta *d)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_FILE);
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(MAX_FILE);

    ov_put_delta(&bytes, d);
    if (ov_buf_status(&bytes) != OV_OK ||
        ov_pack(ov_buf_span(&bytes), &packed) != OV_OK)
        return tell_error("out of memory");
    return disk_write(tile_path(r, tile), ov_buf_span(&packed), 0644);
}

static bool read_tile(struct release *r, const struct ov_delta_tile *tile,
                      struct ov_delta *ret)
{
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(MAX_FILE);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_DELTA_MAX);
    struct ov_span copy;

    if (!disk_read(tile_path(r, tile), &packed))
        return false;
    if (ov_unpack_any(ov_buf_span(&packed), &bytes) != OV_OK ||
        !ov_arena_copy(r->in->arena, ov_buf_span(&bytes), &copy) ||
        ov_delta_read(copy, r->in->arena, ret) != OV_OK)
        return tell_error("%s: damaged; fetch it again from a mirror",
                          tile_path(r, tile));
    return true;
}

/* A tile of a level above is full when its sixteenth part is there. */
static bool merge_tiles(struct release *r, unsigned level, uint64_t n)
{
    struct ov_delta parts[OV_DELTA_MERGE];
    const struct ov_delta_tile tile = {.level = level, .n = n};
    struct ov_delta merged;

    for (unsigned i = 0; i < OV_DELTA_MERGE; i++) {
        const struct ov_delta_tile part = {.level = level - 1,
                                           .n = n * OV_DELTA_MERGE + i};

        if (!read_tile(r, &part, &parts[i]))
            return false;
    }
    if (ov_delta_merge(parts, OV_DELTA_MERGE, r->in->arena, &merged) != OV_OK)
        return tell_error("deltas cannot be merged");
    return write_tile(r, &tile, &merged);
}

static bool write_tiles(struct release *r)
{
    const struct ov_delta_tile step = {.n = r->seq - 1};
    struct ov_delta d;
    uint64_t end = r->seq;

    if (ov_delta_between(r->s.old, r->s.set, r->in->arena, &d) != OV_OK)
        return tell_error("out of memory");
    d.from = r->seq - 1;
    d.to = r->seq;
    if (!write_tile(r, &step, &d))
        return false;
    for (unsigned level = 1;
         level < OV_DELTA_LEVELS && end % OV_DELTA_MERGE == 0; level++) {
        end /= OV_DELTA_MERGE;
        if (!merge_tiles(r, level, end - 1))
            return false;
    }
    return true;
}

static bool write_content(struct release *r)
{
    OV_AUTO_DONE(buf) delta = ov_buf_with_max(MAX_FILE);

    ov_put_delta(&delta, &r->changes);
    return write_segments(r) && write_packed(r->in, &delta, &r->head.delta) &&
           write_tiles(r);
}

/* -- images -- */

static bool old_tier_0(const struct release *r, struct ov_blob *ret)
{
    struct ov_span value;
    struct ov_span number;

    return (ov_entry_value(&r->s.last.entry, "db", 0, &value) &&
            ov_span_cut(&value, ' ', &number) && ov_blob_parse(value, ret)) ||
           tell_error("the last release names no image");
}

static bool compile_images(struct release *r)
{
    tell("compiling %s", r->is_new_base ? "all rules, for a new base"
                                        : "what has changed since the base");
    if (r->is_new_base ? !compile_base(r->in, r->s.set, &r->images[0])
                       : !old_tier_0(r, &r->images[0]))
        return false;
    return compile_changes(r->in, base_of(r), &r->changes, &r->images[1]);
}

static bool make_documents(struct release *r)
{
    const char *sbom = option_get(&r->in->args, OPT_sbom);
    struct ov_span bytes;
    const struct provenance p = {
        .channel = r->channel,
        .seq = r->seq,
        .images = {r->images[0], r->images[1]},
        .from = r->s.last.log_to,
        .to = r->h.n,
        .set_root = r->set_root,
        .log_root = hex_of(r->in, r->h.root),
    };

    if (sbom != NULL &&
        (!read_in(r->in, sbom, &bytes) || !blob_put(r->in, bytes, &r->sbom)))
        return false;
    return provenance_make(r->in, &p, &r->provenance);
}

/* -- the note -- */

/* "sha256:HEX SIZE" without its size. */
static const char *digest_only(struct instance *in, const char *name)
{
    return text(in, "%.71s", name);
}

static bool put_rollout(struct release *r, struct ov_buf *b)
{
    const char *rollout = option_get(&r->in->args, OPT_rollout);
    uint8_t salt[16];

    if (rollout == NULL)
        return true;
    if (getrandom(salt, sizeof(salt), 0) != sizeof(salt))
        return tell_error("no random numbers");
    ov_put_format(b, "rollout %s salt ", rollout);
    ov_put_hex(b, ov_span_of(salt, sizeof(salt)));
    ov_put_u8(b, '\n');
    return true;
}

static bool put_prev(struct release *r, struct ov_buf *b)
{
    uint8_t digest[32];

    if (!r->s.last.is_there)
        return true;
    if (!digest_of(r->s.last.note, digest))
        return false;
    ov_put_str(b, "prev ");
    ov_put_entry_digest(b, digest);
    ov_put_u8(b, '\n');
    return true;
}

static bool put_text(struct release *r, struct ov_buf *b)
{
    size_t n;

    (void)ov_record_set_list(r->s.set, &n);
    ov_put_entry_head(b, r->in->name, OV_ENTRY_RELEASE);
    ov_put_entry_line(b, "channel", "%s", r->channel);
    ov_put_entry_line(b, "seq", "%llu", (unsigned long long)r->seq);
    if (!put_prev(r, b))
        return false;
    ov_put_entry_line(b, "base", "%llu", (unsigned long long)r->base);
    ov_put_entry_line(b, "changes", "%llu %llu",
                      (unsigned long long)r->s.last.log_to,
                      (unsigned long long)r->h.n);
    ov_put_entry_line(b, "records", "%zu", n);
    ov_put_entry_line(b, "set-root", "%s", hex_of(r->in, r->set_root));
    for (unsigned i = 0; i < 2; i++) {
        ov_put_format(b, "db %u ", i);
        ov_put_blob(b, &r->images[i]);
        ov_put_u8(b, '\n');
    }
    ov_put_entry_line(b, "compiler", "%llu", (unsigned long long)r->s.compiler);
    ov_put_entry_line(b, "provenance", "%s", digest_only(r->in, r->provenance));
    if (r->sbom != NULL)
        ov_put_entry_line(b, "sbom", "%s", digest_only(r->in, r->sbom));
    return put_rollout(r, b);
}

static bool sign_note(struct release *r, struct ov_buf *note)
{
    unsigned need = role_threshold(r->in, ROLE_build);
    struct disk_names names;
    unsigned n = 0;
    bool ok = role_keys(r->in, ROLE_build, &names);

    for (size_t i = 0; ok && i < names.n; i++) {
        if (!key_has_private(r->in, names.names[i]))
            continue;
        ok = note_sign(r->in, note, names.names[i]);
        n++;
    }
    disk_names_done(&names);
    if (ok && n < need)
        return tell_error("%u builders' keys are here, %u must sign; bring "
                          "the others, or give --keys FOLDER",
                          n, need);
    return ok;
}

static bool make_note(struct release *r, struct ov_buf *note)
{
    struct ov_entry *e = ov_arena_alloc(r->in->arena, sizeof(*e));
    struct ov_diag diag = {0};

    if (e == NULL || !put_text(r, note))
        return false;
    if (ov_entry_parse(ov_buf_span(note), e, &diag) != OV_OK)
        return tell_error("release, line %u: %s", diag.line, diag.text);
    tell_entry(e);
    if (!confirm(r->in, "Sign and publish this release?"))
        return false;
    ov_put_u8(note, '\n');
    return sign_note(r, note);
}

/* -- publish -- */

static const char *prepared_path(struct release *r)
{
    return path_in(r->in, "prepared/%s.head", r->channel);
}

/* For cosigners, who compile a release before anybody can install it. */
static const char *pending_head(struct release *r)
{
    return path_in(r->in, "repo/pending/%s.head", r->channel);
}

/* Everything behind the log: may be done again at any time. */
static bool publish_head(struct release *r, struct ov_span head)
{
    struct instance *in = r->in;
    const struct target_change change = {
        .path = text(in, "db/%s/head", r->channel), .bytes = head};
    struct ov_span old;
    bool is_there;

    if (!target_read(in, ROLE_rules, change.path, &old, &is_there))
        return false;
    if ((!is_there || !ov_span_equal(old, head)) &&
        !metadata_targets(in, ROLE_rules, &change, 1))
        return false;
    return trace_publish(in, &r->h, r->channel) && metadata_snapshot(in) &&
           history_publish_checkpoint(in, &r->h) && metadata_timestamp(in) &&
           (!disk_exists(pending_head(r)) || disk_remove(pending_head(r))) &&
           disk_remove(prepared_path(r));
}

/* A note that is in the log must be published, whatever ended the program that
 * put it there: so the head is on disk before. */
static bool finish_prepared(struct release *r)
{
    const char *path = prepared_path(r);
    struct ov_span bytes;
    struct ov_head head;
    uint64_t index;

    if (!disk_exists(path))
        return true;
    if (!read_in(r->in, path, &bytes))
        return false;
    if (ov_head_parse(bytes, &head) != OV_OK)
        return tell_error("%s: damaged; remove it", path);
    if (!history_find(&r->h, head.note, &index))
        return disk_remove(path); /* it was not queued yet */
    tell("a release is in the log, but was not published: going on with it");
    return publish_head(r, bytes);
}

static bool publish(struct release *r, const struct ov_buf *note)
{
    OV_AUTO_DONE(buf) head = ov_buf_with_max(OV_HEAD_MAX);
    struct instance *in = r->in;

    r->head.note = ov_buf_span(note);
    r->head.base = r->base;
    ov_put_head(&head, &r->head);
    if (ov_buf_status(&head) != OV_OK)
        return tell_error("the head is too long");
    return disk_write(prepared_path(r), ov_buf_span(&head), 0644) &&
           disk_write(pending_head(r), ov_buf_span(&head), 0644) &&
           staged_queue(in,
                        text(in, "release-%s-%llu", r->channel,
                             (unsigned long long)r->seq),
                        note) &&
           log_take(in, &r->h) && publish_head(r, ov_buf_span(&head));
}

static bool has_changed(struct release *r)
{
    uint8_t old[32];

    ov_record_set_root(r->s.set, r->set_root);
    ov_record_set_root(r->s.old, old);
    return !r->s.last.is_there || option_is_set(&r->in->args, OPT_base) ||
           memcmp(old, r->set_root, sizeof(old)) != 0;
}

static bool run(struct release *r)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_ENTRY_MAX);

    if (!log_take(r->in, &r->h) || !finish_prepared(r) ||
        !release_set_read(r->in, &r->h, r->channel, &r->s))
        return false;
    if (!has_changed(r)) {
        tell("nothing in the log changes the rules of %s since release %llu",
             r->channel, (unsigned long long)r->s.last.seq);
        return cmd_timestamp(r->in);
    }
    if (!choose_base(r) || !compile_images(r) || !write_content(r) ||
        !make_documents(r) || !make_note(r, &note) || !publish(r, &note))
        return false;
    tell("published: %s release %llu, %llu changes", r->channel,
         (unsigned long long)r->seq, (unsigned long long)r->s.n_changes);
    return true;
}

bool cmd_release(struct instance *in)
{
    struct release *r = ov_arena_alloc(in->arena, sizeof(*r));
    const char *channel = option_get(&in->args, OPT_channel);
    bool ok;

    if (r == NULL)
        return tell_error("out of memory");
    r->in = in;
    r->channel = channel != NULL ? channel : "stable";
    ok = run(r);
    release_set_done(&r->s);
    return ok;
}
