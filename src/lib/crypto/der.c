/* SPDX-License-Identifier: Apache-2.0
 *
 * DER, as far as the few structures of Authenticode need it that OpenSSL does
 * not know. Nothing is looked at beyond one level; callers go down themselves,
 * to a depth that their structures fix.
 *
 * Source: ITU-T X.690, sections 8.1 and 10.1. */
#include "crypto/der.h"

#include "base/reader.h"

#define LONG_TAG 0x1f
#define LONG_LENGTH 0x80

static uint64_t read_length(struct ov_reader *r)
{
    uint8_t first = ov_read_u8(r);
    uint64_t len = 0;

    if (first < LONG_LENGTH)
        return first;
    ov_reader_require(r, first > LONG_LENGTH && first <= LONG_LENGTH + 4,
                      OV_MALFORMED);
    if (ov_reader_status(r) != OV_OK)
        return 0;
    for (unsigned i = 0; i < (unsigned)first - LONG_LENGTH; i++)
        len = len << 8 | ov_read_u8(r);
    return len;
}

bool ov_der_next(struct ov_span *rest, uint8_t *ret_tag,
                 struct ov_span *ret_content)
{
    struct ov_reader r = ov_reader_over(*rest);
    uint8_t tag = ov_read_u8(&r);
    struct ov_span content;

    ov_reader_require(&r, (tag & LONG_TAG) != LONG_TAG, OV_UNSUPPORTED);
    content = ov_read_span(&r, read_length(&r));
    if (ov_reader_status(&r) != OV_OK)
        return false;
    *rest = ov_reader_rest(&r);
    *ret_tag = tag;
    *ret_content = content;
    return true;
}

bool ov_der_take(struct ov_span *rest, uint8_t tag, struct ov_span *ret_content)
{
    struct ov_span after = *rest;
    struct ov_span content;
    uint8_t found;

    if (!ov_der_next(&after, &found, &content) || found != tag)
        return false;
    *rest = after;
    *ret_content = content;
    return true;
}
