/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "log/merkle.h"

/* A trace: a part of the log, of which only the entries that matter are there
 * with their bytes; of all between them there are hashes of full subtrees. What
 * it says is proven by the tree that it makes: docs/protocol-rules.md, "Trace".
 * Traces that follow each other may stand one behind the other. */

/* Of one file, unpacked. */
#define OV_TRACE_MAX ((size_t)256 << 20)

/* Lines of a feed's manifest that no record of the set says any more. */
struct ov_trace_lines {
    uint64_t due;         /* they stand behind the entry of this index */
    uint64_t index;       /* of the feed's entry */
    struct ov_span bytes; /* whole lines */
};

/* What a trace of entries [from, to) is made of. */
struct ov_trace_source {
    uint64_t from;
    uint64_t to;
    const struct ov_span *entries;      /* [0] has index from */
    const bool *is_kept;                /* [0] has index from */
    const struct ov_trace_lines *lines; /* all in [from, to), by due, rising */
    size_t n_lines;
};

/* Appends it. OV_NO_MEMORY, OV_LIMIT_SIZE. */
OV_MUST_USE enum ov_status ov_put_trace(struct ov_buf *b,
                                        const struct ov_trace_source *source);

struct ov_trace_reader {
    struct ov_span rest;
    uint64_t at; /* index of what comes next */
    uint64_t to; /* of the trace that is being read */
};

enum ov_trace_kind {
    OV_TRACE_NODE,
    OV_TRACE_ENTRY,
    OV_TRACE_LINES,
};

struct ov_trace_item {
    enum ov_trace_kind kind;
    uint64_t index;       /* of its first entry; LINES: of the feed */
    struct ov_span bytes; /* ENTRY: the whole note; LINES; borrowed */
    unsigned level;       /* NODE: of 2^level entries */
    uint8_t hash[OV_MERKLE_HASH];
};

/* Starts at the beginning of bytes, which is to be entry `from` of the log. */
struct ov_trace_reader ov_trace_over(struct ov_span bytes, uint64_t from);

/* The next item; OV_NOT_FOUND behind the last one of the last trace,
 * OV_BAD_PROOF if a trace does not begin where the one before it ended,
 * OV_MALFORMED. */
OV_MUST_USE enum ov_status ov_trace_next(struct ov_trace_reader *r,
                                         struct ov_trace_item *ret);

/* Adds all of bytes to the tree, where they must go on. As ov_trace_next; after
 * a failure the tree is of no use. */
OV_MUST_USE enum ov_status ov_trace_add(struct ov_merkle_stack *tree,
                                        struct ov_span bytes);

/* "trace/CHANNEL/LEVEL/N", as delta tiles are named, and
 * "trace/CHANNEL/base/SEQ": from the log's beginning to that release. */
struct ov_delta_tile;
void ov_put_trace_path(struct ov_buf *b, const char *channel,
                       const struct ov_delta_tile *t);
void ov_put_trace_base_path(struct ov_buf *b, const char *channel,
                            uint64_t seq);
