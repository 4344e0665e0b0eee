/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/stat.h>

#include "base/alloc.h"
#include "base/status.h"

/* Which files were found clean by the rules and options in use, so that they
 * are not scanned again while they have not changed. A file is known by device,
 * mount, inode, size and both times, and where rules ask for it, its name;
 * nothing outlives the process. Of a fixed size: the oldest of a few make room.
 *
 * The times are to be believed only of a file that nobody could write to, as
 * who has a page of it mapped and dirty goes on writing without a trace. So it
 * must have been still before it was read, and again when it is remembered: who
 * begins to write later, through whatever, changes the times. */

struct clean_cache;

struct clean_place {
    uint64_t mount;
    uint64_t name; /* scan_names_digest */
};

/* For about n files; NULL: no memory, or n is 0. Returns owned. */
struct clean_cache *clean_cache_new(unsigned n) OV_MUST_USE;
void clean_cache_free(struct clean_cache *c);

/* Other rules: nothing is known any more. */
void clean_cache_clear(struct clean_cache *c);

/* Whether nobody can be writing to this file just now, and whatever they write
 * later shows in its times; and its mount. ov_file_writers_prepare comes
 * before.
 */
bool clean_cache_is_still(int fd, uint64_t *ret_mount);

bool clean_cache_has(const struct clean_cache *c, const struct stat *st,
                     const struct clean_place *place);

/* The file was still before st was taken, which was before the scan, which
 * began at that time; and it is still, and the same, now. A file that had
 * changed less than two seconds before is not remembered: a later change within
 * the same tick of the file system's clock would not show. */
void clean_cache_add(struct clean_cache *c, const struct stat *st,
                     const struct clean_place *place, int64_t began);
