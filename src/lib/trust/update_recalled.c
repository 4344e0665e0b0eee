/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/update_recalled.h"

#include <stdlib.h>

#include "base/text.h"
#include "trust/update_history.h"

/* What the state says of recalled rules (update_recall.c), for people and for
 * `overt verify`: the image that silences must come out of the list beside it,
 * byte for byte, and each line of the list out of a recall in the log. */

#define IMAGE "recalled.image"
#define MAX_IMAGE (1u << 20)
#define MAX_RULES 4096

/* "rule RECORD RECALL-ID INDEX WHY" */
struct rule_line {
    struct ov_span record;
    struct ov_span recall;
    uint64_t index;
};

static bool read_rule(struct ov_span line, struct rule_line *ret)
{
    ret->record = ov_line_word(&line);
    ret->recall = ov_line_word(&line);
    return ret->record.len > 0 &&
           ov_parse_plain(ov_line_word(&line), UINT64_MAX, &ret->index);
}

/* ---- for people ---- */

bool ov_update_silenced(struct ov_update *u, struct ov_span id,
                        struct ov_buf *into, struct ov_span *ret)
{
    return u->io->state_get(u->io->data, OV_UPDATE_RECALLED, into) == OV_OK &&
           ov_recalled_find(ov_buf_span(into), id, ret);
}

void ov_put_recalled(struct ov_buf *b, struct ov_update *u)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_UPDATE_MAX_TRUST);
    struct ov_span rest;
    struct ov_span line;

    if (u->io->state_get(u->io->data, OV_UPDATE_RECALLED, &text) != OV_OK)
        return;
    rest = ov_buf_span(&text);
    while (ov_recalled_next(&rest, &line)) {
        ov_put_str(b, "recalled.");
        ov_put_span(b, ov_line_word(&line));
        ov_put_u8(b, ' ');
        ov_put_span(b, line);
        ov_put_u8(b, '\n');
    }
}

/* ---- the image ---- */

static int compare_ids(const void *a, const void *b)
{
    return ov_span_compare(*(const struct ov_span *)a,
                           *(const struct ov_span *)b);
}

/* The records of the list, rising, each once. */
static enum ov_status list_ids(struct ov_span text, struct ov_span *ids,
                               size_t *ret_n)
{
    struct ov_span line;
    size_t n = 0;

    *ret_n = 0;
    while (ov_recalled_next(&text, &line)) {
        struct rule_line rule;

        if (n == MAX_RULES || !read_rule(line, &rule))
            return OV_MALFORMED;
        ids[n++] = rule.record;
    }
    qsort(ids, n, sizeof(*ids), compare_ids);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !ov_span_equal(ids[i - 1], ids[i]))
            ids[(*ret_n)++] = ids[i];
    }
    return OV_OK;
}

/* That the list compiles to this. */
static enum ov_status check_list(struct ov_update *u, struct ov_span text,
                                 const struct ov_blob *want, size_t *ret_n)
{
    OV_AUTO_PTR struct ov_span *ids = ov_alloc_array(MAX_RULES, sizeof(*ids));
    struct ov_update_tier tier = {.number = 2, .withdrawn = ids};
    uint8_t digest[32] = {0};
    struct ov_diag diag = {0};
    uint64_t len = 0;

    if (ids == NULL)
        return OV_NO_MEMORY;
    OV_TRY(list_ids(text, ids, &tier.n_withdrawn));
    *ret_n = tier.n_withdrawn;
    if (u->io->compile_only == NULL)
        return OV_OK;
    OV_TRY(u->io->compile_only(u->io->data, &tier, digest, &len, &diag));
    return len == want->len && memcmp(digest, want->digest, 32) == 0
               ? OV_OK
               : OV_MISMATCH;
}

static bool read_image(struct ov_span rest, struct ov_blob *ret)
{
    struct ov_span line;

    while (rest.len > 0) {
        (void)ov_span_cut(&rest, '\n', &line);
        if (ov_span_equal(ov_line_word(&line), OV_SPAN_LIT("image")))
            return ov_blob_parse(line, ret);
    }
    return false;
}

enum ov_status ov_update_check_recalled(struct ov_update *u, size_t *ret_n)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_UPDATE_MAX_TRUST);
    OV_AUTO_DONE(buf) image = ov_buf_with_max(MAX_IMAGE);
    struct ov_blob want = {0};
    struct ov_blob have;
    bool has_image;
    enum ov_status status =
        u->io->state_get(u->io->data, OV_UPDATE_RECALLED, &text);

    if (status != OV_OK && status != OV_NOT_FOUND)
        return status;
    has_image = status == OV_OK && read_image(ov_buf_span(&text), &want);
    status = u->io->state_get(u->io->data, IMAGE, &image);
    if (!has_image) /* then there must be none */
        return status == OV_NOT_FOUND ? OV_OK : OV_MISMATCH;
    OV_TRY(status);
    OV_TRY(ov_blob_of(ov_buf_span(&image), &have));
    if (have.len != want.len ||
        memcmp(have.digest, want.digest, sizeof(have.digest)) != 0)
        return OV_BAD_DIGEST;
    return check_list(u, ov_buf_span(&text), &want, ret_n);
}

/* ---- the recalls ---- */

static bool names_rule(const struct ov_entry *e, const struct rule_line *rule)
{
    struct ov_span value;

    if (e->type != OV_ENTRY_RECALL || !ov_entry_value(e, "id", 0, &value) ||
        !ov_span_equal(value, rule->recall))
        return false;
    for (size_t i = 0; ov_entry_value(e, "rule", i, &value); i++) {
        if (ov_span_equal(value, rule->record))
            return true;
    }
    return false;
}

struct today {
    struct ov_span note;
    struct ov_policy_result result;
};

static enum ov_status check_today(struct ov_update *u, void *data,
                                  struct ov_span bytes)
{
    struct today *t = data;
    struct ov_note *note = ov_arena_alloc(u->arena, sizeof(*note));

    if (note == NULL || !ov_arena_copy(u->arena, bytes, &t->note))
        return OV_NO_MEMORY;
    OV_TRY(ov_note_parse(u->arena, t->note, note));
    OV_TRY(ov_policy_check(&u->policy, note, NULL, &t->result));
    return ov_update_is_behind_end(u, &t->result.checkpoint) ||
                   !ov_update_has_begun(u, t->result.checkpoint.origin)
               ? OV_BAD_PROOF
               : OV_OK;
}

/* A recall may be newer than the checkpoint that was seen last: then the tree
 * of today, which must go on from there. */
static enum ov_status find_tree(struct ov_update *u, uint64_t index,
                                struct ov_update_tree *ret)
{
    struct ov_update_tree seen = {.size = u->client.size};
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_UPDATE_MAX_CHECKPOINT);
    struct today *t = ov_arena_alloc(u->arena, sizeof(*t));
    const struct ov_update_check check = {check_today, t};

    if (t == NULL)
        return OV_NO_MEMORY;
    memcpy(seen.root, u->client.root, sizeof(seen.root));
    *ret = seen;
    if (index < seen.size)
        return OV_OK;
    OV_TRY(ov_update_get(u, "log/checkpoint", OV_UPDATE_MAX_CHECKPOINT, &bytes,
                         &check));
    *ret = ov_update_tree_of(&t->result.checkpoint);
    if (index >= ret->size)
        return OV_IO; /* another mirror may know more */
    return ov_update_consistent(u, &seen, ret);
}

static enum ov_status check_recall(struct ov_update *u,
                                   const struct ov_record_set *set,
                                   const struct rule_line *rule,
                                   struct ov_diag *diag)
{
    const struct ov_record_entry *e = ov_record_set_find(set, rule->record);
    OV_AUTO(arena) arena = ov_arena_new((size_t)4 << 20);
    struct ov_update_tree tree;
    struct ov_opened *o;
    struct ov_span note;

    if (arena == NULL)
        return OV_NO_MEMORY;
    if (e == NULL || e->record.index >= rule->index)
        return ov_diag_set(diag, OV_BAD_PROOF, 0,
                           "the recall is not of the version that is here");
    o = ov_arena_alloc(arena, sizeof(*o));
    if (o == NULL)
        return OV_NO_MEMORY;
    OV_TRY(find_tree(u, rule->index, &tree));
    OV_TRY(ov_update_entry_of(u, &tree, rule->index, arena, &note));
    OV_TRY(ov_entry_open(arena, note, &u->people, rule->index, o, diag));
    return names_rule(&o->entry, rule)
               ? OV_OK
               : ov_diag_set(diag, OV_BAD_PROOF, 0,
                             "the log has no such recall there");
}

enum ov_status ov_update_check_recalls(struct ov_update *u,
                                       const struct ov_record_set *set,
                                       struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_UPDATE_MAX_TRUST);
    enum ov_status status =
        u->io->state_get(u->io->data, OV_UPDATE_RECALLED, &text);
    struct ov_span rest = ov_buf_span(&text);
    struct ov_span line;

    if (status == OV_NOT_FOUND)
        return OV_OK;
    OV_TRY(status);
    while (ov_recalled_next(&rest, &line)) {
        struct rule_line rule;

        if (!read_rule(line, &rule))
            return ov_diag_set(diag, OV_MALFORMED, 0, "a line of the list");
        status = check_recall(u, set, &rule, diag);
        if (status == OV_NOT_FOUND && u->options->n_mirrors > 0)
            status = OV_IO;
        if (status != OV_OK)
            return status;
    }
    return OV_OK;
}
