/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/request_ledger.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "trust/request_map.h"

/* The ledger keeps whole entries and takes them in one by one, so that a table
 * can be made of any size of the log, in one pass: of the newest, and of the
 * sizes that published tables are of.
 *
 * An entry that does not fit what came before it changes nothing and is told:
 * every reader then comes to the same numbers, whatever a publisher writes. */

#define MAX_ARENA ((size_t)4 << 30)
#define MAX_SCRATCH ((size_t)8 << 20)
#define KEEP_SCRATCH ((size_t)1 << 20)

const struct ov_request_word_row ov_request_words[OV_N_REQUEST_WORD] = {
#define OV_REQUEST_WORD(list, id, word, meaning)                               \
    {OV_LIST_##list, word, meaning},
#include "trust/request_words.def"
#undef OV_REQUEST_WORD
};

uint64_t ov_request_bit(enum ov_request_list list, struct ov_span word)
{
    for (size_t i = 0; i < OV_N_REQUEST_WORD; i++) {
        if (ov_request_words[i].list == list &&
            ov_span_equal(word, ov_span_str(ov_request_words[i].word)))
            return OV_REQUEST_BIT(i);
    }
    return 0;
}

enum ov_request_word ov_request_word_of(uint64_t set, enum ov_request_list list)
{
    for (size_t i = 0; i < OV_N_REQUEST_WORD; i++) {
        if (ov_request_words[i].list == list && (set & OV_REQUEST_BIT(i)) != 0)
            return (enum ov_request_word)i;
    }
    return OV_N_REQUEST_WORD;
}

void *ov_request_grow(struct ov_arena *a, void *list, size_t n, size_t size)
{
    void *more;

    if ((n & (n - 1)) != 0) /* there is room up to the next power of two */
        return list;
    more = ov_arena_array(a, n == 0 ? 1 : n * 2, size);
    if (more != NULL && n > 0)
        memcpy(more, list, n * size);
    return more;
}

void ov_request_problem(struct ov_request_ledger *l, uint64_t index,
                        const char *format, ...)
{
    struct ov_request_problem p = {.index = index};
    struct ov_request_problem *list;
    va_list words;

    va_start(words, format);
    (void)vsnprintf(p.what, sizeof(p.what), format, words);
    va_end(words);
    if (l->n_problems < OV_REQUEST_MAX_PROBLEMS) {
        list = ov_request_grow(l->arena, l->problems, l->n_problems,
                               sizeof(*list));
        if (list != NULL) {
            l->problems = list;
            list[l->n_problems] = p;
        } else {
            return; /* memory is out: the caller's next step says so */
        }
    }
    l->n_problems++;
}

static enum ov_status init(struct ov_request_ledger *l)
{
    l->arena = ov_arena_new(MAX_ARENA);
    l->scratch = ov_arena_new(MAX_SCRATCH);
    if (l->arena == NULL || l->scratch == NULL)
        return OV_NO_MEMORY;
    l->by_id = ov_request_map_new(l->arena);
    l->by_hash = ov_request_map_new(l->arena);
    l->by_event = ov_request_map_new(l->arena);
    return l->by_id != NULL && l->by_hash != NULL && l->by_event != NULL
               ? OV_OK
               : OV_NO_MEMORY;
}

enum ov_status ov_request_ledger_new(const struct ov_people *people,
                                     struct ov_request_ledger **ret)
{
    OV_AUTO(request_ledger) l = ov_alloc(sizeof(*l));

    if (l == NULL)
        return OV_NO_MEMORY;
    l->people = people;
    OV_TRY(init(l));
    *ret = OV_STEAL(l);
    return OV_OK;
}

void ov_request_ledger_free(struct ov_request_ledger *l)
{
    if (l == NULL)
        return;
    ov_arena_free(l->arena);
    ov_arena_free(l->scratch);
    ov_free(l);
}

/* -- add -- */

/* Whether a note's first line names such a type; no more is looked at, as most
 * entries of a log are about something else. */
static bool is_about_requests(struct ov_span note, enum ov_entry_type *ret)
{
    struct ov_span line;
    struct ov_span word;

    (void)ov_span_cut(&note, '\n', &line);
    (void)ov_span_cut(&line, '/', &word); /* the instance */
    (void)ov_span_cut(&line, '/', &word);
    for (int i = OV_ENTRY_REQUEST; i <= OV_ENTRY_REQUEST_HISTORY; i++) {
        if (ov_span_equal(
                word, ov_span_str(ov_entry_type_name((enum ov_entry_type)i)))) {
            *ret = (enum ov_entry_type)i;
            return true;
        }
    }
    return false;
}

enum ov_status ov_request_ledger_add(struct ov_request_ledger *l,
                                     uint64_t index, struct ov_span note)
{
    struct ov_request_leaf leaf = {.index = index};
    struct ov_request_leaf *list;

    if (!is_about_requests(note, &leaf.type))
        return OV_OK;
    OV_TRY(ov_digest(OV_SHA256, note, leaf.digest));
    list = ov_request_grow(l->arena, l->leaves, l->n_leaves, sizeof(*list));
    if (list == NULL || !ov_arena_copy(l->arena, note, &leaf.note))
        return OV_NO_MEMORY;
    l->leaves = list;
    list[l->n_leaves++] = leaf;
    return OV_OK;
}

/* -- open -- */

/* Without a people file only the form counts. */
static enum ov_status open_unsigned(struct ov_request_ledger *l,
                                    struct ov_span bytes,
                                    const struct ov_entry **ret,
                                    struct ov_diag *diag)
{
    struct ov_note *note = ov_arena_alloc(l->scratch, sizeof(*note));
    struct ov_entry *e = ov_arena_alloc(l->scratch, sizeof(*e));
    enum ov_status status;

    if (note == NULL || e == NULL)
        return OV_NO_MEMORY;
    status = ov_note_parse(l->scratch, bytes, note);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "not a signed note");
    *ret = e;
    return ov_entry_parse(note->text, e, diag);
}

enum ov_status ov_request_leaf_open(struct ov_request_ledger *l,
                                    const struct ov_request_leaf *leaf,
                                    const struct ov_entry **ret,
                                    struct ov_diag *diag)
{
    const struct ov_commitment *c = ov_request_commitment_of(l, leaf);
    struct ov_opened *o;

    ov_arena_reset(l->scratch, KEEP_SCRATCH);
    if (l->people == NULL)
        return open_unsigned(l, leaf->note, ret, diag);
    o = ov_arena_alloc(l->scratch, sizeof(*o));
    if (o == NULL)
        return OV_NO_MEMORY;
    *ret = &o->entry;
    /* Who signed an event that was kept back did so before its commitment. */
    return ov_entry_open(l->scratch, leaf->note, l->people,
                         c != NULL ? c->index : leaf->index, o, diag);
}

/* -- advance -- */

static enum ov_status keep_history(struct ov_request_ledger *l,
                                   const struct ov_request_leaf *leaf)
{
    struct ov_request_leaf *list =
        ov_request_grow(l->arena, l->histories, l->n_histories, sizeof(*list));

    if (list == NULL)
        return OV_NO_MEMORY;
    l->histories = list;
    list[l->n_histories++] = *leaf;
    return OV_OK;
}

static enum ov_status check_report(struct ov_request_ledger *l,
                                   const struct ov_request_leaf *leaf,
                                   const struct ov_entry *e)
{
    uint64_t size = 0;

    (void)ov_entry_number(e, "size", &size);
    if (size > leaf->index)
        ov_request_problem(l, leaf->index,
                           "a table of entries that come behind it");
    return OV_OK;
}

static enum ov_status apply_event(struct ov_request_ledger *l,
                                  const struct ov_request_leaf *leaf,
                                  const struct ov_entry *e)
{
    struct ov_commitment *c = ov_request_commitment_of(l, leaf);
    uint8_t hash[32];

    if (c != NULL && c->state == OV_COMMITMENT_OPENED) {
        OV_TRY(ov_request_commit(c->nonce, leaf->note, hash));
        if (memcmp(hash, c->hash, sizeof(hash)) != 0) {
            ov_request_problem(l, leaf->index,
                               "not the event of its commitment in entry %llu",
                               (unsigned long long)c->index);
            return OV_OK;
        }
        c->state = OV_COMMITMENT_TOLD;
    }
    return ov_request_apply(l, leaf, e, c);
}

static enum ov_status apply(struct ov_request_ledger *l,
                            const struct ov_request_leaf *leaf)
{
    const struct ov_entry *e = NULL;
    struct ov_diag diag = {0};
    enum ov_status status = ov_request_leaf_open(l, leaf, &e, &diag);

    if (status == OV_NO_MEMORY)
        return status;
    if (status != OV_OK) {
        ov_request_problem(l, leaf->index, "%s",
                           diag.text[0] != '\0' ? diag.text
                                                : ov_status_name(status));
        return OV_OK;
    }
    if (e->type == OV_ENTRY_REQUEST_COMMITMENTS)
        return ov_request_commitments(l, leaf, e);
    if (e->type == OV_ENTRY_REQUEST_OPENING)
        return ov_request_opening(l, leaf, e);
    if (e->type == OV_ENTRY_REQUEST_REPORT)
        return check_report(l, leaf, e);
    if (e->type == OV_ENTRY_REQUEST_HISTORY)
        return keep_history(l, leaf);
    return apply_event(l, leaf, e);
}

enum ov_status ov_request_ledger_advance(struct ov_request_ledger *l,
                                         uint64_t size)
{
    while (l->n_applied < l->n_leaves && l->leaves[l->n_applied].index < size)
        OV_TRY(apply(l, &l->leaves[l->n_applied++]));
    return OV_OK;
}

const struct ov_request *ov_request_find(const struct ov_request_ledger *l,
                                         struct ov_span id)
{
    uint8_t key[OV_DIGEST_MAX];
    size_t at;

    if (ov_digest(OV_SHA256, id, key) != OV_OK ||
        !ov_request_map_get(l->by_id, key, &at))
        return NULL;
    return l->requests[at];
}
