/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Files of an instance. Functions say what is wrong on stderr and return
 * false. */

#define MAX_FILE ((size_t)1 << 32)

/* Appends the file. */
bool disk_read(const char *path, struct ov_buf *into);

/* Whether there is something of that name. */
bool disk_exists(const char *path);

/* The file holds exactly bytes, on disk, or is as it was: temporary file,
 * fsync, rename, fsync of the folder. Makes missing folders. */
bool disk_write(const char *path, struct ov_span bytes, unsigned mode);

/* The same, but only as durable as the next disk_sync: for many files. */
bool disk_put(const char *path, struct ov_span bytes, unsigned mode);
bool disk_sync(const char *folder);

/* Gives a file a second name, if it has none there; not synced. */
bool disk_link(const char *from, const char *to);

bool disk_make_folder(const char *path, unsigned mode);

/* What is not there is removed already. */
bool disk_remove(const char *path);

/* Renames, durably. */
bool disk_move(const char *from, const char *to);

/* Names in a folder that end in suffix, sorted bytewise; none if there is no
 * such folder. *ret is owned: disk_names_free. */
struct disk_names {
    char **names;
    size_t n;
};

bool disk_list(const char *folder, const char *suffix, struct disk_names *ret);
void disk_names_done(struct disk_names *names);
