/* SPDX-License-Identifier: Apache-2.0 */
#include "json/canonical.h"

#include <inttypes.h>

#include "base/reader.h"

/* One way to write a tree down: the bytes that a signature covers are made from
 * what was understood, never cut out of what was sent. So it does not matter
 * how a server lays a file out, and nothing can hide between the two.
 *
 * The tree is walked by its links, without a stack. Members are in order
 * already, since ov_json_parse sorts them. Source: OLPC's Canonical JSON. */

void ov_put_canonical_string(struct ov_buf *b, struct ov_span s)
{
    struct ov_reader r = ov_reader_over(s);

    ov_put_u8(b, '"');
    while (ov_reader_more(&r)) {
        uint8_t c = ov_read_u8(&r);

        if (c == '"' || c == '\\')
            ov_put_u8(b, '\\');
        ov_put_u8(b, c);
    }
    ov_put_u8(b, '"');
}

/* What stands at the start of v: all of it, unless it has children. */
static void put_start(struct ov_buf *b, const struct ov_json *v)
{
    if (v->parent != NULL && v->parent->kind == OV_JSON_OBJECT) {
        ov_put_canonical_string(b, v->name);
        ov_put_u8(b, ':');
    }
    switch (v->kind) {
    case OV_JSON_REAL: /* of no document that has a canonical form */
    case OV_JSON_NULL:
        ov_put_str(b, "null");
        break;
    case OV_JSON_BOOL:
        ov_put_str(b, v->number ? "true" : "false");
        break;
    case OV_JSON_INT:
        ov_put_format(b, "%" PRId64, v->number);
        break;
    case OV_JSON_STRING:
        ov_put_canonical_string(b, v->text);
        break;
    case OV_JSON_ARRAY:
        ov_put_u8(b, '[');
        break;
    case OV_JSON_OBJECT:
        ov_put_u8(b, '{');
        break;
    }
}

static bool is_container(const struct ov_json *v)
{
    return v->kind == OV_JSON_ARRAY || v->kind == OV_JSON_OBJECT;
}

static void put_end(struct ov_buf *b, const struct ov_json *v)
{
    if (is_container(v))
        ov_put_u8(b, v->kind == OV_JSON_ARRAY ? ']' : '}');
}

/* Ends v, and all that ends with it, up to top; what comes next, or NULL. */
static const struct ov_json *
step_over(struct ov_buf *b, const struct ov_json *v, const struct ov_json *top)
{
    put_end(b, v);
    while (v != top && v->next == NULL) {
        v = v->parent;
        put_end(b, v);
    }
    if (v == top)
        return NULL;
    ov_put_u8(b, ',');
    return v->next;
}

void ov_put_canonical(struct ov_buf *b, const struct ov_json *v)
{
    /* The top is written as a value, also where it is a member of more. */
    struct ov_json top = *v;
    const struct ov_json *at = v;

    top.parent = NULL;
    put_start(b, &top);
    if (v->first == NULL) {
        put_end(b, v);
        return;
    }
    at = v->first;
    while (at != NULL) {
        put_start(b, at);
        at = at->first != NULL ? at->first : step_over(b, at, v);
    }
}
