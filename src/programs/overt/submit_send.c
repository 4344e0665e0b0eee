/* SPDX-License-Identifier: Apache-2.0 */
#include "submit_send.h"

#include <sys/random.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "reputation/receipt.h"
#include "submit_state.h"
#include "sys/fd.h"

/* The server believes nothing of us and we believe nothing of it but a receipt
 * that the region's key has signed over the very envelope that was sent. */

#define PATH "v1/submissions/"
#define URL_MAX ((size_t)4096)

static enum ov_status put_url(struct ov_buf *b, const struct submit_link *l,
                              const uint8_t *name, const char *act)
{
    ov_put_str(b, l->endpoint);
    ov_put_str(b, PATH);
    ov_put_hex(b, ov_span_of(name, OV_ENVELOPE_NAME));
    ov_put_str(b, act);
    ov_put_u8(b, 0);
    return ov_buf_status(b);
}

static enum ov_status read_answer(int fd, uint64_t len, struct ov_buf *to)
{
    uint8_t *room = ov_buf_room(to, (size_t)len);

    if (room == NULL)
        return ov_buf_status(to);
    if (pread(fd, room, (size_t)len, 0) != (ssize_t)len)
        return OV_IO;
    ov_buf_added(to, (size_t)len);
    return OV_OK;
}

static const char *words_of_code(uint32_t code)
{
    switch (code) {
    case 409:
        return "another submission has this name or content";
    case 410:
        return "it was deleted there, and is not taken again";
    case 413:
        return "too large for the server";
    case 421:
        return "the server is another region's";
    case 422:
        return "the server does not use this key any more; get its newest "
               "key manifest";
    case 429:
        return "the server takes no more today";
    case 503:
        return "the server cannot take it now";
    default:
        return NULL;
    }
}

static enum ov_status post(const struct submit_link *l,
                           const struct ov_fetch_request *r,
                           struct ov_buf *answer, struct ov_diag *diag)
{
    OV_AUTO_FD fd = -1;
    uint64_t len = 0;
    uint32_t code = 0;
    enum ov_status status = ov_fetch_run(l->fetch, r, &fd, &len, &code, diag);

    if (status != OV_OK)
        return words_of_code(code) != NULL
                   ? ov_diag_set(diag, status, 0, "refused (%u): %s",
                                 (unsigned)code, words_of_code(code))
                   : status;
    status = read_answer(fd, len, answer);
    return status == OV_OK ? OV_OK : ov_diag_set(diag, status, 0, "no answer");
}

/* The receipt says what we know ourselves. */
static enum ov_status check_receipt(const struct submit_link *l,
                                    struct ov_span answer,
                                    const struct ov_receipt *want,
                                    struct ov_diag *diag)
{
    struct ov_receipt have;
    enum ov_status status =
        ov_receipt_verify(answer, &l->keys->receipt_key, &have, diag);

    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "no receipt of %s: %s",
                           l->keys->region, ov_status_name(status));
    if (have.kind != want->kind || strcmp(have.region, l->keys->region) != 0 ||
        memcmp(have.name, want->name, sizeof(have.name)) != 0 ||
        (want->size != 0 &&
         (have.size != want->size ||
          memcmp(have.envelope, want->envelope, sizeof(have.envelope)) != 0)))
        return ov_diag_set(diag, OV_MISMATCH, 0,
                           "the receipt is for something else");
    return OV_OK;
}

static enum ov_status seal(const struct submit_link *l,
                           struct ov_envelope_head *head, struct ov_span note,
                           struct ov_span sample, struct ov_buf *envelope)
{
    uint8_t ephemeral[OV_HPKE_KEY];
    const struct ov_hpke_to to = {l->keys->seal_key, ephemeral};
    enum ov_status status;

    if (getrandom(ephemeral, sizeof(ephemeral), 0) !=
            (ssize_t)sizeof(ephemeral) ||
        getrandom(head->name, sizeof(head->name), 0) !=
            (ssize_t)sizeof(head->name))
        return OV_IO;
    status = ov_put_envelope(envelope, head, &to, note, sample);
    explicit_bzero(ephemeral, sizeof(ephemeral));
    return status;
}

static enum ov_status send_envelope(const struct submit_link *l,
                                    const struct ov_envelope_head *head,
                                    struct ov_span envelope,
                                    struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) url = ov_buf_with_max(URL_MAX);
    OV_AUTO_DONE(buf) consent = ov_buf_with_max(128);
    OV_AUTO_DONE(buf) answer = ov_buf_with_max(OV_RECEIPT_MAX);
    struct ov_receipt want = {.kind = OV_RECEIPT_SUBMISSION,
                              .size = envelope.len};
    struct ov_fetch_request r = {.purpose = "submit",
                                 .max_len = OV_RECEIPT_MAX,
                                 .is_post = true,
                                 .body = envelope};

    OV_TRY(put_url(&url, l, head->name, ""));
    ov_put_str(&consent, "submission ");
    ov_put_hex(&consent, ov_span_of(head->name, sizeof(head->name)));
    ov_put_u8(&consent, 0);
    OV_TRY(ov_buf_status(&consent));
    r.url = (const char *)url.ptr;
    r.consent = (const char *)consent.ptr;
    OV_TRY(post(l, &r, &answer, diag));
    memcpy(want.name, head->name, sizeof(want.name));
    OV_TRY(ov_digest(OV_SHA256, envelope, want.envelope));
    OV_TRY(check_receipt(l, ov_buf_span(&answer), &want, diag));
    return submit_state_keep(l->state, head->name, ".receipt",
                             ov_buf_span(&answer), diag);
}

enum ov_status submit_send(const struct submit_link *l,
                           enum ov_envelope_purpose purpose,
                           struct ov_span note, struct ov_span sample,
                           uint8_t ret_name[static OV_ENVELOPE_NAME],
                           struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) envelope = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_envelope_head head = {.purpose = purpose};
    enum ov_status status;

    memcpy(head.region, l->keys->region, sizeof(head.region));
    status = seal(l, &head, note, sample, &envelope);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "cannot be sealed: %s",
                           ov_status_name(status));
    if (purpose != OV_PURPOSE_SAMPLE)
        OV_TRY(submit_state_keep(l->state, head.name, ".purpose",
                                 ov_span_str(ov_purpose_name(purpose)), diag));
    OV_TRY(submit_state_keep(l->state, head.name, ".note", note, diag));
    OV_TRY(send_envelope(l, &head, ov_buf_span(&envelope), diag));
    memcpy(ret_name, head.name, sizeof(head.name));
    return OV_OK;
}

enum ov_status submit_delete(const struct submit_link *l,
                             const uint8_t name[static OV_ENVELOPE_NAME],
                             struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) url = ov_buf_with_max(URL_MAX);
    OV_AUTO_DONE(buf) answer = ov_buf_with_max(OV_RECEIPT_MAX);
    struct ov_receipt want = {.kind = OV_RECEIPT_DELETION};
    struct ov_fetch_request r = {
        .purpose = "receipt", .max_len = OV_RECEIPT_MAX, .is_post = true};

    OV_TRY(put_url(&url, l, name, "/delete"));
    r.url = (const char *)url.ptr;
    OV_TRY(post(l, &r, &answer, diag));
    memcpy(want.name, name, sizeof(want.name));
    OV_TRY(check_receipt(l, ov_buf_span(&answer), &want, diag));
    return submit_state_keep(l->state, name, ".deletion", ov_buf_span(&answer),
                             diag);
}
