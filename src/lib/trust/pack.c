/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/pack.h"

#include <zstd.h>
#include <zstd_errors.h>

/*
 * Packing and unpacking in one call over memory. The room for what comes out is
 * limited before the first byte is unpacked: by the length that came with the
 * digest, or by the buffer's maximum. zstd's one-shot decoder writes into the
 * caller's room only and uses it as its window, so a hostile frame's claims
 * about its own size cost nothing.
 */

/* What is new goes to all clients and is small: level 19 costs a second per
 * MiB. Segments go to new clients only, and there are hundreds of them. */
#define LEVEL_SMALL 19
#define LEVEL_LARGE 9
#define LARGE ((size_t)128 << 10)

/* Unpacking what nothing is known about begins with this much room. */
#define FIRST_ROOM ((size_t)256 << 10)

enum ov_status ov_pack(struct ov_span bytes, struct ov_buf *ret)
{
    size_t bound = ZSTD_compressBound(bytes.len);
    uint8_t *room = ov_buf_room(ret, bound);
    size_t len;

    if (room == NULL)
        return ov_buf_status(ret);
    len = ZSTD_compress(room, bound, bytes.ptr, bytes.len,
                        bytes.len < LARGE ? LEVEL_SMALL : LEVEL_LARGE);
    if (ZSTD_isError(len))
        return OV_NO_MEMORY;
    ov_buf_added(ret, len);
    return OV_OK;
}

static enum ov_status unpack_into(struct ov_span packed, size_t room_len,
                                  struct ov_buf *ret)
{
    uint8_t *room = ov_buf_room(ret, room_len);
    size_t len;

    if (room == NULL)
        return ov_buf_status(ret);
    len = ZSTD_decompress(room, room_len, packed.ptr, packed.len);
    if (ZSTD_isError(len))
        return ZSTD_getErrorCode(len) == ZSTD_error_dstSize_tooSmall
                   ? OV_LIMIT_SIZE
                   : OV_MALFORMED;
    ov_buf_added(ret, len);
    return OV_OK;
}

enum ov_status ov_unpack(struct ov_span packed, const struct ov_blob *blob,
                         struct ov_buf *ret)
{
    size_t before = ret->len;
    struct ov_blob got;
    enum ov_status s;

    if (blob->len > SIZE_MAX / 2)
        return OV_LIMIT_SIZE;
    OV_TRY(unpack_into(packed, (size_t)blob->len, ret));
    s = ov_blob_of(ov_span_of(ret->ptr + before, ret->len - before), &got);
    if (s == OV_OK &&
        (got.len != blob->len || memcmp(got.digest, blob->digest, 32) != 0))
        s = OV_BAD_DIGEST;
    if (s != OV_OK)
        ret->len = before;
    return s;
}

enum ov_status ov_unpack_any(struct ov_span packed, struct ov_buf *ret)
{
    size_t left = ret->max - ret->len;
    size_t room = FIRST_ROOM < left ? FIRST_ROOM : left;
    enum ov_status s = unpack_into(packed, room, ret);

    /* each turn doubles the room: all of them cost twice the last */
    while (s == OV_LIMIT_SIZE && room < left) {
        room = room < left / 2 ? room * 2 : left;
        s = unpack_into(packed, room, ret);
    }
    return s;
}
