/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "icap_session.h"

/* What is said to an ICAP client (RFC 3507 sections 4.3.3 and 4.10). */

/* Any answer without anything inside; code and words as HTTP's. */
void icap_put_plain(struct ov_buf *out, const struct icap_server *server,
                    unsigned code, const char *words, bool closes);

void icap_put_continue(struct ov_buf *out);

/* What OPTIONS asks for. */
void icap_put_options(struct ov_buf *out, const struct icap_server *server,
                      bool closes);

/* The head of what was asked about, unchanged; its body, if there is one, is to
 * follow in chunks. */
void icap_put_echo(struct ov_buf *out, const struct icap_server *server,
                   const struct icap_head *head, struct ov_span http);

/* Not that, but a page that says why: what was found, or why it could not be
 * looked at. */
void icap_put_blocked(struct ov_buf *out, const struct icap_server *server,
                      const struct ov_clamd_reply *reply, bool closes);
