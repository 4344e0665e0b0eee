/* SPDX-License-Identifier: Apache-2.0 */
#include "log/checkpoint.h"

#include "base/base64.h"
#include "base/text.h"

/* Checkpoints, c2sp.org/tlog-checkpoint v1.0.0 "Note text":
 *
 *     ORIGIN
 *     SIZE         decimal, without leading zeros
 *     ROOT         base 64 of 32 bytes
 *     EXTENSION    any number of lines, none of them empty
 *
 * and cosignatures, c2sp.org/tlog-cosignature: type 0x04 signs the header
 * "cosignature/v1", a line with the time, and the whole note text. */

/* One decimal line: digits only, no leading zero. */
static bool parse_size(struct ov_span line, uint64_t *ret)
{
    if (line.len > 1 && line.ptr[0] == '0')
        return false;
    return ov_parse_uint(line, OV_MERKLE_MAX_SIZE, ret);
}

static bool extension_is_valid(struct ov_span extension)
{
    struct ov_span line;

    while (extension.len != 0) {
        if (!ov_span_cut(&extension, '\n', &line) || line.len == 0)
            return false;
    }
    return true;
}

enum ov_status ov_checkpoint_parse(struct ov_span note_text,
                                   struct ov_checkpoint *ret)
{
    struct ov_checkpoint c = {.size = 0};
    struct ov_span size;
    struct ov_span root;

    if (!ov_span_cut(&note_text, '\n', &c.origin) || c.origin.len == 0 ||
        !ov_span_cut(&note_text, '\n', &size) || !parse_size(size, &c.size) ||
        !ov_span_cut(&note_text, '\n', &root) ||
        !ov_base64_decode(root, c.root, sizeof(c.root)) ||
        !extension_is_valid(note_text))
        return OV_MALFORMED;
    c.extension = note_text;
    *ret = c;
    return OV_OK;
}

void ov_put_checkpoint(struct ov_buf *b, const char *origin, uint64_t size,
                       const uint8_t root[static 32])
{
    ov_put_format(b, "%s\n%llu\n", origin, (unsigned long long)size);
    ov_put_base64(b, ov_span_of(root, 32));
    ov_put_u8(b, '\n');
}

void ov_put_cosigned_text(struct ov_buf *b, struct ov_span note_text,
                          uint64_t time)
{
    ov_put_format(b, "cosignature/v1\ntime %llu\n", (unsigned long long)time);
    ov_put_span(b, note_text);
}

enum ov_status ov_cosign_ed25519(struct ov_span note_text,
                                 const struct ov_vkey *k,
                                 const uint8_t seed[static OV_ED25519_SEED],
                                 uint64_t time, struct ov_buf *line)
{
    OV_AUTO_DONE(buf) message = ov_buf_with_max(OV_NOTE_MAX_SIZE + 64);
    uint8_t sig[8 + OV_ED25519_SIG];

    if (k->alg != OV_NOTE_COSIGN_ED25519 || time > INT64_MAX)
        return OV_USAGE;
    ov_put_cosigned_text(&message, note_text, time);
    OV_TRY(ov_buf_status(&message));
    for (unsigned i = 0; i < 8; i++)
        sig[i] = (uint8_t)(time >> (56 - 8 * i));
    OV_TRY(ov_ed25519_sign(seed, ov_buf_span(&message), sig + 8));
    ov_put_signature_line(line, k, ov_span_of(sig, sizeof(sig)));
    return ov_buf_status(line);
}

enum ov_status ov_cosignature_verify(struct ov_span note_text,
                                     const struct ov_note_signature *s,
                                     const struct ov_vkey *k,
                                     uint64_t *ret_time)
{
    if (k->alg == OV_NOTE_ED25519 || !ov_note_signature_is_of(s, k))
        return OV_BAD_SIGNATURE;
    return ov_vkey_verify(k, note_text, s->bytes, ret_time);
}
