/* SPDX-License-Identifier: Apache-2.0 */
#include "control_store.h"

#include "base/text.h"
#include "control_run.h"

/* Submissions and receipts. What is known of a sample is known to
 * whoever opens its envelope; here are names, digests of what was sealed, and
 * times. The index of a receipt is its place in the region's own order, given
 * in the transaction that takes the submission: the log has no gap and no
 * receipt without its row. */

#define DAY 86400

/* ---- rows of submissions ---- */

void control_submission_row(void *data, const char *const *values, size_t n)
{
    struct control_found *f = data;
    struct control_submission *r = &f->row;

    if (n != 10 || f->is_found)
        return;
    control_bytes(values[0], r->name, sizeof(r->name));
    control_bytes(values[1], r->envelope, sizeof(r->envelope));
    control_bytes(values[2], r->blob, sizeof(r->blob));
    control_bytes(values[3], r->blob_key, sizeof(r->blob_key));
    r->size = control_number(values[4]);
    r->purpose = (enum ov_envelope_purpose)control_number(values[5]);
    r->taken = control_number(values[6]);
    r->keep_until = control_number(values[7]);
    r->is_deleted = control_number(values[8]) != 0;
    r->is_analysed = control_number(values[9]) != 0;
    f->is_found = true;
}

static enum ov_status find_submission(struct control_store *s,
                                      const uint8_t *name,
                                      struct control_found *f,
                                      struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    control_add_hex(&v, name, OV_ENVELOPE_NAME);
    return control_run(s,
                       "SELECT " CONTROL_SUBMISSION_COLUMNS " FROM submissions"
                       " WHERE region = $1 AND name = $2",
                       &v, control_submission_row, f, diag);
}

static void take_count(void *data, const char *const *values, size_t n)
{
    if (n >= 1)
        *(uint64_t *)data = control_number(values[0]);
}

static enum ov_status is_envelope_known(struct control_store *s,
                                        const uint8_t *envelope, uint64_t *ret,
                                        struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    control_add_hex(&v, envelope, 32);
    return control_run(s,
                       "SELECT COUNT(*) FROM submissions"
                       " WHERE region = $1 AND envelope = $2",
                       &v, take_count, ret, diag);
}

/* ---- receipts ---- */

static void take_note(void *data, const char *const *values, size_t n)
{
    if (n >= 1 && values[0] != NULL)
        ov_put_str(data, values[0]);
}

/* Appends receipts of a name: of one kind, or (kind < 0) all. */
static enum ov_status read_notes(struct control_store *s, const uint8_t *name,
                                 int kind, struct ov_buf *notes,
                                 struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    control_add_hex(&v, name, OV_ENVELOPE_NAME);
    if (kind < 0) {
        OV_TRY(control_run(s,
                           "SELECT note FROM receipts WHERE region = $1"
                           " AND name = $2 ORDER BY seq",
                           &v, take_note, notes, diag));
    } else {
        control_add_number(&v, (uint64_t)kind);
        OV_TRY(control_run(s,
                           "SELECT note FROM receipts WHERE region = $1"
                           " AND name = $2 AND kind = $3",
                           &v, take_note, notes, diag));
    }
    return ov_buf_status(notes);
}

static enum ov_status next_index(struct control_store *s, uint64_t *ret,
                                 struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    *ret = 0;
    control_add_text(&v, s->region);
    return control_run(s,
                       "SELECT COALESCE(MAX(seq) + 1, 0) FROM receipts"
                       " WHERE region = $1",
                       &v, take_count, ret, diag);
}

static enum ov_status add_receipt(struct control_store *s, struct ov_receipt *r,
                                  const struct control_signer *signer,
                                  struct ov_buf *note, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_RECEIPT_MAX);
    struct control_values v = {.n = 0};
    uint8_t leaf[32];

    memcpy(r->region, s->region, sizeof(r->region));
    OV_TRY(next_index(s, &r->index, diag));
    OV_TRY(ov_receipt_sign(&text, r, &signer->key, signer->seed));
    OV_TRY(ov_receipt_leaf(r, leaf));
    ov_put_u8(&text, 0);
    OV_TRY(ov_buf_status(&text));
    control_add_text(&v, s->region);
    control_add_number(&v, r->index);
    control_add_hex(&v, r->name, sizeof(r->name));
    control_add_number(&v, r->kind);
    control_add_hex(&v, leaf, sizeof(leaf));
    control_add_text(&v, (const char *)text.ptr);
    OV_TRY(control_run(s,
                       "INSERT INTO receipts (region, seq, name, kind, leaf,"
                       " note) VALUES ($1, $2, $3, $4, $5, $6)",
                       &v, NULL, NULL, diag));
    ov_put_span(note, ov_span_of(text.ptr, text.len - 1));
    return ov_buf_status(note);
}

/* ---- taking one ---- */

struct take_act {
    const struct control_taking *t;
    struct ov_buf *note;
    bool is_question; /* nothing is to be changed */
    enum control_outcome outcome;
};

struct used {
    uint64_t count;
    uint64_t bytes;
};

static void take_used(void *data, const char *const *values, size_t n)
{
    struct used *u = data;

    if (n != 2)
        return;
    u->count = control_number(values[0]);
    u->bytes = control_number(values[1]);
}

static enum ov_status is_in_quota(struct control_store *s,
                                  const struct control_taking *t,
                                  struct used *used, bool *ret_fits,
                                  struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    control_add_text(&v, t->tenant->name);
    control_add_number(&v, t->submission->taken / DAY);
    OV_TRY(control_run(s,
                       "SELECT n, bytes FROM tenant_usage WHERE region = $1"
                       " AND tenant = $2 AND day = $3",
                       &v, take_used, used, diag));
    *ret_fits = used->count < t->tenant->max_count &&
                used->bytes <= t->tenant->max_bytes &&
                t->submission->size <= t->tenant->max_bytes - used->bytes;
    return OV_OK;
}

static enum ov_status use_quota(struct control_store *s,
                                const struct control_taking *t,
                                const struct used *used, struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    control_add_text(&v, t->tenant->name);
    control_add_number(&v, t->submission->taken / DAY);
    OV_TRY(
        control_run(s,
                    "DELETE FROM tenant_usage WHERE region = $1 AND tenant = $2"
                    " AND day <= $3",
                    &v, NULL, NULL, diag));
    control_add_number(&v, used->count + 1);
    control_add_number(&v, used->bytes + t->submission->size);
    return control_run(
        s,
        "INSERT INTO tenant_usage (region, tenant, day, n, bytes)"
        " VALUES ($1, $2, $3, $4, $5)",
        &v, NULL, NULL, diag);
}

static enum ov_status insert_submission(struct control_store *s,
                                        const struct control_submission *n,
                                        struct ov_diag *diag)
{
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    control_add_hex(&v, n->name, sizeof(n->name));
    control_add_hex(&v, n->envelope, sizeof(n->envelope));
    control_add_hex(&v, n->blob, sizeof(n->blob));
    control_add_hex(&v, n->blob_key, sizeof(n->blob_key));
    control_add_number(&v, n->size);
    control_add_number(&v, n->purpose);
    control_add_number(&v, n->taken);
    control_add_number(&v, n->keep_until);
    return control_run(
        s,
        "INSERT INTO submissions (region, " CONTROL_SUBMISSION_COLUMNS
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0)",
        &v, NULL, NULL, diag);
}

/* Whether there is one of that name, or of those bytes. */
static enum ov_status look_for_same(struct control_store *s, struct take_act *a,
                                    bool *ret_is_new, struct ov_diag *diag)
{
    const struct control_submission *n = a->t->submission;
    struct control_found f = {.is_found = false};
    uint64_t n_same = 0;

    OV_TRY(find_submission(s, n->name, &f, diag));
    OV_TRY(is_envelope_known(s, n->envelope, &n_same, diag));
    *ret_is_new = !f.is_found && n_same == 0;
    if (*ret_is_new)
        return OV_OK;
    a->outcome = CONTROL_CONFLICT;
    if (!f.is_found ||
        memcmp(f.row.envelope, n->envelope, sizeof(n->envelope)) != 0)
        return OV_OK;
    a->outcome = CONTROL_DELETED;
    if (f.row.is_deleted)
        return read_notes(s, n->name, OV_RECEIPT_DELETION, a->note, diag);
    /* With our own blob it is our own row: the answer to its commit was lost.
     */
    a->outcome = memcmp(f.row.blob, n->blob, sizeof(n->blob)) == 0
                     ? CONTROL_TAKEN
                     : CONTROL_KNOWN;
    return read_notes(s, n->name, OV_RECEIPT_SUBMISSION, a->note, diag);
}

static enum ov_status take_one(struct control_store *s, void *data,
                               struct ov_diag *diag)
{
    struct take_act *a = data;
    const struct control_submission *n = a->t->submission;
    struct ov_receipt r = {.kind = OV_RECEIPT_SUBMISSION,
                           .size = n->size,
                           .time = n->taken,
                           .keep_until = n->keep_until};
    struct used used = {0};
    bool is_good = false;

    ov_buf_clear(a->note);
    OV_TRY(look_for_same(s, a, &is_good, diag));
    if (!is_good)
        return OV_OK;
    a->outcome = CONTROL_TOO_MANY;
    OV_TRY(is_in_quota(s, a->t, &used, &is_good, diag));
    if (!is_good)
        return OV_OK;
    a->outcome = CONTROL_TAKEN;
    if (a->is_question)
        return OV_OK;
    OV_TRY(use_quota(s, a->t, &used, diag));
    OV_TRY(insert_submission(s, n, diag));
    memcpy(r.name, n->name, sizeof(r.name));
    memcpy(r.envelope, n->envelope, sizeof(r.envelope));
    return add_receipt(s, &r, a->t->signer, a->note, diag);
}

enum ov_status control_submission_ask(struct control_store *s,
                                      const struct control_taking *t,
                                      struct ov_buf *note,
                                      enum control_outcome *ret,
                                      struct ov_diag *diag)
{
    struct take_act a = {.t = t, .note = note, .is_question = true};

    OV_TRY(control_transaction(s, take_one, &a, diag));
    *ret = a.outcome;
    return OV_OK;
}

enum ov_status control_submission_take(struct control_store *s,
                                       const struct control_taking *t,
                                       struct ov_buf *note,
                                       enum control_outcome *ret,
                                       struct ov_diag *diag)
{
    struct take_act a = {.t = t, .note = note};

    OV_TRY(control_transaction(s, take_one, &a, diag));
    *ret = a.outcome;
    return OV_OK;
}

/* ---- deleting one ---- */

struct delete_act {
    const struct control_deletion *d;
    struct ov_buf *note;
    uint8_t blob[32];
    enum control_outcome outcome;
};

static enum ov_status delete_one(struct control_store *s, void *data,
                                 struct ov_diag *diag)
{
    struct delete_act *a = data;
    struct control_found f = {.is_found = false};
    struct control_values v = {.n = 0};
    struct ov_receipt r = {.kind = OV_RECEIPT_DELETION,
                           .time = a->d->now,
                           .keep_until = a->d->now};

    ov_buf_clear(a->note);
    OV_TRY(find_submission(s, a->d->name, &f, diag));
    a->outcome = f.is_found ? CONTROL_KNOWN : CONTROL_NOT_THERE;
    if (!f.is_found)
        return OV_OK;
    memcpy(a->blob, f.row.blob, sizeof(a->blob));
    if (f.row.is_deleted)
        return read_notes(s, a->d->name, OV_RECEIPT_DELETION, a->note, diag);
    control_add_text(&v, s->region);
    control_add_hex(&v, a->d->name, sizeof(a->d->name));
    OV_TRY(control_run(s,
                       "UPDATE submissions SET blob_key = NULL, deleted = 1,"
                       " analysed = 1 WHERE region = $1 AND name = $2",
                       &v, NULL, NULL, diag));
    memcpy(r.name, f.row.name, sizeof(r.name));
    memcpy(r.envelope, f.row.envelope, sizeof(r.envelope));
    r.size = f.row.size;
    OV_TRY(add_receipt(s, &r, a->d->signer, a->note, diag));
    a->outcome = CONTROL_TAKEN;
    return OV_OK;
}

enum ov_status control_submission_delete(struct control_store *s,
                                         const struct control_deletion *d,
                                         struct ov_buf *note,
                                         uint8_t ret_blob[static 32],
                                         enum control_outcome *ret,
                                         struct ov_diag *diag)
{
    struct delete_act a = {.d = d, .note = note};

    OV_TRY(control_transaction(s, delete_one, &a, diag));
    memcpy(ret_blob, a.blob, sizeof(a.blob));
    *ret = a.outcome;
    return OV_OK;
}

/* ---- finding them ---- */

struct get_act {
    const uint8_t *name;
    struct ov_buf *notes;
    struct control_found found;
};

static enum ov_status get_one(struct control_store *s, void *data,
                              struct ov_diag *diag)
{
    struct get_act *a = data;

    a->found.is_found = false;
    OV_TRY(find_submission(s, a->name, &a->found, diag));
    if (!a->found.is_found)
        return ov_diag_set(diag, OV_NOT_FOUND, 0, "no such submission");
    if (a->notes == NULL)
        return OV_OK;
    ov_buf_clear(a->notes);
    return read_notes(s, a->name, -1, a->notes, diag);
}

enum ov_status control_submission_get(
    struct control_store *s, const uint8_t name[static OV_ENVELOPE_NAME],
    struct control_submission *ret, struct ov_buf *notes, struct ov_diag *diag)
{
    struct get_act a = {.name = name, .notes = notes};

    OV_TRY(control_transaction(s, get_one, &a, diag));
    *ret = a.found.row;
    return OV_OK;
}

struct next_act {
    uint64_t before;
    struct control_found found;
};

static enum ov_status next_one(struct control_store *s, void *data,
                               struct ov_diag *diag)
{
    struct next_act *a = data;
    struct control_values v = {.n = 0};

    a->found.is_found = false;
    control_add_text(&v, s->region);
    if (a->before != 0) {
        control_add_number(&v, a->before);
        OV_TRY(control_run(s,
                           "SELECT " CONTROL_SUBMISSION_COLUMNS
                           " FROM submissions"
                           " WHERE region = $1 AND deleted = 0"
                           " AND keep_until <= $2 ORDER BY keep_until LIMIT 1",
                           &v, control_submission_row, &a->found, diag));
    } else {
        OV_TRY(control_run(s,
                           "SELECT " CONTROL_SUBMISSION_COLUMNS
                           " FROM submissions"
                           " WHERE region = $1 AND analysed = 0"
                           " ORDER BY taken, name LIMIT 1",
                           &v, control_submission_row, &a->found, diag));
    }
    return a->found.is_found ? OV_OK
                             : ov_diag_set(diag, OV_NOT_FOUND, 0, "none");
}

enum ov_status control_submission_next(struct control_store *s, uint64_t before,
                                       struct control_submission *ret,
                                       struct ov_diag *diag)
{
    struct next_act a = {.before = before};

    OV_TRY(control_transaction(s, next_one, &a, diag));
    *ret = a.found.row;
    return OV_OK;
}

struct blob_act {
    const uint8_t *blob;
    uint64_t n;
};

static enum ov_status count_blob(struct control_store *s, void *data,
                                 struct ov_diag *diag)
{
    struct blob_act *a = data;
    struct control_values v = {.n = 0};

    control_add_text(&v, s->region);
    control_add_hex(&v, a->blob, 32);
    return control_run(s,
                       "SELECT COUNT(*) FROM submissions WHERE region = $1"
                       " AND blob = $2 AND deleted = 0",
                       &v, take_count, &a->n, diag);
}

enum ov_status control_blob_is_kept(struct control_store *s,
                                    const uint8_t blob[static 32], bool *ret,
                                    struct ov_diag *diag)
{
    struct blob_act a = {.blob = blob};

    OV_TRY(control_transaction(s, count_blob, &a, diag));
    *ret = a.n > 0;
    return OV_OK;
}

/* ---- the log ---- */

struct leaves_act {
    uint64_t from;
    uint64_t n;
    void (*leaf)(void *data, const uint8_t hash[static 32]);
    void *data;
    uint64_t given; /* in an earlier try */
    uint64_t at;
};

static void take_leaf(void *data, const char *const *values, size_t n)
{
    struct leaves_act *a = data;
    uint8_t hash[32];

    if (n != 1 || a->at++ < a->given)
        return;
    control_bytes(values[0], hash, sizeof(hash));
    a->leaf(a->data, hash);
    a->given++;
}

static enum ov_status read_leaves(struct control_store *s, void *data,
                                  struct ov_diag *diag)
{
    struct leaves_act *a = data;
    struct control_values v = {.n = 0};

    a->at = 0;
    control_add_text(&v, s->region);
    control_add_number(&v, a->from);
    control_add_number(&v, a->n);
    return control_run(s,
                       "SELECT leaf FROM receipts WHERE region = $1"
                       " AND seq >= $2 ORDER BY seq LIMIT $3",
                       &v, take_leaf, a, diag);
}

enum ov_status
control_log_leaves(struct control_store *s, uint64_t from, uint64_t n,
                   void (*leaf)(void *data, const uint8_t hash[static 32]),
                   void *data, struct ov_diag *diag)
{
    struct leaves_act a = {.from = from, .n = n, .leaf = leaf, .data = data};

    return control_transaction(s, read_leaves, &a, diag);
}

static enum ov_status read_size(struct control_store *s, void *data,
                                struct ov_diag *diag)
{
    return next_index(s, data, diag);
}

enum ov_status control_log_size(struct control_store *s, uint64_t *ret,
                                struct ov_diag *diag)
{
    uint64_t size = 0;

    OV_TRY(control_transaction(s, read_size, &size, diag));
    *ret = size;
    return OV_OK;
}
