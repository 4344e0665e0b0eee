/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/text.h"
#include "trust/update_recalled.h"

/* Recalls: what the publisher withdraws, by an entry of people that is in the
 * log. A recalled release is left. A recalled rule falls silent as soon as the
 * recall is seen, with no new release: the installed images stay as they are,
 * and one more is used beside them, which has no rules and withdraws records
 * (docs/protocol-image.md). Only versions of the rule that are older than the
 * recall are meant: what was logged behind it has been seen to.
 *
 * trust/recalled says what recalled.image is, and of what:
 *
 *   release SEQ list HEX            which it was made for
 *   image sha256:HEX SIZE           missing: nothing is silenced
 *   rule RECORD RECALL-ID INDEX WHY
 *
 * The records are read only if the list or the release is another one than it
 * was made for. What is made of that file: update_recalled.c. */

#define LIST "recall/list"
#define STATE OV_UPDATE_RECALLED
#define MAX_RECALLS 256
#define MAX_RULES 4096
#define MAX_LIST (64u << 10)
#define MAX_RECORDS ((size_t)8 << 30)

struct recalls {
    bool is_old_recalled;
    bool is_new_recalled;
};

/* ---- the list ---- */

/* "CHANNEL SEQ" */
static bool names_release(const struct ov_update *u, struct ov_span value,
                          uint64_t seq)
{
    struct ov_span channel = ov_line_word(&value);
    uint64_t n;

    return ov_span_equal(channel, ov_span_str(u->options->channel)) &&
           ov_parse_plain(value, UINT64_MAX, &n) && n == seq;
}

static enum ov_status apply(struct ov_update *u, const struct ov_entry *e,
                            uint64_t index, struct recalls *r)
{
    struct ov_span value;

    for (size_t i = 0; ov_entry_value(e, "release", i, &value); i++) {
        r->is_old_recalled |= u->has_old && names_release(u, value, u->old.seq);
        r->is_new_recalled |=
            !u->result->is_current && names_release(u, value, u->release.seq);
    }
    for (size_t i = 0; ov_entry_value(e, "rule", i, &value); i++) {
        if (u->n_recalled == MAX_RULES)
            return OV_LIMIT_COUNT;
        u->recalled[u->n_recalled++] = (struct ov_recalled){value, index, e};
    }
    return OV_OK;
}

static enum ov_status take_recalls(struct ov_update *u, struct ov_span list,
                                   struct recalls *r)
{
    unsigned n = 0;

    while (list.len > 0) {
        struct ov_opened *o = NULL;
        uint8_t digest[32];
        uint64_t index;
        struct ov_span line;
        enum ov_status status;

        (void)ov_span_cut(&list, '\n', &line);
        if (n++ == MAX_RECALLS || !ov_entry_parse_digest(line, digest))
            return ov_update_refuse(u, OV_REFUSED_MALFORMED, OV_MALFORMED,
                                    LIST);
        status = ov_update_public_recall(u, digest, &o, &index);
        if (status == OV_OK)
            status = apply(u, &o->entry, index, r);
        if (status != OV_OK && u->result->refusal != OV_REFUSED_NOT)
            return status;
        if (status != OV_OK)
            return ov_update_refuse(u,
                                    ov_update_is_absence(status)
                                        ? OV_REFUSED_UNREACHABLE
                                        : OV_REFUSED_UNLOGGED,
                                    status, "a recall");
    }
    return OV_OK;
}

static enum ov_status read_list(struct ov_update *u, struct recalls *r)
{
    OV_AUTO_DONE(buf) list = ov_buf_with_max(MAX_LIST);
    uint8_t digest[OV_DIGEST_MAX];
    enum ov_status status = ov_update_target(u, LIST, MAX_LIST, &list);

    u->recalled = ov_arena_array(u->arena, MAX_RULES, sizeof(*u->recalled));
    if (u->recalled == NULL)
        return OV_NO_MEMORY;
    if (status == OV_NOT_FOUND && u->result->refusal == OV_REFUSED_NOT)
        return OV_OK;
    OV_TRY(status);
    OV_TRY(take_recalls(u, ov_buf_span(&list), r));
    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(&list), digest));
    memcpy(u->recall_list, digest, sizeof(u->recall_list));
    return OV_OK;
}

enum ov_status ov_update_recall(struct ov_update *u)
{
    struct recalls r = {0};

    ov_update_step(u, OV_STEP_RECALL);
    OV_TRY(read_list(u, &r));
    u->result->is_recalled = r.is_old_recalled;
    OV_TRY(ov_update_silence(u));
    if (r.is_new_recalled || (u->result->is_current && r.is_old_recalled))
        return ov_update_refuse(u, OV_REFUSED_RECALLED, OV_MALFORMED,
                                "release %llu",
                                (unsigned long long)u->result->offered_seq);
    if (u->result->is_current || r.is_old_recalled)
        return OV_OK;
    if (u->release.seq < u->client.highest ||
        (u->has_old && u->release.seq <= u->old.seq))
        return ov_update_refuse(u, OV_REFUSED_RELEASE_OLD, OV_ROLLBACK,
                                "release %llu, and %llu was seen before",
                                (unsigned long long)u->release.seq,
                                (unsigned long long)u->client.highest);
    return OV_OK;
}

/* ---- silencing ---- */

struct silence {
    struct ov_arena *arena;
    struct ov_buf records;
    struct ov_buf delta_bytes;
    struct ov_record_set *base;
    struct ov_record_set *set;
    struct ov_span *ids; /* to be withdrawn, rising, each once */
    size_t n;
    struct ov_buf text; /* for the state */
};

/* Of the release in use, from its files. */
static enum ov_status load_set(struct ov_update *u, struct silence *s)
{
    const struct ov_update_io *io = u->io;
    struct ov_delta d;

    OV_TRY(io->release_get(io->data, "records.0", &s->records));
    OV_TRY(io->release_get(io->data, "delta", &s->delta_bytes));
    OV_TRY(ov_records_read(ov_buf_span(&s->records), &s->base));
    OV_TRY(ov_delta_read(ov_buf_span(&s->delta_bytes), s->arena, &d));
    return ov_delta_apply(s->base, &d, &s->set);
}

static int compare_ids(const void *a, const void *b)
{
    return ov_span_compare(*(const struct ov_span *)a,
                           *(const struct ov_span *)b);
}

static void put_rule(struct ov_buf *b, const struct ov_recalled *r)
{
    struct ov_span value = {0};

    ov_put_str(b, "rule ");
    ov_put_span(b, r->rule);
    ov_put_u8(b, ' ');
    (void)ov_entry_value(r->entry, "id", 0, &value);
    ov_put_span(b, value);
    ov_put_format(b, " %llu ", (unsigned long long)r->index);
    (void)ov_entry_value(r->entry, "why", 0, &value);
    ov_put_span(b, value);
    ov_put_u8(b, '\n');
}

/* Which of the recalled rules the set has, in a version that is meant. */
static enum ov_status choose(struct ov_update *u, struct silence *s)
{
    size_t n = 0;

    s->ids = ov_arena_array(s->arena, u->n_recalled + 1, sizeof(*s->ids));
    if (s->ids == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < u->n_recalled; i++) {
        const struct ov_recalled *r = &u->recalled[i];
        const struct ov_record_entry *e = ov_record_set_find(s->set, r->rule);

        if (e == NULL || e->record.index >= r->index)
            continue;
        s->ids[n++] = r->rule;
        put_rule(&s->text, r);
    }
    qsort(s->ids, n, sizeof(*s->ids), compare_ids);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !ov_span_equal(s->ids[i - 1], s->ids[i]))
            s->ids[s->n++] = s->ids[i];
    }
    return ov_buf_status(&s->text);
}

static enum ov_status write_state(struct ov_update *u, struct silence *s,
                                  const struct ov_buf *key)
{
    const struct ov_update_tier tier = {
        .number = 2, .withdrawn = s->ids, .n_withdrawn = s->n};
    OV_AUTO_DONE(buf) all = ov_buf_with_max(OV_UPDATE_MAX_TRUST);
    uint8_t digest[32] = {0};
    struct ov_diag diag = {0};
    uint64_t len = 0;

    OV_TRY(u->io->silence(u->io->data, &tier, digest, &len, &diag));
    ov_put_span(&all, ov_buf_span(key));
    if (s->n > 0) {
        ov_put_str(&all, "image ");
        ov_put_entry_digest(&all, digest);
        ov_put_format(&all, " %llu\n", (unsigned long long)len);
    }
    ov_put_span(&all, ov_buf_span(&s->text));
    OV_TRY(ov_buf_status(&all));
    return u->io->state_put(u->io->data, STATE, ov_buf_span(&all));
}

static enum ov_status silence(struct ov_update *u, const struct ov_buf *key)
{
    struct silence s = {.arena = ov_arena_new(SIZE_MAX / 2),
                        .records = ov_buf_with_max(MAX_RECORDS),
                        .delta_bytes = ov_buf_with_max(OV_DELTA_MAX),
                        .text = ov_buf_with_max(OV_UPDATE_MAX_TRUST / 2)};
    enum ov_status status = s.arena == NULL ? OV_NO_MEMORY : OV_OK;

    if (status == OV_OK && u->n_recalled > 0)
        status = load_set(u, &s);
    if (status == OV_OK && u->n_recalled > 0)
        status = choose(u, &s);
    if (status == OV_OK)
        status = write_state(u, &s, key);
    ov_record_set_free(s.base);
    ov_record_set_free(s.set);
    ov_buf_done(&s.records);
    ov_buf_done(&s.delta_bytes);
    ov_buf_done(&s.text);
    ov_arena_free(s.arena);
    return status;
}

/* Whether the state was made for the same, and the image is what it says; if
 * nothing was recalled ever there is neither, and none is made. */
static bool is_done(struct ov_update *u, const struct ov_buf *key)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_UPDATE_MAX_TRUST);
    enum ov_status status = u->io->state_get(u->io->data, STATE, &text);
    bool is_same = status == OV_NOT_FOUND
                       ? u->n_recalled == 0
                       : status == OV_OK && ov_span_starts(ov_buf_span(&text),
                                                           ov_buf_span(key));
    size_t n = 0;

    return is_same && ov_update_check_recalled(u, &n) == OV_OK;
}

enum ov_status ov_update_silence(struct ov_update *u)
{
    uint64_t seq = u->result->is_installed ? u->release.seq : u->old.seq;
    OV_AUTO_DONE(buf) key = ov_buf_with_max(256);
    enum ov_status status;

    if (u->io->silence == NULL || (!u->has_old && !u->result->is_installed) ||
        (u->options->flags & OV_UPDATE_CHECK) != 0)
        return OV_OK;
    ov_put_format(&key, "release %llu list ", (unsigned long long)seq);
    ov_put_hex(&key, ov_span_of(u->recall_list, sizeof(u->recall_list)));
    ov_put_u8(&key, '\n');
    OV_TRY(ov_buf_status(&key));
    if (is_done(u, &key))
        return OV_OK;
    status = silence(u, &key);
    /* What is damaged here must not keep a new release from coming. */
    if (status == OV_OK || !u->result->is_current)
        return status == OV_NO_MEMORY ? status : OV_OK;
    return ov_update_refuse(u, OV_REFUSED_SILENCE, status, "%s",
                            ov_status_name(status));
}
