/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "desk.h"

/* Who is at the other end of a connection: a user of this machine, or an
 * address. All connections of one share its turns at the desk, and are counted
 * together. */

#define CLAMD_PEER_KEY 20

struct clamd_peer {
    struct clamd_peer *next;
    uint8_t key[CLAMD_PEER_KEY];
    unsigned n_sessions;
    struct desk_peer desk;
};

/* Whom a connected socket leads to. */
void clamd_peer_key(int fd, bool is_local, uid_t uid,
                    uint8_t ret[static CLAMD_PEER_KEY]);

/* The one of this key among list, or a new one; with one session more. NULL:
 * no memory. */
struct clamd_peer *
clamd_peer_take(struct clamd_peer **list,
                const uint8_t key[static CLAMD_PEER_KEY]) OV_MUST_USE;
/* One session less; it goes with its last. */
void clamd_peer_give(struct clamd_peer **list, struct clamd_peer *peer);
