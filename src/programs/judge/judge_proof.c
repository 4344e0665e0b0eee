/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_proof.h"

#include <unistd.h>

#include "base/text.h"
#include "log/proof.h"

/* A proof file, an entry and a policy come from anywhere, so they are read in
 * the jail (c2sp.org/tlog-proof, tlog-policy). The clock is the parent's. */

#define MAX_ARENA ((size_t)4 << 20)

static enum ov_status read_whole(int fd, uint64_t len, struct ov_buf *into)
{
    while (into->len < len) {
        uint8_t *room = ov_buf_room(into, (size_t)len - into->len);
        ssize_t got;

        if (room == NULL)
            return ov_buf_status(into);
        got = pread64(fd, room, (size_t)len - into->len, (off64_t)into->len);
        if (got <= 0)
            return OV_IO;
        ov_buf_added(into, (size_t)got);
    }
    return OV_OK;
}

static void put_cosigners(struct ov_buf *b, const struct ov_policy *p,
                          const struct ov_policy_result *r, uint64_t now)
{
    for (size_t w = 0; w < p->n_witnesses; w++) {
        const char *name = p->witnesses[w].key.name;

        if ((r->cosigners >> w & 1) != 0 && r->times[w] <= now)
            ov_put_format(b, "cosigned %llu seconds ago by ",
                          (unsigned long long)(now - r->times[w]));
        else if ((r->cosigners >> w & 1) != 0)
            ov_put_str(b, "cosigned, by a clock ahead of this one, by ");
        else if ((r->unverifiable >> w & 1) != 0)
            ov_put_str(b, "a cosignature that can't be verified here, by ");
        else
            continue;
        ov_put_escaped(b, ov_span_str(name));
        ov_put_u8(b, '\n');
    }
}

static enum ov_status explain(enum ov_status s, struct ov_diag *diag)
{
    const char *text = ov_status_name(s);

    if (s == OV_BAD_SIGNATURE)
        text = "no log of the policy has signed this, or a signature is wrong";
    else if (s == OV_BAD_PROOF)
        text = "too few cosignatures, or the entry is not in the tree";
    else if (s == OV_EXPIRED)
        text = "the cosignatures are too old";
    else if (s == OV_MALFORMED)
        text = "this is no proof file";
    return ov_diag_set(diag, s, 0, "%s", text);
}

static enum ov_status verify(const struct ov_wire_proof *parts,
                             struct ov_buf *text, struct ov_diag *diag)
{
    OV_AUTO(arena) a = ov_arena_new(MAX_ARENA);
    const struct ov_policy_clock clock = {parts->now, parts->max_age};
    struct ov_policy_result *r;
    struct ov_policy policy;
    struct ov_proof proof;
    enum ov_status s;

    if (a == NULL || (r = ov_arena_alloc(a, sizeof(*r))) == NULL)
        return OV_NO_MEMORY;
    s = ov_policy_parse(a, parts->policy, &policy, diag);
    if (s != OV_OK)
        return s;
    s = ov_proof_parse(a, parts->proof, &proof);
    if (s == OV_OK)
        s = ov_proof_verify(a, &proof, parts->entry, &policy, &clock, r);
    if (s != OV_OK)
        return explain(s, diag);
    ov_put_format(text, "entry %llu of %llu in ",
                  (unsigned long long)proof.index,
                  (unsigned long long)r->checkpoint.size);
    ov_put_escaped(text, r->checkpoint.origin);
    ov_put_u8(text, '\n');
    put_cosigners(text, &policy, r, parts->now);
    return ov_buf_status(text);
}

enum ov_status judge_proof(int fd, uint64_t len, const struct ov_text_out *out,
                           struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_WIRE_PROOF_MAX);
    OV_AUTO_DONE(buf) text = ov_buf_with_max((size_t)1 << 20);
    struct ov_wire_proof parts;

    OV_TRY(read_whole(fd, len, &bytes));
    OV_TRY(ov_wire_read_proof(ov_buf_span(&bytes), &parts));
    OV_TRY(verify(&parts, &text, diag));
    return out->write(out->data, ov_buf_span(&text)) ? OV_OK : OV_PEER_GONE;
}
