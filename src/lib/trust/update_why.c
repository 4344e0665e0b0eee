/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "trust/update_recalled.h"

/* Where a rule comes from: the record that it is in, its source, its place in
 * the release and in the log, and who signed it. Asked by the record's ID or by
 * the name of a rule or detection: records are then searched for it, as a word
 * of their sources.
 *
 * What lies on this machine tells all of it: the record, the release, the proof
 * that the one is in the other, and the entry by the trace (update_trace.c). An
 * installation without a trace needs a mirror or a bundle for the entry. */

#define MAX_RECORDS ((size_t)8 << 30)
#define MAX_SOURCE 8192
#define MAX_FOUND 8

struct why {
    struct ov_update *u;
    struct ov_buf *out;
    struct ov_arena *arena;
    struct ov_buf records;
    struct ov_buf delta_bytes;
    struct ov_record_set *base;
    struct ov_record_set *set;
    bool is_unreachable;
};

static bool is_word_byte(int c)
{
    return c >= 0 &&
           (ov_is_alnum((uint8_t)c) || c == '_' || c == '.' || c == '-');
}

/* The first place of name as a word; SIZE_MAX. */
static size_t find_word(struct ov_span text, struct ov_span name)
{
    size_t at = ov_span_find(text, name, 0);

    while (at != SIZE_MAX) {
        bool is_start = at == 0 || !is_word_byte(ov_span_byte(text, at - 1));

        if (is_start && !is_word_byte(ov_span_byte(text, at + name.len)))
            return at;
        at = ov_span_find(text, name, at + 1);
    }
    return SIZE_MAX;
}

/* Whole sources if they are short, else the line with the name. */
static void put_source(struct why *w, const struct ov_record *r, size_t at)
{
    struct ov_span text = r->source;
    size_t from = at;

    if (text.len > MAX_SOURCE && at != SIZE_MAX) {
        while (from > 0 && ov_span_byte(text, from - 1) != '\n')
            from--;
        text = ov_span_clip(text, from, text.len);
        text = ov_span_clip(text, 0, ov_span_find_byte(text, '\n', 0));
    }
    text = ov_span_clip(text, 0, MAX_SOURCE);
    ov_put_str(w->out, "source\n");
    while (text.len > 0) {
        struct ov_span line;

        (void)ov_span_cut(&text, '\n', &line);
        ov_put_str(w->out, "  ");
        ov_put_span(w->out, line);
        ov_put_u8(w->out, '\n');
    }
}

static enum ov_status put_place(struct why *w, size_t i,
                                const struct ov_record_entry *e)
{
    uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    size_t n;
    size_t n_all;

    (void)ov_record_set_list(w->set, &n_all);
    OV_TRY(ov_record_set_prove(w->set, i, proof, &n));
    OV_TRY(ov_merkle_check_inclusion(e->leaf, i, n_all, proof, n,
                                     w->u->old.set_root));
    ov_put_format(w->out, "release %llu\nproof of the release: holds (%zu)\n",
                  (unsigned long long)w->u->old.seq, n);
    return OV_OK;
}

static void put_line(struct why *w, const struct ov_entry *e, const char *name)
{
    struct ov_span value;

    if (!ov_entry_value(e, name, 0, &value))
        return;
    ov_put_format(w->out, "%s ", name);
    ov_put_span(w->out, value);
    ov_put_u8(w->out, '\n');
}

static void put_entry(struct why *w, const struct ov_opened *o)
{
    static const char *const names[] = {"op",  "author", "time",    "tests",
                                        "why", "url",    "version", "upstream"};

    ov_put_format(w->out, "entry type %s\n", ov_entry_type_name(o->entry.type));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        put_line(w, &o->entry, names[i]);
    for (size_t i = 0; i < o->signers.n; i++) {
        const struct ov_people_key *k = o->signers.list[i];

        ov_put_format(w->out, "signed by %s ",
                      ov_people_group_name(k->group, false));
        ov_put_span(w->out, k->name);
        ov_put_u8(w->out, '\n');
    }
    ov_put_str(w->out, "proof of the entry: holds\n");
}

static void put_recall(struct why *w, struct ov_span id)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_UPDATE_MAX_TRUST);
    struct ov_span recall;

    if (!ov_update_silenced(w->u, id, &text, &recall))
        return;
    ov_put_str(w->out, "recalled, and silent here: ");
    ov_put_span(w->out, recall);
    ov_put_u8(w->out, '\n');
}

static enum ov_status put_record(struct why *w, size_t i,
                                 const struct ov_record_entry *e, size_t at)
{
    const struct ov_record *r = &e->record;
    struct ov_diag diag = {0};
    struct ov_opened *o;
    enum ov_status status;

    ov_put_str(w->out, "record ");
    ov_put_span(w->out, r->id);
    ov_put_format(w->out, "\nrevision %llu\nkind %.*s\nlog index %llu\n",
                  (unsigned long long)r->rev, (int)r->kind.len,
                  (const char *)r->kind.ptr, (unsigned long long)r->index);
    if (put_place(w, i, e) != OV_OK)
        return ov_update_refuse(w->u, OV_REFUSED_INSTALLED, OV_BAD_PROOF,
                                "a record that is not of the release");
    put_recall(w, r->id);
    status = ov_update_record_entry(w->u, r, &o, &diag);
    if (status == OV_OK) {
        put_entry(w, o);
    } else if (ov_update_is_absence(status)) {
        ov_put_str(w->out, "entry: not here; give --from a mirror or bundle\n");
        w->is_unreachable = true;
    } else {
        return ov_update_refuse(w->u, OV_REFUSED_INSTALLED, status,
                                "the record's entry: %s", diag.text);
    }
    put_source(w, r, at);
    ov_put_u8(w->out, '\n');
    return OV_OK;
}

static enum ov_status search(struct why *w, struct ov_span name)
{
    size_t n;
    const struct ov_record_entry *list = ov_record_set_list(w->set, &n);
    size_t n_found = 0;

    for (size_t i = 0; i < n && n_found < MAX_FOUND; i++) {
        size_t at = SIZE_MAX;

        if (!ov_span_equal(list[i].record.id, name)) {
            at = find_word(list[i].record.source, name);
            if (at == SIZE_MAX)
                continue;
        }
        n_found++;
        OV_TRY(put_record(w, i, &list[i], at));
    }
    if (n_found == 0)
        return ov_update_refuse(w->u, OV_REFUSED_NO_RULE, OV_NOT_FOUND, "%.*s",
                                (int)(name.len < 200 ? name.len : 200),
                                (const char *)name.ptr);
    if (w->is_unreachable)
        return ov_update_refuse(w->u, OV_REFUSED_UNREACHABLE, OV_NOT_FOUND,
                                "the entry in the log");
    return OV_OK;
}

static enum ov_status load(struct why *w)
{
    struct ov_update *u = w->u;
    struct ov_delta d;

    OV_TRY(u->io->release_get(u->io->data, "records.0", &w->records));
    OV_TRY(u->io->release_get(u->io->data, "delta", &w->delta_bytes));
    OV_TRY(ov_records_read(ov_buf_span(&w->records), &w->base));
    OV_TRY(ov_delta_read(ov_buf_span(&w->delta_bytes), w->arena, &d));
    OV_TRY(ov_delta_apply(w->base, &d, &w->set));
    u->known[0] = w->base;
    u->known[1] = w->set;
    return OV_OK;
}

static enum ov_status run(struct why *w, struct ov_span name)
{
    struct ov_update *u = w->u;
    enum ov_status status;

    OV_TRY(ov_update_load(u));
    if (!u->has_old || !u->has_policy)
        return ov_update_refuse(u, OV_REFUSED_NOTHING, OV_NOT_FOUND, "%s", "");
    status = load(w);
    if (status != OV_OK)
        return ov_update_refuse(u, OV_REFUSED_INSTALLED, status, "records: %s",
                                ov_status_name(status));
    return search(w, name);
}

enum ov_status ov_update_why(const struct ov_update_io *io,
                             const struct ov_update_options *options,
                             struct ov_span name, struct ov_update_result *ret,
                             struct ov_buf *into)
{
    OV_AUTO(update) u = ov_update_new(io, options, ret);
    struct why w = {.u = u,
                    .out = into,
                    .arena = ov_arena_new(SIZE_MAX / 2),
                    .records = ov_buf_with_max(MAX_RECORDS),
                    .delta_bytes = ov_buf_with_max(OV_DELTA_MAX)};
    enum ov_status status = OV_NO_MEMORY;

    *ret = (struct ov_update_result){0};
    if (u != NULL && w.arena != NULL)
        status = run(&w, name);
    else
        ret->refusal = OV_REFUSED_MEMORY;
    ov_record_set_free(w.base);
    ov_record_set_free(w.set);
    ov_buf_done(&w.records);
    ov_buf_done(&w.delta_bytes);
    ov_arena_free(w.arena);
    return status;
}
