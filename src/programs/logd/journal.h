/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Entries that were promised an index and are not in the tree yet. An entry is
 * promised once it is here, on disk. */

#define JOURNAL_PATH_MAX 1024
#define JOURNAL_MAX_FRAME ((size_t)8 << 20)

struct journal {
    char path[JOURNAL_PATH_MAX]; /* a folder */
    int fd;                      /* the newest segment; -1: none */
    uint64_t start;              /* its first index */
    uint64_t len;                /* its bytes that are whole */
    uint64_t next;               /* the index that comes next */
    bool is_broken;              /* what is on disk is not known: end */
};

/* Opens or makes the folder, and gives each entry from index from on; a failure
 * of give ends it. OV_MALFORMED if something is missing or damaged
 * that had been promised; a torn end, which never was, is cut off. */
OV_MUST_USE enum ov_status
journal_open(struct journal *j, const char *path, uint64_t from,
             enum ov_status (*give)(void *data, struct ov_span entry),
             void *data, struct ov_diag *diag);
void journal_close(struct journal *j);

/* Appends n entries (as in a bundle: lengths of 16 bits, big-endian, before
 * each), at most JOURNAL_MAX_FRAME bytes, and syncs. On OV_OK they have the
 * indices next - n .. next - 1; on failure none of them has one. */
OV_MUST_USE enum ov_status journal_append(struct journal *j,
                                          struct ov_span entries, uint64_t n);

/* Forgets what is below size, as far as it fills segments. */
void journal_trim(struct journal *j, uint64_t size);
