/* SPDX-License-Identifier: Apache-2.0 */
#include "rounds.h"

#include <stdio.h>

#include "base/text.h"
#include "cosign.h"
#include "crypto/digest.h"
#include "repository.h"
#include "sys/file.h"

/* A round:
 *
 * 1. Ask every place for its checkpoint: the log, its mirrors, and witnesses,
 *    whom the log can't tell apart from anybody else.
 * 2. The largest tree that the newest log of the policy has signed anywhere is
 *    the one to be read, also if the log itself shows less. What was largest in
 * an earlier round or run counts as a place, too.
 * 3. Read its new entries from a place that has them all, compare every tile,
 *    and judge the entries. If a place serves something else the next one is
 *    asked, from the beginning.
 * 4. Every other checkpoint must be of the same tree: the same root, or a proof
 *    of consistency. If not, both signed notes are kept as evidence.
 * 5. Who shows less than others for too long slows its readers down.
 * 6. What a cosigner was asked for (cosign.c) counts as a place that nobody
 * else need show yet. If all below it is right, the cosigner may sign it. */

#define SEEN "seen"
#define BEHIND "behind"

static struct vantage *seen_before(struct rounds *r)
{
    return &r->places[r->options->n_places];
}

/* Of two logs of the policy, the one that stands behind the other has taken its
 * place; of one log, the larger tree is later. */
static bool is_later(const struct ov_policy_result *a,
                     const struct ov_policy_result *b)
{
    if (a->log != b->log)
        return a->log > b->log;
    return a->checkpoint.size > b->checkpoint.size;
}

/* Among the first n places. */
static struct vantage *largest(struct rounds *r, size_t n)
{
    struct vantage *best = NULL;

    for (size_t i = 0; i < n; i++) {
        struct vantage *v = &r->places[i];

        if (v->is_there &&
            (best == NULL || is_later(&v->result, &best->result)))
            best = v;
    }
    return best;
}

/* -- memory -- */

static enum ov_status read_seen(struct rounds *r)
{
    struct vantage *seen = seen_before(r);
    enum ov_status status = ov_ledger_read(r->ledger, SEEN, &seen->note);

    if (status == OV_NOT_FOUND)
        return OV_OK;
    OV_TRY(status);
    return vantage_take_note(seen, r->policy, r->arena) ? OV_OK
                                                        : OV_BAD_SIGNATURE;
}

/* "SIZE SINCE URL" */
static void read_behind_line(struct rounds *r, struct ov_span line)
{
    struct ov_span size;
    struct ov_span since;

    if (!ov_span_cut(&line, ' ', &size) || !ov_span_cut(&line, ' ', &since))
        return;
    for (size_t i = 0; i < r->options->n_places; i++) {
        struct vantage *v = &r->places[i];

        if (ov_span_equal(ov_span_str(v->place->url), line) &&
            ov_parse_uint(size, INT64_MAX, &v->behind_size))
            (void)ov_parse_uint(since, INT64_MAX, &v->behind_since);
    }
}

static enum ov_status read_behind(struct rounds *r)
{
    OV_AUTO_DONE(buf) all = ov_buf_with_max(OV_LEDGER_MAX);
    enum ov_status status = ov_ledger_read(r->ledger, BEHIND, &all);
    struct ov_span left = ov_buf_span(&all);
    struct ov_span line;

    if (status == OV_NOT_FOUND)
        return OV_OK;
    OV_TRY(status);
    while (ov_span_cut(&left, '\n', &line))
        read_behind_line(r, line);
    return OV_OK;
}

enum ov_status rounds_load(struct rounds *r, struct ov_diag *diag)
{
    enum ov_status status = read_seen(r);

    if (status == OV_OK)
        status = read_behind(r);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0,
                           "the memory in %s is damaged (%s); a monitor "
                           "without memory begins in an empty folder",
                           r->options->state, ov_status_name(status));
    return OV_OK;
}

static enum ov_status save(struct rounds *r)
{
    OV_AUTO_DONE(buf) behind = ov_buf_with_max(OV_LEDGER_MAX);
    struct ov_ledger_item items[2] = {{.name = BEHIND}, {.name = SEEN}};
    struct vantage *best = largest(r, r->options->n_places + 1);
    struct vantage *seen = seen_before(r);

    for (size_t i = 0; i < r->options->n_places; i++) {
        if (r->places[i].behind_since != 0)
            ov_put_format(&behind, "%llu %llu %s\n",
                          (unsigned long long)r->places[i].behind_size,
                          (unsigned long long)r->places[i].behind_since,
                          r->places[i].place->url);
    }
    OV_TRY(ov_buf_status(&behind));
    items[0].bytes = ov_buf_span(&behind);
    if (best == NULL)
        return ov_ledger_write(r->ledger, items, 1);
    if (best != seen) {
        ov_buf_clear(&seen->note);
        ov_put_span(&seen->note, ov_buf_span(&best->note));
        OV_TRY(ov_buf_status(&seen->note));
    }
    items[1].bytes = ov_buf_span(&seen->note);
    return ov_ledger_write(r->ledger, items, 2);
}

/* -- one history -- */

/* Both notes go to files that their digest names; *ret_name says which. */
static void keep_evidence(struct rounds *r, const struct vantage *a,
                          const struct vantage *b, char ret_name[static 80])
{
    const struct vantage *both[] = {a, b};
    OV_AUTO_DONE(buf) name = ov_buf_with_max(8192);
    uint8_t digest[OV_DIGEST_MAX];

    ret_name[0] = '\0';
    if (ov_digest(OV_SHA256, ov_buf_span(&a->note), digest) != OV_OK)
        return;
    (void)snprintf(ret_name, 80, "evidence-%02x%02x%02x%02x-{1,2}.checkpoint",
                   digest[0], digest[1], digest[2], digest[3]);
    for (int i = 0; i < 2; i++) {
        ov_buf_clear(&name);
        ov_put_format(&name, "%s/evidence-%02x%02x%02x%02x-%d.checkpoint",
                      r->options->state, digest[0], digest[1], digest[2],
                      digest[3], i + 1);
        ov_put_u8(&name, 0);
        if (ov_buf_status(&name) != OV_OK ||
            ov_file_write((const char *)name.ptr, ov_buf_span(&both[i]->note),
                          0644, NULL) != OV_OK)
            finding(r->found, FINDING_UNREACHABLE, r->options->state, NO_INDEX,
                    "evidence cannot be written");
    }
}

struct tile_reader {
    const struct log_view *view;
    struct ov_buf tile;
};

static enum ov_status get_tile(void *data, const struct ov_tile *t,
                               struct ov_span *ret)
{
    struct tile_reader *reader = data;
    OV_AUTO_DONE(buf) path = ov_buf_with_max(OV_TILE_PATH_MAX);

    ov_buf_clear(&reader->tile);
    ov_put_tile_path(&path, t);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    OV_TRY(view_read(reader->view, (const char *)path.ptr, OV_TILE_MAX_BYTES,
                     &reader->tile, NULL));
    *ret = ov_buf_span(&reader->tile);
    return OV_OK;
}

/* Whether the tree of old is how the one of best begins, by best's tiles at a
 * place where they were compared with its entries. OV_BAD_PROOF if not. */
static enum ov_status compare(struct rounds *r, const struct vantage *old,
                              const struct vantage *best,
                              const struct log_view *good)
{
    const struct ov_checkpoint *a = &old->result.checkpoint;
    const struct ov_checkpoint *b = &best->result.checkpoint;
    struct tile_reader reader = {.view = good,
                                 .tile = ov_buf_with_max(OV_TILE_MAX_BYTES)};
    struct ov_tile_tree tree = {
        .size = b->size, .data = &reader, .get = get_tile};
    struct ov_merkle_source source = ov_tile_source(&tree);
    uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    enum ov_status status = OV_OK;
    size_t n = 0;

    (void)r;
    if (a->size > 0 && a->size < b->size) {
        if (good == NULL)
            return OV_NOT_FOUND;
        status =
            ov_merkle_prove_consistency(&source, a->size, b->size, proof, &n);
    }
    ov_buf_done(&reader.tile);
    OV_TRY(status);
    return ov_merkle_check_consistency(a->size, a->root, b->size, b->root,
                                       proof, n);
}

/* A log that has ended, as the next one says, and that has more here. */
static bool check_ended(struct rounds *r, const struct vantage *v,
                        const struct vantage *best)
{
    const struct ov_checkpoint *c = &v->result.checkpoint;
    char evidence[80];
    uint64_t end;

    if (!audit_ended(r->audit, c->origin, &end) || c->size <= end)
        return true;
    keep_evidence(r, v, best, evidence);
    finding(r->found, FINDING_FORK, v->place->url, NO_INDEX,
            "shows %llu entries of a log that has ended with %llu; kept: %s",
            (unsigned long long)c->size, (unsigned long long)end, evidence);
    return false;
}

static void compare_all(struct rounds *r, const struct vantage *best,
                        const struct log_view *good)
{
    for (size_t i = 0; i < r->options->n_places + 2; i++) {
        const struct vantage *v = &r->places[i];
        char evidence[80];
        enum ov_status status;

        if (v == best || !v->is_there ||
            (good != NULL && !check_ended(r, v, best)))
            continue;
        /* Nobody serves the tree, which was told. */
        if (good == NULL &&
            v->result.checkpoint.size != best->result.checkpoint.size)
            continue;
        status = compare(r, v, best, good);
        if (status == OV_BAD_PROOF) {
            keep_evidence(r, v, best, evidence);
            finding(r->found, FINDING_FORK, v->place->url, NO_INDEX,
                    "the tree of %llu entries here is not how the one of %llu "
                    "at %s begins; kept: %s",
                    (unsigned long long)v->result.checkpoint.size,
                    (unsigned long long)best->result.checkpoint.size,
                    best->place->url, evidence);
        } else if (status != OV_OK) {
            finding(r->found, FINDING_UNREACHABLE, v->place->url, NO_INDEX,
                    "its checkpoint could not be compared: %s",
                    ov_status_name(status));
        }
    }
}

/* -- reading -- */

static enum ov_status on_entry(void *data, uint64_t index, struct ov_span bytes)
{
    struct rounds *r = data;

    return audit_entry(r->audit, index, bytes);
}

/* What was judged came from something else than the log: begin anew. */
static enum ov_status forget(struct rounds *r)
{
    audit_free(r->audit);
    r->audit = audit_new(r->found, r->people);
    memset(r->frontier, 0, sizeof(*r->frontier));
    r->n_files_compared = 0;
    memset(r->release_checked, 0, sizeof(r->release_checked));
    memset(r->release_same, 0, sizeof(r->release_same));
    return r->audit != NULL ? OV_OK : OV_NO_MEMORY;
}

static void tell_failure(struct rounds *r, const struct vantage *v,
                         const struct vantage *best, enum ov_status status,
                         const struct ov_diag *diag)
{
    enum finding_kind kind = FINDING_UNREACHABLE;

    if (status == OV_BAD_PROOF)
        kind = FINDING_CHANGED;
    else if (status == OV_NOT_FOUND)
        kind = FINDING_WITHHELD;
    /* A place that shows an older tree need not have all of this one. */
    if (v->is_there &&
        v->result.checkpoint.size >= best->result.checkpoint.size)
        finding(r->found, kind, v->place->url, NO_INDEX, "%s",
                diag->text[0] != '\0' ? diag->text : ov_status_name(status));
}

static enum ov_status try_place(struct rounds *r, const struct vantage *v,
                                const struct vantage *best)
{
    struct walk w = {.frontier = r->frontier, .data = r, .entry = on_entry};
    struct ov_diag diag = {0};
    enum ov_status status;

    findings_hold(r->found);
    status = walk_to(&w, &v->view, best->result.checkpoint.size,
                     best->result.checkpoint.root, &diag);
    if (status == OV_OK) {
        findings_release(r->found);
        return OV_OK;
    }
    findings_drop(r->found);
    OV_TRY(forget(r));
    tell_failure(r, v, best, status, &diag);
    return status;
}

/* Reads what is new from the first place that has it; those that have said they
 * do first. *ret_good: that place, or NULL. */
static enum ov_status read_tree(struct rounds *r, const struct vantage *best,
                                const struct log_view **ret_good)
{
    *ret_good = NULL;
    if (r->frontier->size > best->result.checkpoint.size)
        OV_TRY(forget(r));
    for (unsigned turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < r->options->n_places; i++) {
            const struct vantage *v = &r->places[i];
            bool has_all = v->is_there && v->result.checkpoint.size >=
                                              best->result.checkpoint.size;
            enum ov_status status;

            if (v->place->kind == PLACE_WITNESS || has_all != (turn == 0))
                continue;
            status = try_place(r, v, best);
            if (status == OV_NO_MEMORY)
                return status;
            if (status == OV_OK) {
                *ret_good = &v->view;
                return OV_OK;
            }
        }
    }
    finding(r->found, FINDING_WITHHELD, r->places[0].place->url, NO_INDEX,
            "the signed tree of %llu entries is served nowhere",
            (unsigned long long)best->result.checkpoint.size);
    return OV_OK;
}

/* -- delay -- */

static void check_delay(struct rounds *r, struct vantage *v,
                        const struct vantage *best)
{
    uint64_t size = v->result.checkpoint.size;

    if (size >= best->result.checkpoint.size) {
        v->behind_since = 0;
        return;
    }
    if (v->behind_since == 0 || size > v->behind_size) {
        /* At the latest since somebody cosigned more; the first time that is
         * all there is to know. */
        v->behind_size = size;
        v->behind_since = r->now;
        if (best->result.newest != 0 && best->result.newest < r->now)
            v->behind_since = best->result.newest;
    }
    if (v->behind_since + r->options->max_delay <= r->now)
        finding(r->found, FINDING_SLOW_DOWN, v->place->url, NO_INDEX,
                "shows %llu entries while %s shows more",
                (unsigned long long)size, best->place->url);
}

static void check_delays(struct rounds *r, const struct vantage *best)
{
    const struct vantage *seen = seen_before(r);

    for (size_t i = 0; i < r->options->n_places; i++) {
        struct vantage *v = &r->places[i];

        if (!v->is_there || v->place->kind == PLACE_WITNESS)
            continue;
        check_delay(r, v, best);
        if (i == 0 && seen->is_there &&
            v->result.checkpoint.size < seen->result.checkpoint.size)
            finding(r->found, FINDING_ROLLED_BACK, v->place->url, NO_INDEX,
                    "shows %llu entries, and there were %llu",
                    (unsigned long long)v->result.checkpoint.size,
                    (unsigned long long)seen->result.checkpoint.size);
    }
}

/* A witness need not know every log of the policy, but one of them. */
static void check_witnesses(struct rounds *r)
{
    size_t n = r->options->n_places;

    for (size_t i = 0; i < n; i++) {
        const struct watch_place *p = r->places[i].place;
        bool is_any = false;

        if (p->kind != PLACE_WITNESS || p->log != 0 || r->policy->n_logs == 1)
            continue;
        for (size_t j = 0; j < n; j++)
            is_any |=
                r->places[j].place->url == p->url && !r->places[j].is_missing;
        if (!is_any)
            finding(r->found, FINDING_UNREACHABLE, p->url, NO_INDEX,
                    "has cosigned no log of the policy");
    }
}

static enum ov_status look(struct rounds *r)
{
    const struct ov_policy_clock clock = {r->now, r->options->max_age};
    const struct log_view *good = NULL;
    const struct vantage *published;
    const struct vantage *best;

    for (size_t i = 0; i < r->options->n_places; i++)
        vantage_read(&r->places[i], r->policy, &clock, r->arena, r->found);
    if (seen_before(r)->note.len > 0 &&
        !vantage_take_note(seen_before(r), r->policy, r->arena))
        return OV_NO_MEMORY;
    check_witnesses(r);
    cosign_read(r);
    published = largest(r, r->options->n_places + 1);
    best = largest(r, r->options->n_places + 2);
    if (best == NULL)
        return OV_OK;
    if (published != NULL)
        check_delays(r, published);
    OV_TRY(read_tree(r, best, &good));
    compare_all(r, best, good);
    if (good != NULL)
        audit_log(r->audit, best->result.checkpoint.origin);
    audit_time(r->audit, r->now);
    if (r->options->repo != NULL && good != NULL)
        OV_TRY(repository_check(r));
    if (good != NULL)
        cosign_allow(r, best);
    return save(r);
}

enum ov_status rounds_run(struct rounds *r)
{
    ov_arena_reset(r->arena, SIZE_MAX);
    findings_begin_round(r->found);
    if (r->audit == NULL)
        OV_TRY(forget(r));
    return look(r);
}
