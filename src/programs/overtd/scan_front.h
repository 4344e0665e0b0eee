/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "clamd_front.h"

/* The front that has overt-http's bodies scanned and answers in JSON, with all
 * that was found (docs/openapi.json, "Scan"). Its connections count with those
 * of clamd's clients: an end waits for them, too. */

struct scan_client;

/* For one overt-http; all-zero but for loop, desk and clamd. */
struct scan_front {
    struct ov_loop *loop;
    struct desk *desk;
    struct clamd_front *clamd; /* whose room it shares */
    struct desk_peer peer;
    struct scan_client *clients;
};

/* Serves one end of a pair, which is taken: a byte with the descriptor of a
 * file is in it already, and the answer is written there, up to its end.
 * scratch has OV_MSG_MAX bytes. Closed without a word if there is no room, or
 * no such byte. */
void scan_front_serve(struct scan_front *f, int fd, bool wants_all,
                      uint8_t *scratch);

/* Closes all. */
void scan_front_done(struct scan_front *f);
