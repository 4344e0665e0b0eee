/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "crypto/digest.h"

/* What is allowed though a rule finds something in it: by content, path, rule,
 * process and user, each with who, when, why and until when. A file of lines,
 * one JSON object each (docs/man/overt.1, ALLOW), read strictly: of a file with
 * one wrong line nothing holds. */

#define ALLOW_MAX_FILE ((size_t)16 << 20)
#define ALLOW_ID_LEN 8
#define ALLOW_FOR_EVER INT64_MAX

/* What is set must hold, all of it. At least one is. */
struct allow_entry {
    struct ov_span id; /* ALLOW_ID_LEN hexadecimal digits */
    bool has_digest;
    uint8_t digest[OV_DIGEST_MAX]; /* SHA-256 of the file */
    int64_t size; /* its length, so that only such files need a digest; -1: not
                     known, or no digest */
    struct ov_span path;    /* a pattern of fnmatch(3), absolute */
    struct ov_span rule;    /* its name */
    struct ov_span process; /* path of the program that asked or opened */
    bool has_user;
    uid_t user; /* who asked or opened */
    struct ov_span reason;
    struct ov_span by; /* who allowed it */
    int64_t added;     /* seconds since 1970 */
    int64_t until;     /* or ALLOW_FOR_EVER */
};

struct allow_list {
    struct ov_arena *arena; /* all of it */
    struct allow_entry *entries;
    size_t n;
};

void allow_done(struct allow_list *l);

/* OV_MALFORMED with the line and words in diag; OV_LIMIT_SIZE, OV_NO_MEMORY.
 * Entries that have expired are read, too. */
OV_MUST_USE enum ov_status
allow_read(struct ov_span text, struct allow_list *ret, struct ov_diag *diag);

/* Appends the entry's line. */
void allow_put(struct ov_buf *b, const struct allow_entry *e);

/* ---- what it says ---- */

/* What was found, where. What is not known matches no entry that asks for it.
 */
struct allow_subject {
    const uint8_t *digest; /* NULL: not known */
    const char *path;      /* absolute, no symbolic links; NULL: not known */
    struct ov_span rule;
    const char *process; /* NULL: not known */
    bool has_user;
    uid_t user;
};

/* The first entry that holds now, or NULL. */
const struct allow_entry *allow_find(const struct allow_list *l,
                                     const struct allow_subject *s,
                                     int64_t now);

/* Whether an entry that holds asks for the digest of a file of that size: only
 * then one is needed. And
 * for rules: then a scan has to look for all rules, as the first one that it
 * finds may be allowed and the next one not. */
bool allow_wants_digest(const struct allow_list *l, uint64_t size, int64_t now);
bool allow_wants_rules(const struct allow_list *l, int64_t now);

/* ---- files ---- */

/* Reads a file. One that is not there is empty. OV_DENIED: others may write to
 * it. Words with file and line in diag. */
OV_MUST_USE enum ov_status allow_load(const char *path, struct allow_list *ret,
                                      struct ov_diag *diag);

/* Adds an entry, with an id that is new; e->id points into ret_id then. The
 * file is replaced at once. */
OV_MUST_USE enum ov_status allow_add(const char *path, struct allow_entry *e,
                                     char ret_id[static ALLOW_ID_LEN + 1],
                                     struct ov_diag *diag);

/* Removes the entry of that id. OV_NOT_FOUND. */
OV_MUST_USE enum ov_status allow_remove(const char *path, const char *id,
                                        struct ov_diag *diag);
