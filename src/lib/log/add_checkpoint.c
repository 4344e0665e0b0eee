/* SPDX-License-Identifier: Apache-2.0 */
#include "log/add_checkpoint.h"

#include "base/base64.h"
#include "base/text.h"

/* A request is
 *
 *     old 20852014
 *     PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=      0 to 63 hashes
 *
 *     (a signed note: the new checkpoint)
 *
 * and the questions are asked in the order of the specification: is the log
 * known (404), did it sign this (403), is old at most the new size (400), is it
 * what we cosigned last (409), and does the new tree begin with the old one
 * (422). The origin must be read to know whose signature counts; nothing else
 * of the text is used before one verifies.
 *
 * A checkpoint of the same size needs an empty proof and the same root, and the
 * first one of a log an empty proof. Version 1.0.0 of the specification answers
 * another root of the same size with 422, drafts did with 409; whoever asks
 * must take both for a refusal.
 *
 * Source: c2sp.org/tlog-witness v1, "add-checkpoint". */

static bool read_old(struct ov_span line, uint64_t *ret)
{
    struct ov_span word;

    if (!ov_span_cut(&line, ' ', &word) ||
        !ov_span_equal(word, OV_SPAN_LIT("old")))
        return false;
    if (line.len > 1 && ov_span_byte(line, 0) == '0')
        return false;
    return ov_parse_uint(line, OV_MERKLE_MAX_SIZE, ret);
}

enum ov_status ov_add_checkpoint_parse(struct ov_span body,
                                       struct ov_add_checkpoint *ret)
{
    struct ov_span line;

    if (!ov_span_cut(&body, '\n', &line) || !read_old(line, &ret->old))
        return OV_MALFORMED;
    for (ret->n = 0; ov_span_cut(&body, '\n', &line); ret->n++) {
        if (line.len == 0) {
            ret->checkpoint = body;
            return body.len > 0 ? OV_OK : OV_MALFORMED;
        }
        if (ret->n == OV_WITNESS_MAX_PROOF ||
            !ov_base64_decode(line, ret->proof[ret->n], OV_MERKLE_HASH))
            return OV_MALFORMED;
    }
    return OV_MALFORMED;
}

void ov_put_add_checkpoint(struct ov_buf *b,
                           const struct ov_add_checkpoint *request)
{
    ov_put_format(b, "old %llu\n", (unsigned long long)request->old);
    for (size_t i = 0; i < request->n; i++) {
        ov_put_base64(b, ov_span_of(request->proof[i], OV_MERKLE_HASH));
        ov_put_u8(b, '\n');
    }
    ov_put_u8(b, '\n');
    ov_put_span(b, request->checkpoint);
}

struct ov_witnessed ov_witnessed_start(struct ov_span origin,
                                       const struct ov_vkey *keys,
                                       size_t n_keys)
{
    struct ov_witnessed w = {.origin = origin, .keys = keys, .n_keys = n_keys};

    ov_merkle_empty(w.root);
    return w;
}

static bool find_log(const struct ov_witnessed *logs, size_t n,
                     struct ov_span origin, size_t *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (ov_span_equal(logs[i].origin, origin)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static enum ov_witness_code compare(const struct ov_witnessed *log,
                                    struct ov_add_checkpoint *request,
                                    const struct ov_checkpoint *new)
{
    if (request->old > new->size)
        return OV_WITNESS_MALFORMED;
    if (request->old != log->size)
        return OV_WITNESS_CONFLICT;
    if (ov_merkle_check_consistency(log->size, log->root, new->size, new->root,
                                    request->proof, request->n) != OV_OK)
        return OV_WITNESS_INCONSISTENT;
    return OV_WITNESS_COSIGN;
}

static enum ov_witness_code code_of(enum ov_status s, enum ov_witness_code code)
{
    return s == OV_NO_MEMORY ? OV_WITNESS_OUT_OF_MEMORY : code;
}

static enum ov_witness_code judge(struct ov_arena *a,
                                  const struct ov_witnessed *logs,
                                  size_t n_logs, struct ov_span body,
                                  struct ov_witness_ruling *r)
{
    struct ov_add_checkpoint request;
    enum ov_status s;

    if (ov_add_checkpoint_parse(body, &request) != OV_OK)
        return OV_WITNESS_MALFORMED;
    s = ov_note_parse(a, request.checkpoint, &r->note);
    if (s != OV_OK)
        return code_of(s, OV_WITNESS_MALFORMED);
    if (ov_checkpoint_parse(r->note.text, &r->checkpoint) != OV_OK)
        return OV_WITNESS_MALFORMED;
    if (!find_log(logs, n_logs, r->checkpoint.origin, &r->log))
        return OV_WITNESS_UNKNOWN;
    s = ov_note_verify(&r->note, logs[r->log].keys, logs[r->log].n_keys,
                       &r->signed_by);
    if (s != OV_OK)
        return code_of(s, OV_WITNESS_NOT_SIGNED);
    return compare(&logs[r->log], &request, &r->checkpoint);
}

void ov_witness_judge(struct ov_arena *a, const struct ov_witnessed *logs,
                      size_t n_logs, struct ov_span body,
                      struct ov_witness_ruling *ret)
{
    *ret = (struct ov_witness_ruling){.log = n_logs};
    ret->code = judge(a, logs, n_logs, body, ret);
}
