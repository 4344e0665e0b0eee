/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/reader.h"

/* Messages between a parent and its jailed processes: SOCK_SEQPACKET, one
 * message a packet, at most one descriptor with it. Layout, little-endian:
 *
 *   u32 type | u32 length of the body | u32 task | body
 *
 * The functions here touch no socket; channel.h does. */

enum ov_msg {
    OV_MSG_NONE,
#define OV_MSG(id, word, link, states, max_len, with_fd, meaning) id,
#include "sys/ipc.def"
#undef OV_MSG
    OV_N_MSG
};

enum ov_link {
    OV_TO_WORKER,
    OV_FROM_WORKER,
    OV_TO_JUDGE,
    OV_FROM_JUDGE,
    OV_TO_FETCH,
    OV_FROM_FETCH,
    OV_TO_GUARD,
    OV_FROM_GUARD,
    OV_TO_HTTP,
    OV_FROM_HTTP,
};

/* Of the jailed process, as both sides see it. */
enum ov_peer_state {
    OV_PEER_STARTING = 1, /* not jailed yet */
    OV_PEER_READY = 2,    /* jailed, has nothing to work on */
    OV_PEER_OPEN = 4,     /* has an image, or a job */
};

#define OV_MSG_HEADER 12
#define OV_MSG_MAX_BODY 65536
#define OV_MSG_MAX (OV_MSG_HEADER + OV_MSG_MAX_BODY)

struct ov_message {
    enum ov_msg type;
    uint32_t task;
    struct ov_span body; /* borrowed from the packet */
};

const char *ov_msg_name(enum ov_msg type);

/* Starts a message in b (cleared first); then put the body and call end, which
 * fills in the length. */
void ov_msg_begin(struct ov_buf *b, enum ov_msg type, uint32_t task);
OV_MUST_USE enum ov_status ov_msg_end(struct ov_buf *b);

/* Checks a packet against the table. OV_MALFORMED, and nothing else matters
 * about the peer. */
OV_MUST_USE enum ov_status ov_msg_decode(struct ov_span packet, bool has_fd,
                                         enum ov_link link,
                                         enum ov_peer_state state,
                                         struct ov_message *ret);
