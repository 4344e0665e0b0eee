/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/uuid.h"

#include <string.h>

#include "base/text.h"
#include "crypto/digest.h"

/* RFC 4122 section 4.3: the first 16 bytes of SHA-1 over the name space and the
 * name, with version and variant written over six of the bits. */

#define TEXT_LEN 36
#define N_PARTS 5

/* How many bytes are between the dashes. */
static const size_t parts[N_PARTS] = {4, 2, 2, 2, 6};

enum ov_status ov_uuid_v5(const struct ov_uuid *space, struct ov_span name,
                          struct ov_uuid *ret)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(sizeof(*space) + name.len);
    uint8_t digest[OV_DIGEST_MAX];

    ov_put_span(&b, ov_span_of(space->bytes, sizeof(space->bytes)));
    ov_put_span(&b, name);
    OV_TRY(ov_buf_status(&b));
    OV_TRY(ov_digest(OV_SHA1, ov_buf_span(&b), digest));
    memcpy(ret->bytes, digest, sizeof(ret->bytes));
    ret->bytes[6] = (uint8_t)((ret->bytes[6] & 0x0f) | 0x50);
    ret->bytes[8] = (uint8_t)((ret->bytes[8] & 0x3f) | 0x80);
    return OV_OK;
}

void ov_put_uuid(struct ov_buf *b, const struct ov_uuid *u)
{
    struct ov_span all = ov_span_of(u->bytes, sizeof(u->bytes));
    size_t at = 0;

    for (size_t i = 0; i < N_PARTS; i++) {
        if (i > 0)
            ov_put_u8(b, '-');
        ov_put_hex(b, ov_span_clip(all, at, parts[i]));
        at += parts[i];
    }
}

bool ov_uuid_parse(struct ov_span text, struct ov_uuid *ret)
{
    struct ov_uuid u;
    size_t at = 0;
    size_t n = 0;

    if (text.len != TEXT_LEN)
        return false;
    for (size_t i = 0; i < N_PARTS; i++) {
        if (i > 0 && ov_span_byte(text, at++) != '-')
            return false;
        if (!ov_hex_decode(ov_span_clip(text, at, 2 * parts[i]), u.bytes + n,
                           parts[i]))
            return false;
        at += 2 * parts[i];
        n += parts[i];
    }
    *ret = u;
    return true;
}
