/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "formats/codec.h"
#include "formats/unpacker.h"

/* Members whose places are all known when a container is opened: each consists
 * of pieces of the container's bytes, one after the other, and is packed as a
 * whole. What unpackers of installers, packages and file systems share: they
 * fill a listing, and the rest of their work is done here. */

struct ov_listing_entry {
    struct ov_span name; /* the arena's */
    uint64_t packed;     /* cut to so much; the sum of the pieces if less */
    uint64_t real;       /* OV_SIZE_UNKNOWN */
    enum ov_codec codec;
    enum ov_type type;
    bool is_foreign; /* packed in a way that we do not know */
    bool is_encrypted;
    size_t first_piece;
    size_t n_pieces;
};

struct ov_listing_piece {
    uint64_t at; /* OV_LISTING_HOLE: zeros */
    uint64_t len;
};

#define OV_LISTING_HOLE UINT64_MAX

struct ov_listing {
    struct ov_span bytes;
    struct ov_budget *budget;
    struct ov_arena *arena;
    struct ov_listing_entry *entries;
    size_t n;
    size_t cap;
    struct ov_listing_piece *pieces;
    size_t n_pieces;
    size_t cap_pieces;
    size_t at;             /* the entry behind the current one */
    enum ov_status status; /* how the list ends: told behind its last member */
};

/* Fills a listing whose bytes, budget and arena are set. What it returns is
 * told behind the last member, but OV_NO_MEMORY at once. */
typedef enum ov_status ov_listing_fill(struct ov_listing *l);

/* For the open of struct ov_unpack_ops: the state is the listing. */
OV_MUST_USE enum ov_status ov_listing_open(const struct ov_unpack_job *job,
                                           ov_listing_fill *fill,
                                           void **ret_state);

/* Adds a member without pieces; its name is copied. Spends steps: a list can't
 * be longer than the budget allows. OV_LIMIT_COUNT, too. */
OV_MUST_USE enum ov_status ov_listing_add(struct ov_listing *l,
                                          const struct ov_listing_entry *entry);

/* Adds a piece to the member that was added last. */
OV_MUST_USE enum ov_status ov_listing_piece(struct ov_listing *l, uint64_t at,
                                            uint64_t len);

/* The rest of struct ov_unpack_ops. A piece that is not within the bytes makes
 * its member OV_TRUNCATED behind what there is. */
OV_MUST_USE enum ov_status ov_listing_next(void *state, struct ov_member *ret);
OV_MUST_USE enum ov_status ov_listing_read(void *state, struct ov_buf *into);
OV_MUST_USE bool ov_listing_lend(void *state, struct ov_span *ret);
void ov_listing_free(void *state);

/* The whole of struct ov_unpack_ops. */
#define OV_LISTING_OPS(open_it)                                                \
    {                                                                          \
        .open = (open_it), .next = ov_listing_next, .read = ov_listing_read,   \
        .lend = ov_listing_lend, .free = ov_listing_free                       \
    }

/* Appends UTF-16LE text as UTF-8, up to its end or a NUL; half a pair becomes
 * U+FFFD. */
void ov_put_utf16le(struct ov_buf *into, struct ov_span text);
