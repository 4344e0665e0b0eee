/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/ipc.h"

/* Bodies of the messages that updates need, as wire.h has them for scans: put
 * appends to a message that ov_msg_begin started; read takes a whole body and
 * is OV_MALFORMED unless it ends where it should. */

#define OV_WIRE_MAX_URL 2000
#define OV_WIRE_MAX_WORDS 400

/* get */
struct ov_wire_get {
    uint64_t max_len;    /* no byte more is taken */
    uint32_t min_speed;  /* bytes a second, over ten seconds */
    uint32_t total_time; /* milliseconds, from name look-up to last byte */
    struct ov_span url;
};

void ov_wire_put_get(struct ov_buf *b, const struct ov_wire_get *g);
OV_MUST_USE enum ov_status ov_wire_read_get(struct ov_span body,
                                            struct ov_wire_get *ret);

/* got. OV_NOT_FOUND: the server has no such file (403, 404, 410). */
struct ov_wire_got {
    uint32_t status; /* enum ov_status, unchecked */
    uint32_t code;   /* of HTTP; 0: none came */
    uint64_t len;    /* bytes in the memory file */
    struct ov_span words;
};

void ov_wire_put_got(struct ov_buf *b, const struct ov_wire_got *g);
OV_MUST_USE enum ov_status ov_wire_read_got(struct ov_span body,
                                            struct ov_wire_got *ret);
