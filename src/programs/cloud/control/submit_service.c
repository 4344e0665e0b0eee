/* SPDX-License-Identifier: Apache-2.0 */
#include "submit_service.h"

#include "base/text.h"
#include "blob_folder.h"
#include "receipts_page.h"

/* An envelope is looked at in its head alone (reputation/envelope.h), written
 * to a file, and only then told to the store: a crash between the two leaves a
 * file that nobody has a key for, which the next start removes. The store is
 * asked before the file is written, too: what is refused costs no write.
 * Answers say as little as they can to strangers; the line on stderr says the
 * rest. */

#define PREFIX "/v1/submissions/"
#define SWEEP_AGE 3600 /* another node may be about to make a row */

enum {
    HTTP_OK = 200,
    HTTP_CREATED = 201,
    HTTP_BAD = 400,
    HTTP_UNAUTHORIZED = 401,
    HTTP_NOT_FOUND = 404,
    HTTP_METHOD = 405,
    HTTP_CONFLICT = 409,
    HTTP_GONE = 410,
    HTTP_MISDIRECTED = 421,
    HTTP_UNPROCESSABLE = 422,
    HTTP_TOO_MANY = 429,
    HTTP_AWAY = 503,
};

static void say(struct ov_http_answer *a, unsigned code, const char *words)
{
    ov_buf_clear(&a->body);
    a->code = code;
    ov_put_str(&a->body, words);
    ov_put_u8(&a->body, '\n');
}

/* The store or the disk does not do what it should. */
static void say_away(struct submit_service *s, struct ov_http_answer *a,
                     const struct ov_diag *diag)
{
    s->note("failed", ov_span_str(diag->text));
    say(a, HTTP_AWAY, "not now; try again later");
}

static bool is_our_key(const struct submit_service *s,
                       const uint8_t id[static OV_ENVELOPE_KEY_ID])
{
    for (size_t i = 0; i < s->n_key_ids; i++) {
        if (memcmp(s->key_ids[i], id, OV_ENVELOPE_KEY_ID) == 0)
            return true;
    }
    return false;
}

/* Whether the head says that it is for us, and under this name. */
static bool check_head(const struct submit_service *s, struct ov_span envelope,
                       const uint8_t name[static OV_ENVELOPE_NAME],
                       struct ov_envelope_head *head, struct ov_http_answer *a)
{
    if (ov_envelope_read(envelope, head) != OV_OK) {
        say(a, HTTP_BAD, "not an envelope");
        return false;
    }
    if (strcmp(head->region, s->region) != 0) {
        s->note("refused an envelope for another region",
                ov_span_str(head->region));
        say(a, HTTP_MISDIRECTED, "for another region");
        return false;
    }
    if (!is_our_key(s, head->key_id)) {
        say(a, HTTP_UNPROCESSABLE, "sealed to a key that is not in use here");
        return false;
    }
    if (memcmp(head->name, name, OV_ENVELOPE_NAME) != 0) {
        say(a, HTTP_BAD, "not the envelope's name");
        return false;
    }
    return true;
}

static void answer_outcome(struct submit_service *s, enum control_outcome o,
                           struct ov_span note, struct ov_http_answer *a)
{
    switch (o) {
    case CONTROL_TAKEN:
    case CONTROL_KNOWN:
        a->code = o == CONTROL_TAKEN ? HTTP_CREATED : HTTP_OK;
        ov_put_span(&a->body, note);
        break;
    case CONTROL_DELETED:
        a->code = HTTP_GONE;
        ov_put_span(&a->body, note);
        break;
    case CONTROL_CONFLICT:
        say(a, HTTP_CONFLICT, "another submission has this name or content");
        break;
    case CONTROL_TOO_MANY:
        s->note("refused", OV_SPAN_LIT("the quota of the day is used up"));
        say(a, HTTP_TOO_MANY, "enough for today");
        break;
    case CONTROL_NOT_THERE:
    default:
        say(a, HTTP_NOT_FOUND, "no such submission");
        break;
    }
}

/* Blob first, row second; a blob without a row is removed again. */
static enum ov_status
take_envelope(struct submit_service *s, struct ov_span envelope,
              const struct control_taking *t, struct ov_buf *note,
              enum control_outcome *ret, struct ov_diag *diag)
{
    struct control_submission row = *t->submission;
    const struct control_taking taking = {&row, t->tenant, t->signer};
    struct blob_name blob;
    enum ov_status status;

    OV_TRY(blob_put(s->blobs, envelope, &blob, diag));
    memcpy(row.blob, blob.digest, sizeof(row.blob));
    memcpy(row.blob_key, blob.key, sizeof(row.blob_key));
    status = control_submission_take(s->store, &taking, note, ret, diag);
    /* After a failure the row may be there (an answer that was lost), and
     * needs its blob; if it isn't, the sweep finds it. */
    if (status == OV_OK && *ret != CONTROL_TAKEN)
        (void)!blob_remove(s->blobs, blob.digest, NULL);
    explicit_bzero(&row, sizeof(row));
    explicit_bzero(&blob, sizeof(blob));
    return status;
}

static void store_envelope(struct submit_service *s,
                           const struct ov_http_request *request,
                           const struct ov_envelope_head *head,
                           const struct control_tenant *tenant,
                           struct ov_http_answer *a)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_RECEIPT_MAX);
    struct control_submission row = {
        .size = request->body.len, .purpose = head->purpose, .taken = s->now()};
    const struct control_taking taking = {&row, tenant, &s->signer};
    enum control_outcome outcome = CONTROL_CONFLICT;
    struct ov_diag diag = {.text = ""};
    enum ov_status status = ov_digest(OV_SHA256, request->body, row.envelope);

    row.keep_until = row.taken + s->keep_seconds;
    memcpy(row.name, head->name, sizeof(row.name));
    if (status == OV_OK)
        status =
            control_submission_ask(s->store, &taking, &note, &outcome, &diag);
    if (status == OV_OK && outcome == CONTROL_TAKEN)
        status =
            take_envelope(s, request->body, &taking, &note, &outcome, &diag);
    if (status == OV_OK)
        answer_outcome(s, outcome, ov_buf_span(&note), a);
    else
        say_away(s, a, &diag);
}

static void post_envelope(struct submit_service *s,
                          const struct ov_http_request *request,
                          const uint8_t *name, struct ov_http_answer *a)
{
    struct control_tenant tenant;
    struct ov_envelope_head head;
    struct ov_diag diag = {.text = ""};
    enum ov_status status;

    if (!check_head(s, request->body, name, &head, a))
        return;
    status = control_tenant_get(s->store, request->token, &tenant, &diag);
    if (status == OV_NOT_FOUND)
        say(a, HTTP_UNAUTHORIZED, "nobody has this token");
    else if (status != OV_OK)
        say_away(s, a, &diag);
    else
        store_envelope(s, request, &head, &tenant, a);
}

static void post_deletion(struct submit_service *s, const uint8_t *name,
                          struct ov_http_answer *a)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_RECEIPT_MAX);
    struct control_deletion d = {.now = s->now(), .signer = &s->signer};
    enum control_outcome outcome = CONTROL_NOT_THERE;
    struct ov_diag diag = {.text = ""};
    uint8_t blob[32];

    memcpy(d.name, name, sizeof(d.name));
    if (control_submission_delete(s->store, &d, &note, blob, &outcome, &diag) !=
        OV_OK) {
        say_away(s, a, &diag);
        return;
    }
    /* Its key is gone: what is left of it after a failure is noise. */
    if (outcome != CONTROL_NOT_THERE &&
        blob_remove(s->blobs, blob, &diag) != OV_OK)
        s->note("left behind", ov_span_str(diag.text));
    answer_outcome(s, outcome, ov_buf_span(&note), a);
}

static void get_receipts(struct submit_service *s, const uint8_t *name,
                         struct ov_http_answer *a)
{
    struct control_submission row;
    struct ov_diag diag = {.text = ""};
    enum ov_status status =
        control_submission_get(s->store, name, &row, &a->body, &diag);

    explicit_bzero(&row, sizeof(row));
    if (status == OV_NOT_FOUND)
        say(a, HTTP_NOT_FOUND, "no such submission");
    else if (status != OV_OK)
        say_away(s, a, &diag);
    else
        a->code = HTTP_OK;
}

/* What a path says: the name and what comes behind it. */
static bool read_path(struct ov_span path,
                      uint8_t name[static OV_ENVELOPE_NAME],
                      struct ov_span *ret_act)
{
    struct ov_span rest = ov_span_clip(path, sizeof(PREFIX) - 1, path.len);

    *ret_act = ov_span_clip(rest, CONTROL_NAME_HEX - 1, rest.len);
    return ov_span_starts(path, OV_SPAN_LIT(PREFIX)) &&
           ov_hex_decode(ov_span_clip(rest, 0, CONTROL_NAME_HEX - 1), name,
                         OV_ENVELOPE_NAME);
}

/* Only an envelope of somebody we know has bytes. */
unsigned submit_service_admit(void *data, const struct ov_http_request *head,
                              size_t *ret_max)
{
    struct submit_service *s = data;
    struct control_tenant tenant;
    uint8_t name[OV_ENVELOPE_NAME];
    struct ov_diag diag = {.text = ""};
    enum ov_status status;
    struct ov_span act;

    *ret_max = 0;
    if (!ov_span_equal(head->method, OV_SPAN_LIT("POST")) ||
        !read_path(head->path, name, &act) || act.len > 0)
        return 0;
    status = control_tenant_get(s->store, head->token, &tenant, &diag);
    if (status == OV_NOT_FOUND)
        return HTTP_UNAUTHORIZED;
    if (status != OV_OK) {
        s->note("failed", ov_span_str(diag.text));
        return HTTP_AWAY;
    }
    *ret_max = OV_ENVELOPE_MAX;
    return 0;
}

void submit_service_handle(void *data, const struct ov_http_request *request,
                           struct ov_http_answer *answer)
{
    struct submit_service *s = data;
    const bool is_post = ov_span_equal(request->method, OV_SPAN_LIT("POST"));
    const bool is_get = ov_span_equal(request->method, OV_SPAN_LIT("GET"));
    uint8_t name[OV_ENVELOPE_NAME];
    struct ov_span act;

    if (!is_post && !is_get) {
        say(answer, HTTP_METHOD, "GET or POST");
    } else if (is_get && receipts_page_is(request->path)) {
        receipts_page_get(s, request->path, answer);
    } else if (!read_path(request->path, name, &act)) {
        say(answer, HTTP_NOT_FOUND, "no such page");
    } else if (is_post && act.len == 0) {
        post_envelope(s, request, name, answer);
    } else if (is_post && ov_span_equal(act, OV_SPAN_LIT("/delete"))) {
        post_deletion(s, name, answer);
    } else if (is_get && act.len == 0) {
        get_receipts(s, name, answer);
    } else {
        say(answer, HTTP_NOT_FOUND, "no such page");
    }
}

enum ov_status submit_service_expire(struct submit_service *s, uint64_t *ret_n,
                                     struct ov_diag *diag)
{
    uint64_t n = 0;

    while (n < SUBMIT_EXPIRE_MAX) {
        struct ov_http_answer a = {.body = ov_buf_with_max(OV_RECEIPT_MAX)};
        struct control_submission row;
        enum ov_status status =
            control_submission_next(s->store, s->now(), &row, diag);

        if (status != OV_OK) {
            *ret_n = n;
            return status == OV_NOT_FOUND ? OV_OK : status;
        }
        post_deletion(s, row.name, &a);
        ov_buf_done(&a.body);
        explicit_bzero(&row, sizeof(row));
        if (a.code != HTTP_CREATED)
            return ov_diag_set(diag, OV_IO, 0, "a deletion failed");
        n++;
    }
    *ret_n = n;
    return OV_OK;
}

struct sweep {
    struct submit_service *s;
    struct ov_diag *diag;
    uint64_t n;
};

static enum ov_status sweep_one(void *data, const uint8_t digest[static 32])
{
    struct sweep *w = data;
    bool is_kept = true;

    OV_TRY(control_blob_is_kept(w->s->store, digest, &is_kept, w->diag));
    if (is_kept)
        return OV_OK;
    w->n++;
    return blob_remove(w->s->blobs, digest, w->diag);
}

enum ov_status submit_service_sweep(struct submit_service *s, uint64_t *ret_n,
                                    struct ov_diag *diag)
{
    struct sweep w = {.s = s, .diag = diag};
    uint64_t now = s->now();

    OV_TRY(blob_each(s->blobs, now > SWEEP_AGE ? now - SWEEP_AGE : 0, sweep_one,
                     &w, diag));
    *ret_n = w.n;
    return OV_OK;
}
