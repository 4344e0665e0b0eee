/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/quarantine.h"
#include "sys/file_place.h"

/* Between the parts of the quarantine. */

#define QUARANTINE_RANDOM 16 /* hexadecimal digits in names */

struct quarantine {
    int folder;
    int lock; /* -1: to read only */
    uint8_t key[OV_SEAL_KEY];
};

/* "PREFIX" and the random digits, NUL-terminated. */
struct quarantine_temporary {
    char name[32];
};

/* A random name beginning with prefix. OV_IO. */
OV_MUST_USE enum ov_status
quarantine_make_name(const char *prefix, struct quarantine_temporary *ret);

/* Whether a name is prefix and random digits; these then. */
bool quarantine_is_name(const char *name, const char *prefix,
                        const char **ret_digits);

/* Opens an item by its name in the folder. */
OV_MUST_USE enum ov_status quarantine_open_named(const struct quarantine *q,
                                                 const char *name,
                                                 struct quarantine_item *ret);

/* Takes the file of an item that is whole ("taking-DIGITS") out of its folder,
 * if it still is the file that the item holds, and gives the item its id.
 * OV_MISMATCH: it is another file, and is where it was; OV_NOT_FOUND: there is
 * none. */
OV_MUST_USE enum ov_status
quarantine_remove_file(const struct ov_place *place, const char *digits,
                       const struct quarantine_meta *m, struct ov_diag *diag);

/* "taking-DIGITS" becomes "ID.item". */
OV_MUST_USE enum ov_status
quarantine_finish(struct quarantine *q, const char *digits,
                  const struct quarantine_meta *m,
                  char ret_id[static QUARANTINE_ID_MAX]);

/* Finishes or clears away what was left behind. Nobody else writes. */
OV_MUST_USE enum ov_status quarantine_tidy(struct quarantine *q,
                                           struct ov_diag *diag);

/* Times of struct stat. */
static inline struct quarantine_time quarantine_time_of(struct timespec t)
{
    return (struct quarantine_time){(int64_t)t.tv_sec, (uint32_t)t.tv_nsec};
}
