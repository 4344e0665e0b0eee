/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "sys/clamd_client.h"

/* A mail as it comes from a mail server, kept in memory as the message that it
 * is (RFC 5322) until the daemon has looked at it. */

struct letter {
    int fd; /* memory file, or -1 */
    uint64_t len;
    uint64_t max;
    bool is_cut;       /* more than max, or than there was memory */
    unsigned n_forged; /* headers of ours that it came with */
};

#define LETTER_STATUS "X-Virus-Status"
#define LETTER_SCANNED "X-Virus-Scanned"

void letter_begin(struct letter *l, uint64_t max);
void letter_done(struct letter *l);

/* A field as the server gives it: folded lines are joined by line feeds. */
void letter_add_header(struct letter *l, struct ov_span name,
                       struct ov_span value);
void letter_end_headers(struct letter *l);
void letter_add_body(struct letter *l, struct ov_span piece);

/* What the daemon says of it; waits, at most so many seconds for each part of
 * the answer. Words of ret are in text. OV_PEER_GONE: it was not asked, with
 * words in ret->name. */
OV_MUST_USE enum ov_status letter_ask(const struct letter *l,
                                      const char *daemon, unsigned seconds,
                                      char text[static OV_CLAMD_REPLY_MAX],
                                      struct ov_clamd_reply *ret);
