/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* A folder of small files that one process owns and that must never be lost or
 * older than what it has told others. Each file carries its digest, so that
 * damage is told from absence. */

struct ov_ledger {
    int fd;   /* of the folder */
    int lock; /* held as long as it is open */
};

#define OV_LEDGER_MAX ((size_t)8 << 20)
#define OV_LEDGER_NAME_MAX 100

/* Opens an existing folder and locks it. OV_NOT_FOUND, OV_DENIED, OV_IO;
 * OV_USAGE if another process has it. diag says what to do. */
OV_MUST_USE enum ov_status
ov_ledger_open(const char *path, struct ov_ledger *ret, struct ov_diag *diag);
void ov_ledger_close(struct ov_ledger *s);

/* Appends a file's content. OV_NOT_FOUND if there is none, OV_BAD_DIGEST if it
 * is not what was written, OV_IO. */
OV_MUST_USE enum ov_status ov_ledger_read(const struct ov_ledger *s,
                                          const char *name,
                                          struct ov_buf *into);

struct ov_ledger_item {
    const char *name; /* a plain file name, borrowed */
    struct ov_span bytes;
    enum ov_status status; /* of this one: on OV_OK it is durable */
    bool is_replaced;      /* also on failure the disk may have the new one */
};

/* Replaces n files, all at the cost of about one. Each is written beside,
 * synced, renamed, and the folder is synced: a crash at any time leaves the old
 * or the new content. Returns the first status that is not OV_OK. */
OV_MUST_USE enum ov_status ov_ledger_write(const struct ov_ledger *s,
                                           struct ov_ledger_item *items,
                                           size_t n);

/* The bytes of a file that ov_ledger_read takes for content, for a folder that
 * another process owns; and back. OV_BAD_DIGEST. */
OV_MUST_USE enum ov_status ov_ledger_wrap(struct ov_span content,
                                          struct ov_buf *into);
OV_MUST_USE enum ov_status ov_ledger_unwrap(struct ov_span bytes,
                                            struct ov_span *ret_content);
