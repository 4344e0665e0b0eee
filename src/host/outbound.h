/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "crypto/digest.h"

/* Lines of the outbound ledger: what was sent from this machine, each with the
 * digest of the line before. Format: docs/protocol-outbound.md. No file is
 * touched here; host/outbound_log.h keeps them. */

#define OUTBOUND_MAX_LINE ((size_t)128 << 10)
/* A body up to this length is kept in the ledger. */
#define OUTBOUND_MAX_BODY ((size_t)64 << 10)
#define OUTBOUND_NONE UINT64_MAX

enum outbound_kind {
#define OUTBOUND_KIND(id, word, what) OUTBOUND_##id,
#include "host/outbound.def"
#undef OUTBOUND_KIND
    OUTBOUND_OTHER, /* of a later version: only seq, time and prev are read */
    OUTBOUND_N_KINDS
};

/* One line; texts are borrowed. Of another kind's members nothing is written.
 * Begin with OUTBOUND_LINE. */
struct outbound_line {
    enum outbound_kind kind;
    uint64_t seq;
    int64_t time; /* seconds since 1970 */
#define NUMBER uint64_t
#define TEXT struct ov_span
#define OUTBOUND_FIELD(kinds, member, type, what) type member;
#include "host/outbound.def"
#undef OUTBOUND_FIELD
#undef NUMBER
#undef TEXT
};

/* An empty line of a kind. */
void outbound_begin(struct outbound_line *l, enum outbound_kind kind);

/* Appends the line, its line end too. prev: SHA-256 of the line before. */
void outbound_put(struct ov_buf *b, const struct outbound_line *l,
                  const uint8_t prev[static OV_DIGEST_MAX]);

/* A line without its end. ret lives as long as arena and line. OV_MALFORMED;
 * OV_NO_MEMORY: the arena (OV_JSON_ARENA(line.len)) is full. */
OV_MUST_USE enum ov_status
outbound_read(struct ov_arena *arena, struct ov_span line,
              struct outbound_line *ret,
              uint8_t ret_prev[static OV_DIGEST_MAX]);

/* "request"; "other". */
const char *outbound_kind_word(enum outbound_kind kind);
const char *outbound_kind_what(enum outbound_kind kind);
/* What a purpose reveals, in words. */
const char *outbound_purpose_what(struct ov_span purpose);

/* The fields of a line in their order, for showing: calls once for each that is
 * there. Numbers come as decimal text. */
void outbound_each_field(const struct outbound_line *l,
                         void (*field)(void *data, const char *name,
                                       struct ov_span value, const char *what),
                         void *data);

/* ---- the chain ---- */

/* What a walk along the lines has come to. Begin with all zero. */
struct outbound_chain {
    bool has_begun;
    uint64_t first_seq;
    uint64_t next_seq;
    uint8_t head[OV_DIGEST_MAX]; /* of the last line */
    uint64_t n_requests;
    uint64_t n_results;
    uint64_t n_repairs;
    uint64_t up;
    uint64_t down;
    uint64_t n_unknown; /* results whose bytes nobody counted */
};

/* Takes the next line. OV_BAD_DIGEST: it does not follow the one before;
 * OV_MALFORMED: it is none. Either way the chain goes on behind it. *ret is set
 * unless OV_MALFORMED. */
OV_MUST_USE enum ov_status outbound_follow(struct outbound_chain *c,
                                           struct ov_arena *arena,
                                           struct ov_span line,
                                           struct outbound_line *ret);
