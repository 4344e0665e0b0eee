/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "desk.h"

/* Peers with requests in line, who take turns. *ring is the last of them, whose
 * next is the first; NULL: nobody waits. */

void desk_ring_put(struct desk_peer **ring, struct desk_request *r);
/* One that is in line. */
void desk_ring_remove(struct desk_peer **ring, struct desk_request *r);
/* Takes the one whose turn it is; NULL: none. */
struct desk_request *desk_ring_next(struct desk_peer **ring);
