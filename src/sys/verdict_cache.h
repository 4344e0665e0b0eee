/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/stat.h>

#include "base/buf.h"

/* Which files were found clean, so that an unchanged tree is not scanned
 * again. A file is known by device, inode, size, time of change and time of
 * modification. The kernel sets the time of change (ctime) whenever content or
 * metadata change, and no program can set it back. What is known holds for one
 * key only: the rule image, the engine and the options that decided.
 *
 * Only files that had not changed for two seconds when the scan began are
 * remembered: a later change within the clock's tick would not show. Whether
 * somebody has it mapped to write, whose changes need not show either, is the
 * caller's to ask (sys/file_writers.h), before the scan and after it. */

struct ov_verdict_cache;

/* The cache for this key below folder; an unreadable, damaged or foreign file
 * is as good as none. *ret is always set unless memory is out. Returns owned.
 */
OV_MUST_USE enum ov_status ov_verdict_cache_open(const char *folder,
                                                 struct ov_span key,
                                                 struct ov_verdict_cache **ret);
void ov_verdict_cache_free(struct ov_verdict_cache *c);
OV_DEFINE_AUTO(verdict_cache)

/* Whether this very state of this file was found clean, under this name: a
 * digest of it where rules may ask for the name, else 0. Of a file with several
 * names the last one is known. */
bool ov_verdict_cache_has(const struct ov_verdict_cache *c,
                          const struct stat *st, uint64_t name);

/* Remembers it, if its times allow. */
void ov_verdict_cache_add(struct ov_verdict_cache *c, const struct stat *st,
                          uint64_t name);

/* 32 bytes of the caller's that are kept with it: zero at first. */
#define OV_VERDICT_CACHE_NOTE 32
uint8_t *ov_verdict_cache_note(struct ov_verdict_cache *c);

/* Writes what was added. Removes the oldest of the caches of other keys if
 * there are many. */
OV_MUST_USE enum ov_status ov_verdict_cache_save(struct ov_verdict_cache *c);

/* Keeps the `keep` newest files of a folder whose names begin so. */
void ov_prune_folder(const char *folder, const char *prefix, size_t keep);
