/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/reader.h"

/* Bodies of messages as tables: one line for each member of a struct, put and
 * read in their order. Numbers are fixed-size little-endian, texts are blocks,
 * cut at their maximum when they are put. */

enum ov_wire_field_kind {
    OV_WIRE_FIELD_FLAG, /* bool, one byte, 0 or 1 */
    OV_WIRE_FIELD_U32,
    OV_WIRE_FIELD_U64,
    OV_WIRE_FIELD_TEXT,  /* struct ov_span, of at most `max` bytes */
    OV_WIRE_FIELD_BYTES, /* uint8_t[max] */
};

struct ov_wire_field {
    enum ov_wire_field_kind kind;
    size_t at; /* in the struct */
    size_t max;
};

#define OV_FIELDS_SIZE_MAX 128 /* of such a struct */

void ov_fields_put(struct ov_buf *b, const struct ov_wire_field *fields,
                   size_t n, const void *from);

/* All of body into ret, a struct of that size. OV_MALFORMED and others: it is
 * not changed. */
OV_MUST_USE enum ov_status ov_fields_read(struct ov_span body,
                                          const struct ov_wire_field *fields,
                                          size_t n, void *ret, size_t size);

/* ov_wire_put_NAME and ov_wire_read_NAME of struct ov_wire_NAME, by the table
 * NAME_fields. */
#define OV_FIELDS_MESSAGE(name)                                                \
    _Static_assert(sizeof(struct ov_wire_##name) <= OV_FIELDS_SIZE_MAX,        \
                   "there is room to read it");                                \
    void ov_wire_put_##name(struct ov_buf *b, const struct ov_wire_##name *s)  \
    {                                                                          \
        ov_fields_put(b, name##_fields,                                        \
                      sizeof(name##_fields) / sizeof(name##_fields[0]), s);    \
    }                                                                          \
    enum ov_status ov_wire_read_##name(struct ov_span body,                    \
                                       struct ov_wire_##name *ret)             \
    {                                                                          \
        return ov_fields_read(body, name##_fields,                             \
                              sizeof(name##_fields) /                          \
                                  sizeof(name##_fields[0]),                    \
                              ret, sizeof(*ret));                              \
    }
