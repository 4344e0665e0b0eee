/* SPDX-License-Identifier: Apache-2.0 */
#include "release_set.h"

#include <string.h>

#include "base/text.h"
#include "metadata.h"
#include "trust/segment.h"

/* last set + entries since = next set. Each entry becomes a delta of its own,
 * applied in the order of the log, so that a rule that changes twice ends as
 * the log says.
 *
 * A feed's manifest lists the records that it brings and takes away; the others
 * stay as they are, with the index of the entry that brought them. */

#define MAX_LIST ((size_t)64 << 20)

void release_set_done(struct release_set *s)
{
    ov_record_set_free(s->base);
    ov_record_set_free(s->old);
    ov_record_set_free(s->set);
    *s = (struct release_set){0};
}

/* -- the last release -- */

static bool find_last(struct instance *in, const struct history *h,
                      const struct ov_people *people, const char *channel,
                      struct last_release *last)
{
    struct ov_opened *o = ov_arena_alloc(in->arena, sizeof(*o));
    uint64_t from;
    uint64_t seq;

    if (o == NULL)
        return tell_error("out of memory");
    for (uint64_t i = 0; i < h->n; i++) {
        if (ov_entry_open(in->arena, h->entries[i], people, i, o, NULL) !=
                OV_OK ||
            o->entry.type != OV_ENTRY_RELEASE ||
            !ov_entry_is(&o->entry, "channel", channel) ||
            !ov_entry_number(&o->entry, "seq", &seq) || seq <= last->seq)
            continue;
        last->is_there = true;
        last->seq = seq;
        last->note = h->entries[i];
        last->entry = o->entry;
        if (!ov_entry_number(&o->entry, "base", &last->base) ||
            !ov_entry_range(&o->entry, "changes", &from, &last->log_to))
            return tell_error("release %llu: not readable",
                              (unsigned long long)seq);
    }
    return true;
}

/* A packed blob of the repository. */
static bool read_packed(struct instance *in, const struct ov_blob *blob,
                        struct ov_span *ret)
{
    OV_AUTO_DONE(buf) rest = ov_buf_with_max(256);
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(MAX_FILE);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_FILE);
    const char *path;

    ov_put_blob_path(&rest, blob);
    path = path_in(in, "repo/%.*s", (int)rest.len, (const char *)rest.ptr);
    if (!disk_read(path, &packed))
        return false;
    if (ov_unpack(ov_buf_span(&packed), blob, &bytes) != OV_OK)
        return tell_error("%s: not the bytes that its name says; fetch it "
                          "again from a mirror",
                          path);
    return ov_arena_copy(in->arena, ov_buf_span(&bytes), ret) ||
           tell_error("out of memory");
}

static bool read_segments(struct instance *in, const struct ov_head *head,
                          struct ov_record_set *set)
{
    OV_AUTO_PTR struct ov_blob *blobs = NULL;
    struct ov_span list;
    size_t n;

    if (!read_packed(in, &head->segments, &list))
        return false;
    if (ov_segment_list_read(list, &blobs, &n) != OV_OK)
        return tell_error("the list of segments is damaged");
    for (size_t i = 0; i < n; i++) {
        struct ov_span bytes;

        if (!read_packed(in, &blobs[i], &bytes))
            return false;
        if (ov_segment_read(bytes, set) != OV_OK)
            return tell_error("a segment is damaged");
    }
    return ov_record_set_seal(set) == OV_OK ||
           tell_error("segments do not make a set");
}

static bool read_old_set(struct instance *in, const char *channel,
                         struct release_set *s)
{
    struct ov_span bytes;
    struct ov_span delta_bytes;
    struct ov_delta delta;
    bool is_there;

    s->base = ov_record_set_new();
    if (s->base == NULL)
        return tell_error("out of memory");
    if (!s->last.is_there) {
        s->old = ov_record_set_new();
        return s->old != NULL || tell_error("out of memory");
    }
    if (!target_read(in, ROLE_rules, text(in, "db/%s/head", channel), &bytes,
                     &is_there))
        return false;
    if (!is_there || ov_head_parse(bytes, &s->last.head) != OV_OK ||
        !ov_span_equal(s->last.head.note, s->last.note))
        return tell_error("release %llu is in the log, but its head is not "
                          "what is published: restore DIR/repo from a mirror",
                          (unsigned long long)s->last.seq);
    if (!read_segments(in, &s->last.head, s->base) ||
        !read_packed(in, &s->last.head.delta, &delta_bytes))
        return false;
    if (ov_delta_read(delta_bytes, in->arena, &delta) != OV_OK ||
        ov_delta_apply(s->base, &delta, &s->old) != OV_OK)
        return tell_error("the delta of release %llu is damaged",
                          (unsigned long long)s->last.seq);
    return true;
}

/* What was released must be what its note says: bytes on this disk may have
 * been changed since. */
static bool check_old_root(const struct release_set *s)
{
    uint8_t root[32];
    uint8_t said[32];
    struct ov_span hex;

    if (!s->last.is_there)
        return true;
    ov_record_set_root(s->old, root);
    if (!ov_entry_value(&s->last.entry, "set-root", 0, &hex) ||
        !ov_hex_decode(hex, said, sizeof(said)) ||
        memcmp(root, said, sizeof(root)) != 0)
        return tell_error("the set of release %llu is not the one that was "
                          "signed: restore DIR/repo from a mirror",
                          (unsigned long long)s->last.seq);
    return true;
}

/* -- changes -- */

static bool apply(struct release_set *s, const struct ov_delta *d)
{
    struct ov_record_set *next;

    if (ov_delta_apply(s->set, d, &next) != OV_OK)
        return tell_error("a change cannot be applied");
    ov_record_set_free(s->set);
    s->set = next;
    s->n_changes++;
    return true;
}

static bool apply_rule_change(struct instance *in, struct release_set *s,
                              const struct ov_entry *e, uint64_t index)
{
    struct ov_record record = {.index = index};
    struct ov_delta d = {.puts = &record, .deletes = &record.id};
    struct ov_span source;

    if (!ov_entry_value(e, "id", 0, &record.id) ||
        !ov_entry_number(e, "rev", &record.rev) ||
        !ov_entry_value(e, "kind", 0, &record.kind))
        return tell_error("entry %llu: not readable",
                          (unsigned long long)index);
    if (ov_entry_is(e, "op", "retire")) {
        d.n_deletes = 1;
        return apply(s, &d);
    }
    d.n_puts = 1;
    if (!ov_entry_value(e, "source", 0, &source) ||
        !blob_get(in, source, &record.source))
        return tell_error("entry %llu: its source is not here",
                          (unsigned long long)index);
    if (ov_record_check(&record) != OV_OK)
        return tell_error("entry %llu: not a record (id, kind of rule, size)",
                          (unsigned long long)index);
    return apply(s, &d);
}

struct feed {
    struct ov_record *puts;
    size_t n_puts;
    struct ov_span *deletes;
    size_t n_deletes;
};

/* "ID KIND sha256:HEX SIZE", or "ID -". */
static bool read_manifest_line(struct instance *in, const struct release_set *s,
                               struct ov_span line, uint64_t index,
                               struct feed *f)
{
    struct ov_record r = {.rev = 1, .index = index};
    const struct ov_record_entry *there;

    if (!ov_span_cut(&line, ' ', &r.id))
        return false;
    if (ov_span_equal(line, OV_SPAN_LIT("-"))) {
        f->deletes[f->n_deletes++] = r.id;
        return true;
    }
    if (!ov_span_cut(&line, ' ', &r.kind) || !blob_get(in, line, &r.source) ||
        ov_record_check(&r) != OV_OK)
        return false;
    there = ov_record_set_find(s->set, r.id);
    if (there != NULL)
        r.rev = there->record.rev + 1;
    f->puts[f->n_puts++] = r;
    return true;
}

static bool read_manifest(struct instance *in, const struct release_set *s,
                          struct ov_span manifest, uint64_t index,
                          struct feed *f)
{
    struct ov_span line;

    while (ov_span_cut(&manifest, '\n', &line)) {
        if (!read_manifest_line(in, s, line, index, f))
            return tell_error("entry %llu: its manifest, or a record of it, is "
                              "damaged",
                              (unsigned long long)index);
    }
    return true;
}

/* All records of a feed that is retired. */
static void list_all(const struct release_set *s, const char *prefix,
                     struct feed *f)
{
    size_t n;
    const struct ov_record_entry *all = ov_record_set_list(s->set, &n);

    for (size_t i = 0; i < n; i++) {
        if (ov_span_starts(all[i].record.id, ov_span_str(prefix)))
            f->deletes[f->n_deletes++] = all[i].record.id;
    }
}

static bool apply_feed(struct instance *in, struct release_set *s,
                       const struct ov_entry *e, uint64_t index)
{
    struct ov_span manifest_name;
    struct ov_span manifest = {0};
    struct ov_span id;
    struct feed f = {0};
    size_t n;

    (void)ov_record_set_list(s->set, &n);
    if (!ov_entry_value(e, "id", 0, &id) ||
        !ov_entry_value(e, "manifest", 0, &manifest_name) ||
        !blob_get(in, manifest_name, &manifest))
        return tell_error("entry %llu: its manifest is not here",
                          (unsigned long long)index);
    f.puts = ov_arena_array(in->arena, manifest.len / 64 + 1, sizeof(*f.puts));
    f.deletes =
        ov_arena_array(in->arena, n + manifest.len / 4 + 1, sizeof(*f.deletes));
    if (f.puts == NULL || f.deletes == NULL)
        return tell_error("out of memory");
    if (ov_entry_is(e, "op", "retire"))
        list_all(s, text(in, "%s/", text_of(in, id)), &f);
    else if (!read_manifest(in, s, manifest, index, &f))
        return false;
    return apply(s, &(struct ov_delta){.puts = f.puts,
                                       .n_puts = f.n_puts,
                                       .deletes = f.deletes,
                                       .n_deletes = f.n_deletes});
}

static bool apply_entry(struct instance *in, const struct history *h,
                        const struct ov_people *people, uint64_t index,
                        struct release_set *s)
{
    struct ov_opened *o = ov_arena_alloc(in->arena, sizeof(*o));
    struct ov_diag diag = {0};

    if (o == NULL)
        return tell_error("out of memory");
    if (ov_entry_open(in->arena, h->entries[index], people, index, o, &diag) !=
        OV_OK) {
        tell("entry %llu is left out: %s", (unsigned long long)index,
             diag.text);
        return true;
    }
    if (o->entry.type == OV_ENTRY_CODE_RELEASE)
        s->compiler = index;
    if (index < s->last.log_to)
        return true;
    if (o->entry.type == OV_ENTRY_RULE_CHANGE)
        return apply_rule_change(in, s, &o->entry, index);
    if (o->entry.type == OV_ENTRY_FEED)
        return apply_feed(in, s, &o->entry, index);
    return true;
}

bool release_set_read(struct instance *in, const struct history *h,
                      const char *channel, struct release_set *ret)
{
    struct release_set s = {0};
    const struct ov_delta nothing = {0};
    struct ov_people people;
    bool ok;

    *ret = s;
    ok = people_read(in, &people) &&
         find_last(in, h, &people, channel, &s.last) &&
         read_old_set(in, channel, &s) && check_old_root(&s);
    if (ok && ov_delta_apply(s.old, &nothing, &s.set) != OV_OK)
        ok = tell_error("out of memory");
    for (uint64_t i = 0; ok && i < h->n; i++)
        ok = apply_entry(in, h, &people, i, &s);
    if (!ok) {
        release_set_done(&s);
        return false;
    }
    *ret = s;
    return true;
}
