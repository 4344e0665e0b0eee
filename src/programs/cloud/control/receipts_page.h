/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "submit_service.h"

/* A region's log of receipts, as anybody may read it:
 *
 *   GET /v1/submissions-log              size and root, and the newest size
 *                                        that the public log has
 *   GET /v1/submissions-log/FROM         leaf hashes, 1,000 at most
 *   GET /v1/submissions-log/INDEX/SIZE   the proof that INDEX is in the tree of
 *                                        SIZE, a hash a line
 *   GET /v1/submissions-log/SIZE.entry   what the public log says of that size,
 *   GET /v1/submissions-log/SIZE.proof   and that it does
 *
 * The last two are files that `overt-cloud log-submissions` has put into
 * DIR/state/logged, where `newest` has their size. */

bool receipts_page_is(struct ov_span path);
void receipts_page_get(struct submit_service *s, struct ov_span path,
                       struct ov_http_answer *a);

/* The root over the first receipts, for who logs it. size: all there are. */
OV_MUST_USE enum ov_status receipts_root(struct control_store *store,
                                         uint64_t *ret_size,
                                         uint8_t ret[static OV_MERKLE_HASH],
                                         struct ov_diag *diag);
