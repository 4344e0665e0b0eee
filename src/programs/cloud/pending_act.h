/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cloud.h"

/* What is on its way into the log and into the tree. Once it is pending it gets
 * there, whatever ends the program: the next command that works in the folder
 * begins with pending_finish. */

struct pending {
    bool is_snapshot; /* else a delta */
    uint64_t number;
    struct ov_span note;    /* its signed entry */
    struct ov_span segment; /* of a delta */
    struct ov_span position;
};

/* Makes p pending: all of it, or nothing. */
bool pending_begin(const struct cloud *c, const struct pending *p);
/* Logs what is pending and puts it into the tree; true if nothing is. */
bool pending_finish(const struct cloud *c);

/* DIR/tree/v1/head; zeros if there is none. */
bool head_read(const struct cloud *c, uint64_t *ret_epoch, uint64_t *ret_delta);
/* Which manifest of keys it names; 0: none. */
bool head_keys(const struct cloud *c, uint64_t *ret);
/* Puts a manifest, its entry and its proof into the tree, and names it. */
bool tree_put_keys(const struct cloud *c, uint64_t version,
                   const struct ov_span files[static 3]);

/* Up to where deltas, or the first snapshot, have told the journal. */
struct position {
    uint64_t journal;
    uint64_t families; /* how many */
};

bool position_read(const struct cloud *c, struct position *ret,
                   bool *ret_is_there);
void put_position(struct ov_buf *b, const struct position *p);

/* What the tree has at DIR/tree/v1/...: its bytes, its digest. */
bool tree_read(const struct cloud *c, struct ov_buf *ret, const char *format,
               ...) __attribute__((format(printf, 3, 4)));
/* SHA-256 of such a file; zeros if number is 0. */
bool tree_digest(const struct cloud *c, const char *folder, uint64_t number,
                 const char *name, uint8_t ret[static 32]);

/* Removes a folder of DIR and all that is in it; none is fine. */
bool folder_remove(const struct cloud *c, const char *name);
