/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/status.h"

/* JSON as signed metadata may use it, and no more (RFC 8259, narrowed): what
 * two readers could understand in two ways is refused. Not taken: a name twice
 * in an object, a number with a fraction or an exponent, "-0", integers beyond
 * 2^53, text that is not UTF-8, lone surrogates, U+0000, nesting deeper than
 * 16, bytes behind the end. White space is free. */

#define OV_JSON_MAX_DEPTH 16
#define OV_JSON_MAX_INT (INT64_C(1) << 53)

/* How deep other programs' documents may be. */
#define OV_JSON_MAX_ANY_DEPTH 128

enum ov_json_kind {
    OV_JSON_NULL,
    OV_JSON_BOOL,
    OV_JSON_INT,
    OV_JSON_STRING,
    OV_JSON_ARRAY,
    OV_JSON_OBJECT,
    OV_JSON_REAL /* only of ov_json_parse_any: a number that is no such integer;
                    its value is not kept */
};

/* One value. It lives in the arena it was parsed into, and its strings may lie
 * in the parsed bytes: both must outlive it. */
struct ov_json {
    enum ov_json_kind kind;
    uint32_t count;           /* of items or members */
    int64_t number;           /* of an INT; 0 or 1 of a BOOL */
    struct ov_span text;      /* of a STRING, without escapes */
    struct ov_span name;      /* as a member: its name */
    struct ov_json *first;    /* of items; of members, by name */
    struct ov_json *next;     /* beside it */
    struct ov_json *parent;   /* NULL: the whole */
    struct ov_json **members; /* of an OBJECT: count, by name */
};

/* All of bytes as one value. OV_LIMIT_SIZE over max bytes, OV_LIMIT_DEPTH,
 * OV_NO_MEMORY (also when the arena is full), else OV_MALFORMED. Needs at most
 * OV_JSON_ARENA(bytes.len) of the arena. */
OV_MUST_USE enum ov_status ov_json_parse(struct ov_arena *a,
                                         struct ov_span bytes, size_t max,
                                         const struct ov_json **ret);
#define OV_JSON_ARENA(len) ((len)*96 + 4096)

/* The same for documents of other programs, of which nothing is signed: numbers
 * of any form, U+0000 in text, nesting to OV_JSON_MAX_ANY_DEPTH, and names that
 * stand twice in an object (ov_json_get finds one of them). */
OV_MUST_USE enum ov_status ov_json_parse_any(struct ov_arena *a,
                                             struct ov_span bytes, size_t max,
                                             const struct ov_json **ret);

/* The member of that name; NULL if there is none, or v is NULL or no object. */
const struct ov_json *ov_json_get(const struct ov_json *v, struct ov_span name);

/* Its value if v is of that kind, else OV_MALFORMED; v may be NULL, so that
 * these can be put around ov_json_get. */
OV_MUST_USE enum ov_status ov_json_string(const struct ov_json *v,
                                          struct ov_span *ret);
OV_MUST_USE enum ov_status ov_json_bool(const struct ov_json *v, bool *ret);
/* An integer in [min, max]. */
OV_MUST_USE enum ov_status ov_json_int(const struct ov_json *v, int64_t min,
                                       int64_t max, int64_t *ret);
OV_MUST_USE enum ov_status ov_json_is(const struct ov_json *v,
                                      enum ov_json_kind kind);
