/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/stat.h>

#include "host/finding.h"
#include "host/quarantine_item.h"

/* A folder of files that were taken away (docs/protocol-quarantine.md):
 *
 *   FOLDER/key             32 random bytes, made at the first use
 *   FOLDER/lock            held shared by writers, alone by who tidies up
 *   FOLDER/new-RANDOM      being written: worthless
 *   FOLDER/taking-RANDOM   whole; the file may still be where it was
 *   FOLDER/ID.item         whole; the file is gone from where it was
 *
 * A file is in its place, or an item of it is whole, at every moment, whatever
 * ends the program or the machine. Who opens the quarantine to write finishes
 * what somebody else has left. */

struct quarantine;

#define QUARANTINE_ID_MAX 32 /* with its NUL */

enum quarantine_flag {
    QUARANTINE_WRITE = 1, /* make the folder and the key; tidy up */
};

/* OV_NOT_FOUND: there is none (and no QUARANTINE_WRITE). OV_DENIED: not ours,
 * or open to others. OV_ENCRYPTED,
 * OV_MALFORMED: its key is gone, or damaged. Returns owned. */
OV_MUST_USE enum ov_status quarantine_open(const char *folder, unsigned flags,
                                           struct quarantine **ret,
                                           struct ov_diag *diag);
void quarantine_close(struct quarantine *q);

/* ---- in ---- */

struct quarantine_request {
    int fd; /* the file, as it was opened to be scanned; borrowed */
    const struct stat *scanned; /* as it was when it was scanned */
    const struct finding *finding;
    const char *by; /* "overt scan" */
};

struct quarantine_taken {
    char id[QUARANTINE_ID_MAX];
    uint64_t n_other_links; /* other names of the file, which are still there */
};

/* Takes the file away: on OV_OK it is an item, and gone from its folder. Else
 * it is where it was, with words and a remedy in diag; OV_MISMATCH: it is not
 * the file that was scanned any more. */
OV_MUST_USE enum ov_status
quarantine_take(struct quarantine *q, const struct quarantine_request *request,
                struct quarantine_taken *ret, struct ov_diag *diag);

/* ---- what there is ---- */

struct quarantine_name {
    char id[QUARANTINE_ID_MAX];
    uint64_t size; /* on disk */
    int64_t when;  /* seconds since 1970 */
};

/* All items, oldest first; returns owned: ov_free. */
OV_MUST_USE enum ov_status quarantine_list(const struct quarantine *q,
                                           struct quarantine_name **ret,
                                           size_t *ret_n);

/* The item of that id, or the only one whose id begins with it. OV_NOT_FOUND;
 * else as quarantine_item_open, with words. */
OV_MUST_USE enum ov_status quarantine_get(const struct quarantine *q,
                                          const char *id,
                                          char ret_id[static QUARANTINE_ID_MAX],
                                          struct quarantine_item *ret,
                                          struct ov_diag *diag);

/* ---- out ---- */

enum quarantine_restore_flag {
    QUARANTINE_OVERWRITE = 1, /* a file that is there now is replaced */
    QUARANTINE_PARTIAL = 2,   /* what may not be set is left as it is */
    QUARANTINE_KEEP = 4,      /* the item stays */
};

/* Puts the file back, with all that belongs to it, at path or (NULL) where it
 * was; the file appears there whole or not at all. OV_USAGE: there is a file
 * already. */
OV_MUST_USE enum ov_status quarantine_restore(struct quarantine *q,
                                              const char *id, const char *path,
                                              unsigned flags,
                                              struct ov_diag *diag);

/* Removes an item for good. OV_NOT_FOUND. */
OV_MUST_USE enum ov_status quarantine_purge(struct quarantine *q,
                                            const char *id);

struct quarantine_keep {
    int64_t max_age;   /* seconds; 0: any */
    uint64_t max_size; /* bytes of all items; 0: any */
};

/* Removes items that are too old, and then the oldest until the rest is small
 * enough. */
OV_MUST_USE enum ov_status quarantine_retain(struct quarantine *q,
                                             const struct quarantine_keep *keep,
                                             int64_t now, size_t *ret_n);
