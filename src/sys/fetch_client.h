/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* The parent's side of overt-fetch: addresses in, memory files out. */

struct ov_fetch;

/* Starts nothing yet. spawn_flags: OV_SPAWN_BEST_EFFORT. Returns owned; NULL if
 * memory is out. */
struct ov_fetch *ov_fetch_new(unsigned spawn_flags) OV_ALLOC;
void ov_fetch_free(struct ov_fetch *f);
OV_DEFINE_AUTO(fetch)

/* Gets url, at most max_len bytes. On OV_OK *ret_fd is a sealed memory file of
 * *ret_len bytes, owned. OV_NOT_FOUND: the server has no such file.
 * OV_LIMIT_SIZE: more bytes than max_len. OV_TIMED_OUT: too slow. OV_IO,
 * OV_PEER_GONE and others: it did not come; words in diag, escaped. Whatever
 * happened, the next call may do better: a helper that died is started anew. */
OV_MUST_USE enum ov_status ov_fetch_get(struct ov_fetch *f, const char *url,
                                        uint64_t max_len, int *ret_fd,
                                        uint64_t *ret_len,
                                        struct ov_diag *diag);
