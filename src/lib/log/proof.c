/* SPDX-License-Identifier: Apache-2.0 */
#include "log/proof.h"

#include "base/base64.h"
#include "base/text.h"
#include "log/merkle.h"

/* Proofs in one file, c2sp.org/tlog-proof@v1 "Format":
 *
 *     c2sp.org/tlog-proof@v1
 *     extra BASE64              may be missing
 *     index NUMBER
 *     HASH                      from the leaf's sibling up; may be none
 *
 *     the checkpoint, a signed note
 *
 * The blank line that ends the hashes is the first one. */

#define MAGIC "c2sp.org/tlog-proof@v1"

/* Takes one line that begins with word from *s. */
static bool take_word(struct ov_span *s, struct ov_span word,
                      struct ov_span *ret)
{
    struct ov_span rest = *s;
    struct ov_span line;

    if (!ov_span_starts(*s, word) || !ov_span_cut(&rest, '\n', &line))
        return false;
    *s = rest;
    *ret = ov_span_clip(line, word.len, line.len);
    return true;
}

static enum ov_status parse_extra(struct ov_arena *a, struct ov_span text,
                                  struct ov_span *ret)
{
    uint8_t *bytes;
    size_t len;

    if (!ov_base64_len(text, &len) || len == 0)
        return OV_MALFORMED;
    bytes = ov_arena_alloc(a, len);
    if (bytes == NULL)
        return OV_NO_MEMORY;
    if (!ov_base64_decode(text, bytes, len))
        return OV_MALFORMED;
    *ret = ov_span_of(bytes, len);
    return OV_OK;
}

/* The hashes and the blank line. */
static enum ov_status parse_hashes(struct ov_arena *a, struct ov_span *s,
                                   struct ov_proof *p)
{
    struct ov_span line;

    p->hashes = ov_arena_array(a, OV_PROOF_MAX_HASHES, sizeof(*p->hashes));
    if (p->hashes == NULL)
        return OV_NO_MEMORY;
    for (;;) {
        if (!ov_span_cut(s, '\n', &line))
            return OV_MALFORMED;
        if (line.len == 0)
            return OV_OK;
        if (p->n_hashes == OV_PROOF_MAX_HASHES)
            return OV_LIMIT_COUNT;
        if (!ov_base64_decode(line, p->hashes[p->n_hashes], OV_MERKLE_HASH))
            return OV_MALFORMED;
        p->n_hashes++;
    }
}

enum ov_status ov_proof_parse(struct ov_arena *a, struct ov_span bytes,
                              struct ov_proof *ret)
{
    struct ov_proof p = {.index = 0};
    struct ov_span text;

    if (bytes.len > OV_PROOF_MAX_SIZE)
        return OV_LIMIT_SIZE;
    if (!take_word(&bytes, OV_SPAN_LIT(MAGIC), &text) || text.len != 0)
        return OV_MALFORMED;
    if (take_word(&bytes, OV_SPAN_LIT("extra "), &text))
        OV_TRY(parse_extra(a, text, &p.extra));
    if (!take_word(&bytes, OV_SPAN_LIT("index "), &text) ||
        (text.len > 1 && text.ptr[0] == '0') ||
        !ov_parse_uint(text, OV_MERKLE_MAX_SIZE, &p.index))
        return OV_MALFORMED;
    OV_TRY(parse_hashes(a, &bytes, &p));
    if (bytes.len == 0)
        return OV_MALFORMED;
    p.checkpoint = bytes;
    *ret = p;
    return OV_OK;
}

void ov_put_proof(struct ov_buf *b, const struct ov_proof *p)
{
    ov_put_str(b, MAGIC "\n");
    if (p->extra.len != 0) {
        ov_put_str(b, "extra ");
        ov_put_base64(b, p->extra);
        ov_put_u8(b, '\n');
    }
    ov_put_format(b, "index %llu\n", (unsigned long long)p->index);
    for (size_t i = 0; i < p->n_hashes; i++) {
        ov_put_base64(b, ov_span_of(p->hashes[i], OV_MERKLE_HASH));
        ov_put_u8(b, '\n');
    }
    ov_put_u8(b, '\n');
    ov_put_span(b, p->checkpoint);
}

enum ov_status ov_proof_verify(struct ov_arena *a, const struct ov_proof *proof,
                               struct ov_span entry,
                               const struct ov_policy *policy,
                               const struct ov_policy_clock *clock,
                               struct ov_policy_result *ret_result)
{
    struct ov_note *note = ov_arena_alloc(a, sizeof(*note));
    uint8_t leaf[OV_MERKLE_HASH];

    if (note == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_note_parse(a, proof->checkpoint, note));
    OV_TRY(ov_policy_check(policy, note, clock, ret_result));
    ov_merkle_leaf(entry, leaf);
    return ov_merkle_check_inclusion(
        leaf, proof->index, ret_result->checkpoint.size, proof->hashes,
        proof->n_hashes, ret_result->checkpoint.root);
}
