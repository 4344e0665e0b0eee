/* SPDX-License-Identifier: Apache-2.0 */
#include "cosign.h"

#include <limits.h>
#include <stdio.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "sys/file.h"

/* The key is overt-witness's, in a jail of its own; here is who looks. The two
 * share a folder: HEX.wanted is the checkpoint that the log asks to have
 * signed, HEX.checked names the one that may be (HEX: SHA-256 of the origin).
 *
 * What the signature then says, of the log up to this size (tlog-cosignature,
 * "additional statements"):
 *
 *   auditor     every entry is of the grammar, signed by those who must, and
 *               follows from those before
 *   rebuilder   the same (--repo); and the latest release of each channel has
 *               just the rules that the log says, and its images came out the
 *               same here
 *
 * A release that nobody can install yet is found by pending/CHANNEL.head, which
 * the publisher leaves there until the quorum has signed. It is compared with
 * the logged note and is believed for nothing else. */

static bool put_path(const struct rounds *r, size_t log, const char *ending,
                     char ret[static PATH_MAX])
{
    OV_AUTO_DONE(buf) hex = ov_buf_with_max(128);
    uint8_t digest[OV_DIGEST_MAX];
    int n;

    if (ov_digest(OV_SHA256, ov_span_str(r->policy->logs[log].key.name),
                  digest) != OV_OK)
        return false;
    ov_put_hex(&hex, ov_span_of(digest, 32));
    n = snprintf(ret, PATH_MAX, "%s/%.*s.%s", r->options->cosigner,
                 (int)hex.len, (const char *)hex.ptr, ending);
    return ov_buf_status(&hex) == OV_OK && n > 0 && n < PATH_MAX;
}

static struct vantage *wanted(struct rounds *r)
{
    return &r->places[r->options->n_places + 1];
}

/* Of the newest log of which something was asked for. */
static bool read_wanted(const struct rounds *r, struct ov_buf *into)
{
    char path[PATH_MAX];

    for (size_t log = r->policy->n_logs; log-- > 0;) {
        if (put_path(r, log, "wanted", path) &&
            ov_file_read(path, into) == OV_OK)
            return true;
        ov_buf_clear(into);
    }
    return false;
}

void cosign_read(struct rounds *r)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_LEDGER_MAX);
    struct vantage *v = wanted(r);
    struct ov_span note;

    v->is_there = false;
    ov_buf_clear(&v->note);
    if (r->options->cosigner == NULL || !read_wanted(r, &bytes))
        return; /* nothing was asked for yet */
    if (ov_ledger_unwrap(ov_buf_span(&bytes), &note) != OV_OK)
        return; /* it is asked for again */
    ov_put_span(&v->note, note);
    if (ov_buf_status(&v->note) != OV_OK ||
        !vantage_take_note(v, r->policy, r->arena))
        finding(r->found, FINDING_NOT_SIGNED, v->place->url, NO_INDEX,
                "checkpoint: not signed by the log");
}

/* What makes a log, or a release of it, one that is not signed. */
static const enum finding_kind grave[] = {
    FINDING_FORK,         FINDING_CHANGED, FINDING_BAD_ENTRY,
    FINDING_UNAUTHORIZED, FINDING_EMBARGO, FINDING_RULE_HISTORY,
    FINDING_UNCOVERED,    FINDING_OMITTED, FINDING_RELEASE_CHAIN,
    FINDING_DIFFERENT,
};

static bool is_fault_free(const struct rounds *r)
{
    for (size_t i = 0; i < sizeof(grave) / sizeof(grave[0]); i++) {
        if (findings_total(r->found, grave[i]) > 0)
            return false;
    }
    return true;
}

/* Whether the latest release of each channel came out the same. */
static bool is_rebuilt(const struct rounds *r)
{
    const struct audit_release *release;

    for (size_t i = 0; (release = audit_release(r->audit, i)) != NULL; i++) {
        if (i >= sizeof(r->release_same) / sizeof(r->release_same[0]) ||
            r->release_same[i] != release->index + 1)
            return false;
    }
    return true;
}

void cosign_allow(struct rounds *r, const struct vantage *best)
{
    const struct ov_checkpoint *c = &best->result.checkpoint;
    OV_AUTO_DONE(buf) text = ov_buf_with_max(256);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(1024);
    struct ov_diag diag = {0};
    char path[PATH_MAX];

    if (best != wanted(r) || !put_path(r, best->result.log, "checked", path))
        return;
    if (!is_fault_free(r) || (r->options->repo != NULL && !is_rebuilt(r))) {
        finding(r->found, FINDING_NOT_COSIGNED, "log", NO_INDEX,
                "%llu entries: not all below is right, or was compiled again",
                (unsigned long long)c->size);
        return;
    }
    ov_put_format(&text, "%llu ", (unsigned long long)c->size);
    ov_put_hex(&text, ov_span_of(c->root, OV_MERKLE_HASH));
    ov_put_u8(&text, '\n');
    if (ov_buf_status(&text) != OV_OK ||
        ov_ledger_wrap(ov_buf_span(&text), &bytes) != OV_OK ||
        ov_file_replace(path, ov_buf_span(&bytes), 0644, &diag) != OV_OK)
        finding(r->found, FINDING_UNREACHABLE, r->options->cosigner, NO_INDEX,
                "the checked tree cannot be written: %s", diag.text);
}
