/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "base/buf.h"
#include "base/crew.h"

/* Compressed streams: bytes in, bytes out, in memory and within a budget. */

enum ov_codec {
    OV_CODEC_STORE,   /* as it is */
    OV_CODEC_DEFLATE, /* raw, RFC 1951 */
    OV_CODEC_ZLIB,    /* RFC 1950 */
    OV_CODEC_GZIP,    /* RFC 1952, all members one after the other */
    OV_CODEC_BZIP2,   /* all streams one after the other */
    OV_CODEC_LZMA,    /* with the 13-byte header of .lzma files */
    OV_CODEC_XZ,      /* all streams one after the other */
    OV_CODEC_ZSTD,    /* RFC 8878, all frames one after the other */
    OV_N_CODECS
};

struct ov_decode_job {
    enum ov_codec codec;
    struct ov_span in;
    uint64_t size_hint; /* bytes that should come out; OV_DECODE_NO_HINT. A
                           wrong one costs time, nothing else */
    struct ov_budget *budget;
    struct ov_crew *crew; /* may help; NULL: nobody */
};

#define OV_DECODE_NO_HINT UINT64_MAX

/* Appends to into what in holds, at most up to into's maximum. Spends
 * OV_COST_BYTES for what comes out and OV_COST_STEPS for what goes in. On
 * OV_TRUNCATED, OV_MALFORMED and the limits into holds what came before.
 * ret_used (may be NULL): bytes of in that were read. It is written always,
 * since a caller goes on behind a damaged stream, too. */
OV_MUST_USE enum ov_status ov_decode(const struct ov_decode_job *job,
                                     struct ov_buf *into, size_t *ret_used);

/* Room for at most want bytes, less where into's maximum or the budget is
 * near; *ret_len is 0 (and the result NULL) when one of them is reached.
 * OV_NO_MEMORY is told by into's status. After writing: ov_produced. */
OV_MUST_USE uint8_t *ov_produce_room(struct ov_buf *into,
                                     const struct ov_budget *budget,
                                     size_t want, size_t *ret_len);

/* Says that len bytes of the room were written; spends them. */
OV_MUST_USE enum ov_status ov_produced(struct ov_buf *into,
                                       struct ov_budget *budget, size_t len);

/* Appends s within both limits: OV_LIMIT_SIZE after a part of it. */
OV_MUST_USE enum ov_status
ov_produce(struct ov_buf *into, struct ov_budget *budget, struct ov_span s);

/* Appends len zero bytes in the same way. */
OV_MUST_USE enum ov_status
ov_produce_zeros(struct ov_buf *into, struct ov_budget *budget, uint64_t len);
