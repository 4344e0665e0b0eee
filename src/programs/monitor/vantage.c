/* SPDX-License-Identifier: Apache-2.0 */
#include "vantage.h"

#include "base/text.h"
#include "crypto/digest.h"

/* A log and its mirrors show "checkpoint" with a quorum of fresh cosignatures.
 * A witness shows the checkpoint that it cosigned last, below the SHA-256 of
 * the origin, with the log's signature and its own: another view of the same
 * log, which the log can't choose by who is asking. */

static bool put_path(const struct vantage *v, const struct ov_policy *policy,
                     struct ov_buf *path)
{
    uint8_t digest[OV_DIGEST_MAX];

    if (v->place->kind == PLACE_WITNESS) {
        if (ov_digest(OV_SHA256,
                      ov_span_str(policy->logs[v->place->log].key.name),
                      digest) != OV_OK)
            return false;
        ov_put_hex(path, ov_span_of(digest, sizeof(digest)));
        ov_put_u8(path, '/');
    }
    ov_put_str(path, "checkpoint");
    ov_put_u8(path, 0);
    return ov_buf_status(path) == OV_OK;
}

static enum ov_status judge(struct vantage *v, const struct ov_policy *policy,
                            const struct ov_policy_clock *clock,
                            struct ov_arena *a)
{
    struct ov_note *note = ov_arena_alloc(a, sizeof(*note));

    if (note == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_note_parse(a, ov_buf_span(&v->note), note));
    return ov_policy_check(policy, note, clock, &v->result);
}

/* The log has signed it. */
static bool is_signed(enum ov_status status)
{
    return status == OV_OK || status == OV_BAD_PROOF || status == OV_EXPIRED;
}

static void tell(const struct vantage *v, enum ov_status status,
                 struct findings *f)
{
    const char *url = v->place->url;
    bool is_witness = v->place->kind == PLACE_WITNESS;

    if (!is_signed(status))
        finding(f, FINDING_NOT_SIGNED, url, NO_INDEX, "checkpoint: %s",
                ov_status_name(status));
    else if (is_witness && v->result.cosigners == 0)
        finding(f, FINDING_NOT_SIGNED, url, NO_INDEX,
                "no witness of the policy has cosigned its checkpoint");
    else if (!is_witness && status == OV_BAD_PROOF)
        finding(f, FINDING_NO_QUORUM, url, NO_INDEX,
                "%u cosigners are no quorum",
                (unsigned)__builtin_popcountll(v->result.cosigners));
    else if (!is_witness && status == OV_EXPIRED)
        finding(f, FINDING_STALE, url, NO_INDEX,
                "no quorum of cosignatures is young enough");
}

void vantage_read(struct vantage *v, const struct ov_policy *policy,
                  const struct ov_policy_clock *clock, struct ov_arena *a,
                  struct findings *f)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);
    struct ov_diag diag = {0};
    enum ov_status status;

    v->is_there = false;
    v->is_missing = false;
    ov_buf_clear(&v->note);
    if (!put_path(v, policy, &path))
        return;
    status = view_read(&v->view, (const char *)path.ptr, OV_NOTE_MAX_SIZE,
                       &v->note, &diag);
    /* Of several logs, a witness may have been asked for some only. */
    v->is_missing = status == OV_NOT_FOUND && policy->n_logs > 1 &&
                    v->place->kind == PLACE_WITNESS;
    if (v->is_missing)
        return;
    if (status != OV_OK) {
        finding(f, FINDING_UNREACHABLE, v->place->url, NO_INDEX, "%s",
                diag.text[0] != '\0' ? diag.text : ov_status_name(status));
        return;
    }
    status = judge(v, policy, clock, a);
    if (is_signed(status) && v->place->kind == PLACE_WITNESS &&
        v->result.log != v->place->log)
        status = OV_BAD_SIGNATURE;
    tell(v, status, f);
    v->is_there = is_signed(status);
}

bool vantage_take_note(struct vantage *v, const struct ov_policy *policy,
                       struct ov_arena *a)
{
    v->is_there = is_signed(judge(v, policy, NULL, a));
    return v->is_there;
}
