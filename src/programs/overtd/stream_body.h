/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* Bytes that a client sends, on their way to a worker: in memory as long as
 * they are few, else in a file without a name. */

struct stream_body {
    int fd; /* -1: none yet */
    uint64_t len;
    bool is_file;
};

/* An empty one has no descriptor until the first byte. */
static inline struct stream_body stream_body_empty(void)
{
    return (struct stream_body){.fd = -1};
}

/* folder: where files may be made; NULL: in memory only. OV_IO: no room. */
OV_MUST_USE enum ov_status stream_body_add(struct stream_body *b,
                                           struct ov_span bytes,
                                           const char *folder);

/* Hands the descriptor out, to be read by others only; the body is empty then.
 * Owned. -1: it can't be had. */
int stream_body_take(struct stream_body *b, uint64_t *ret_len);
void stream_body_done(struct stream_body *b);
