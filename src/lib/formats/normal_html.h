/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "formats/word.h"

/* The machine that makes views of HTML, between normal_html.c and
 * html_reference.c. */

#define OV_HTML_NAME_MAX_LEN 64
#define OV_HTML_VALUE_MAX_LEN 1024
#define OV_HTML_ENTITY_MAX_LEN 64

enum ov_html_state {
    OV_HTML_TEXT,
    OV_HTML_SKIP_SPACE, /* then next */
    OV_HTML_TRIM_SPACE, /* then one space, then next */
    OV_HTML_TAG,
    OV_HTML_ARGUMENT,
    OV_HTML_ARGUMENT_EQUAL,
    OV_HTML_VALUE,
    OV_HTML_COMMENT,
    OV_HTML_PROCESS,
    OV_HTML_REFERENCE,
    OV_HTML_NUMBER,
    OV_HTML_ENTITY,
    OV_HTML_DATA_TYPE, /* of a data: address */
    OV_HTML_DATA_BYTES,
};

enum ov_html_raw {
    OV_HTML_RAW_NOT,
    OV_HTML_RAW_SCRIPT,
    OV_HTML_RAW_STYLE,
};

/* A view while it is written. Room for what a block can become is made before
 * the block, so that bytes are written without asking. */
struct ov_html_view {
    struct ov_buf *buf;
    uint8_t *at;
};

struct ov_html {
    struct ov_html_view nocomment;
    struct ov_html_view notags;
    struct ov_buf *script;
    struct ov_buf source; /* of the script we are in */
    enum ov_html_state state;
    enum ov_html_state next;
    enum ov_html_raw raw;
    bool is_spaced; /* notags ends with a space */
    bool has_link;
    bool is_escaped;
    bool is_hex;
    uint8_t quote;    /* of the value, or 0 */
    uint32_t pending; /* bytes from 128 up that are not written yet */
    uint32_t number;
    struct ov_word tag;
    struct ov_word argument;
    struct ov_word value;
    struct ov_word entity;
    struct ov_word link;
    uint8_t tag_bytes[OV_HTML_NAME_MAX_LEN];
    uint8_t argument_bytes[OV_HTML_NAME_MAX_LEN];
    uint8_t value_bytes[OV_HTML_VALUE_MAX_LEN];
    uint8_t entity_bytes[OV_HTML_ENTITY_MAX_LEN];
    uint8_t link_bytes[OV_HTML_VALUE_MAX_LEN];
};

static inline void ov_html_put(struct ov_html_view *v, uint8_t c)
{
    *v->at++ = c;
}

static inline void ov_html_put_all(struct ov_html_view *v, struct ov_span s)
{
    if (s.len > 0)
        memcpy(v->at, s.ptr, s.len);
    v->at += s.len;
}

static inline void ov_html_put_code(struct ov_html *h, uint8_t c)
{
    ov_html_put(&h->nocomment, c);
}

/* A space in notags, unless one is there. */
static inline void ov_html_put_gap(struct ov_html *h)
{
    if (!h->is_spaced && h->raw == OV_HTML_RAW_NOT) {
        ov_html_put(&h->notags, ' ');
        h->is_spaced = true;
    }
}

static inline void ov_html_go(struct ov_html *h, enum ov_html_state state)
{
    h->state = state;
}

static inline void ov_html_skip_then(struct ov_html *h, enum ov_html_state next)
{
    h->state = OV_HTML_SKIP_SPACE;
    h->next = next;
}

/* States of references: each gets one byte and tells whether it took it. */
bool ov_html_in_reference(struct ov_html *h, uint8_t c);
bool ov_html_in_number(struct ov_html *h, uint8_t c);
bool ov_html_in_named(struct ov_html *h, uint8_t c);

/* At the end of the page: what a reference without an end stands for. */
void ov_html_end_reference(struct ov_html *h);
