/* SPDX-License-Identifier: Apache-2.0
 *
 * The normalised views of HTML (ClamAV's target 3).
 *
 * This is not a parser of HTML but of what clamscan takes for it, byte for
 * byte: a machine that is always in one state and sees one byte at a time, with
 * line feeds as spaces and without carriage returns and zeros. Two states are
 * remembered: where white space is passed over, `next` is where to go on.
 *
 *   <A HREF='x'>Go &amp; see</A><!-- no -->
 *   nocomment: <a href="x">go & see</a>
 *   notags:     x go see
 *
 * Within scripts and styles white space is left out of nocomment, and only
 * their end tag is a tag. In notags an entity is a space; a link's or picture's
 * address is written where its tag ends.
 *
 * Bytes from 128 up are gathered in threes before they are written, and notags
 * repeats the one before the last instead of the last: signatures were made
 * from what clamscan writes, so this does it, too.
 *
 * The facts come from `sigtool --html-normalise`; tests/oracle compares the two
 * on generated pages. script is what stands in script tags, see
 * normal_script.c. */
#include "formats/html_entity.h"
#include "formats/normal.h"
#include "formats/word.h"

#define BLOCK ((size_t)16 << 10)
#define NAME_MAX_LEN 64
#define VALUE_MAX_LEN 1024
#define ENTITY_MAX_LEN 64
/* The longest that one byte can become: a dumped entity, "&#x0000;", a link's
 * address, pending bytes. */
#define GROWTH_MAX (VALUE_MAX_LEN + 2 * ENTITY_MAX_LEN + 64)

enum state {
    TEXT,
    SKIP_SPACE, /* then next */
    TRIM_SPACE, /* then one space, then next */
    TAG,
    ARGUMENT,
    ARGUMENT_EQUAL,
    VALUE,
    COMMENT,
    PROCESS,
    REFERENCE,
    NUMBER,
    ENTITY,
    DATA_TYPE, /* of a data: address */
    DATA_BYTES,
};

enum raw_kind {
    RAW_NOT,
    RAW_SCRIPT,
    RAW_STYLE,
};

/* A view while it is written. Room for what a block can become is made before
 * the block, so that bytes are written without asking. */
struct view {
    struct ov_buf *buf;
    uint8_t *at;
};

struct html {
    struct view nocomment;
    struct view notags;
    struct ov_buf *script;
    enum state state;
    enum state next;
    enum raw_kind raw;
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
    uint8_t tag_bytes[NAME_MAX_LEN];
    uint8_t argument_bytes[NAME_MAX_LEN];
    uint8_t value_bytes[VALUE_MAX_LEN];
    uint8_t entity_bytes[ENTITY_MAX_LEN];
    uint8_t link_bytes[VALUE_MAX_LEN];
};

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Output. */

static void put(struct view *v, uint8_t c)
{
    *v->at++ = c;
}

static void put_all(struct view *v, struct ov_span s)
{
    if (s.len > 0)
        memcpy(v->at, s.ptr, s.len);
    v->at += s.len;
}

static void put_code(struct html *h, uint8_t c)
{
    put(&h->nocomment, c);
}

/* A space in notags, unless one is there. */
static void put_gap(struct html *h)
{
    if (!h->is_spaced && h->raw == RAW_NOT) {
        put(&h->notags, ' ');
        h->is_spaced = true;
    }
}

static void go(struct html *h, enum state state)
{
    h->state = state;
}

static void skip_then(struct html *h, enum state next)
{
    h->state = SKIP_SPACE;
    h->next = next;
}

/* Bytes from 128 up, three at a time. */

static void put_pending(struct html *h)
{
    uint32_t p = h->pending;

    if (p == 0)
        return;
    for (int shift = 16; shift >= 0; shift -= 8) {
        if (p >> shift == 0)
            continue;
        put_code(h, (uint8_t)(p >> shift));
        /* Where the last byte belongs comes the one before it. */
        if (h->state == TEXT)
            put(&h->notags, (uint8_t)(p >> (shift ? shift : 8)));
    }
    h->pending = 0;
}

static void add_pending(struct html *h, uint8_t c)
{
    if (h->pending > 0xffff)
        put_pending(h);
    h->pending = h->pending << 8 | c;
}

/* States. Each gets one byte and tells whether it took it; if not, the state
 * it went to sees the byte again. */

static bool in_text(struct html *h, uint8_t c)
{
    if (c >= 0x80) {
        add_pending(h, c);
        return true;
    }
    put_pending(h);
    if (c == '<') {
        put_code(h, c);
        put_gap(h);
        h->tag.len = 0;
        h->argument.len = 0;
        h->has_link = false;
        skip_then(h, TAG);
        return true;
    }
    if (is_space(c)) {
        put_gap(h);
        h->state = TRIM_SPACE;
        h->next = TEXT;
        return false;
    }
    if (c == '&') {
        put_gap(h);
        h->next = TEXT;
        go(h, REFERENCE);
        return true;
    }
    c = ov_lower(c);
    put_code(h, c == '\'' && h->raw != RAW_NOT ? '"' : c);
    if (h->raw == RAW_NOT && c < ' ') {
        put_gap(h);
    } else if (h->raw == RAW_NOT) {
        put(&h->notags, c);
        h->is_spaced = false;
    }
    return true;
}

static bool in_skip_space(struct html *h, uint8_t c)
{
    if (is_space(c))
        return true;
    go(h, h->next);
    return false;
}

static bool in_trim_space(struct html *h, uint8_t c)
{
    if (is_space(c))
        return true;
    if (h->raw == RAW_NOT)
        put_code(h, ' ');
    go(h, h->next);
    return false;
}

/* The end of the script or style that we are in? */
static bool is_raw_end(const struct html *h)
{
    return ov_word_is(&h->tag, "/script") ||
           (h->raw == RAW_STYLE && ov_word_is(&h->tag, "/style"));
}

static bool in_tag(struct html *h, uint8_t c)
{
    if (c == '!' && h->tag.len == 0) {
        /* What is in a script stays, else the "<" goes, too. */
        if (h->raw != RAW_NOT)
            put_code(h, c);
        else
            h->nocomment.at--;
        go(h, COMMENT);
        return true;
    }
    if (c == '>') {
        put_code(h, c);
        skip_then(h, PROCESS);
        return true;
    }
    if (!is_space(c)) {
        put_code(h, ov_lower(c));
        if (h->raw != RAW_NOT && h->tag.len == 0 && c != '/')
            go(h, TEXT);
        ov_word_add(&h->tag, ov_lower(c));
        return true;
    }
    if (h->raw == RAW_NOT) {
        skip_then(h, ARGUMENT);
        return false;
    }
    if (is_raw_end(h))
        h->raw = RAW_NOT;
    skip_then(h, TEXT);
    return false;
}

/* Keeps the address that a link or a picture leads to. */
static void end_value(struct html *h)
{
    struct ov_span value = ov_word_span(&h->value);

    /* What is last counts as the second quote. */
    if (ov_span_starts(value, OV_SPAN_LIT("\"")))
        value = value.len > 2 ? ov_span_clip(value, 1, value.len - 2)
                              : ov_span_clip(value, value.len, 0);
    if (!h->has_link &&
        ((ov_word_is(&h->tag, "a") && ov_word_is(&h->argument, "href")) ||
         (ov_word_is(&h->tag, "img") && ov_word_is(&h->argument, "src")))) {
        h->link.len = 0;
        h->has_link = true;
        for (size_t i = 0; i < value.len; i++)
            ov_word_add(&h->link, (uint8_t)ov_span_byte(value, i));
    }
    h->argument.len = 0;
    h->pending = 0;
}

static void begin_value(struct html *h)
{
    put_code(h, '=');
    h->is_escaped = false;
    h->quote = 0;
    h->value.len = 0;
    skip_then(h, VALUE);
}

static bool in_argument(struct html *h, uint8_t c)
{
    if (c == '=') {
        begin_value(h);
    } else if (is_space(c)) {
        skip_then(h, ARGUMENT_EQUAL);
    } else if (c == '>') {
        put_code(h, c);
        go(h, PROCESS);
    } else {
        if (h->argument.len == 0)
            put_code(h, ' ');
        put_code(h, ov_lower(c));
        ov_word_add(&h->argument, ov_lower(c));
    }
    return true;
}

static bool in_argument_equal(struct html *h, uint8_t c)
{
    if (c == '=') {
        begin_value(h);
        return true;
    }
    h->argument.len = 0;
    go(h, ARGUMENT);
    return false;
}

static void in_value_quote(struct html *h, uint8_t c)
{
    bool is_end = h->value.len > 0 && !h->is_escaped && h->quote == c;

    put_code(h, '"');
    if (h->value.len == 0)
        h->quote = c;
    ov_word_add(&h->value, '"');
    if (is_end) {
        end_value(h);
        skip_then(h, ARGUMENT);
    }
}

/* An address that holds the data itself is not part of the view. */
static bool is_data_address(const struct html *h)
{
    return ov_word_is(&h->value, "data:") || ov_word_is(&h->value, "\"data:");
}

/* White space or ">" ends a value; the first within quotes only ends what the
 * quote means: the next one ends the value then. */
static bool in_value_break(struct html *h, uint8_t c)
{
    if (h->quote == 0) {
        end_value(h);
        skip_then(h, ARGUMENT);
        return false;
    }
    put_code(h, c);
    ov_word_add(&h->value, is_space(c) ? ' ' : c);
    h->quote = 0;
    h->is_escaped = false;
    skip_then(h, VALUE);
    return true;
}

static bool in_value(struct html *h, uint8_t c)
{
    if (is_data_address(h)) {
        h->nocomment.at--;
        if (h->quote != 0)
            put_code(h, '"');
        h->value.len = 0;
        go(h, DATA_TYPE);
        return false;
    }
    if (c >= 0x80) {
        add_pending(h, c);
        ov_word_add(&h->value, c);
        h->is_escaped = false;
        return true;
    }
    if (c == '&') {
        h->next = VALUE;
        go(h, REFERENCE);
    } else if (c == '\'' || c == '"') {
        in_value_quote(h, c);
    } else if (is_space(c) || c == '>') {
        return in_value_break(h, c);
    } else {
        put_pending(h);
        put_code(h, ov_lower(c));
        ov_word_add(&h->value, c);
    }
    h->is_escaped = c == '\\';
    return true;
}

static bool in_comment(struct html *h, uint8_t c)
{
    if (h->raw != RAW_NOT && !is_space(c))
        put_code(h, c == '\'' ? '"' : ov_lower(c));
    if (c == '>')
        skip_then(h, TEXT);
    return true;
}

static bool in_process(struct html *h, uint8_t c)
{
    (void)c;
    if (is_raw_end(h))
        h->raw = RAW_NOT;
    else if (ov_word_is(&h->tag, "script"))
        h->raw = RAW_SCRIPT;
    else if (ov_word_is(&h->tag, "style"))
        h->raw = RAW_STYLE;
    else if (h->has_link && h->link.len > 0) {
        put_all(&h->notags, ov_word_span(&h->link));
        put(&h->notags, ' ');
        h->is_spaced = true;
    }
    skip_then(h, TEXT);
    return false;
}

/* References: &#65; &#x41; &amp; */

static bool in_reference(struct html *h, uint8_t c)
{
    h->entity.len = 0;
    h->number = 0;
    h->is_hex = false;
    if (c == '#') {
        go(h, NUMBER);
        return true;
    }
    go(h, ENTITY);
    return false;
}

/* As clamscan writes a character: one byte, or its number in hexadecimal. */
static void put_character(struct html *h, uint32_t character)
{
    static const char digits[] = "0123456789abcdef";

    character &= 0xffff;
    if (h->next == VALUE)
        ov_word_add(&h->value, (uint8_t)character);
    if (character < 0x80) {
        put_code(h, ov_lower((uint8_t)character));
    } else if (character < 0xff) {
        put_code(h, (uint8_t)character);
    } else {
        put_all(&h->nocomment, OV_SPAN_LIT("&#x"));
        for (int shift = 12; shift >= 0; shift -= 4)
            put_code(h, (uint8_t)digits[character >> shift & 15]);
        put_code(h, ';');
    }
}

static bool in_number(struct html *h, uint8_t c)
{
    uint8_t low = ov_lower(c);

    if (low == 'x' && h->number == 0) {
        h->is_hex = true;
    } else if (c == ';') {
        put_character(h, h->number);
        go(h, h->next);
    } else if (ov_is_digit(c)) {
        h->number = h->number * (h->is_hex ? 16 : 10) + c - '0';
    } else if (h->is_hex && low >= 'a' && low <= 'f') {
        h->number = h->number * 16 + low - 'a' + 10;
    } else {
        put_code(h, (uint8_t)h->number);
        go(h, h->next);
        return false;
    }
    return true;
}

/* What is no known entity stays as it is. */
static void put_reference(struct html *h, uint8_t c)
{
    put_code(h, ov_lower(c));
    if (h->next == VALUE)
        ov_word_add(&h->value, c);
}

static void put_entity_as_is(struct html *h)
{
    struct ov_span name = ov_word_span(&h->entity);

    put_reference(h, '&');
    for (size_t i = 0; i < name.len; i++)
        put_reference(h, (uint8_t)ov_span_byte(name, i));
}

static void end_entity(struct html *h)
{
    uint32_t character = ov_html_entity(ov_word_span(&h->entity));

    if (character != 0)
        put_character(h, character);
    else
        put_entity_as_is(h);
}

static bool in_entity(struct html *h, uint8_t c)
{
    if (c == ';') {
        end_entity(h);
        if (ov_html_entity(ov_word_span(&h->entity)) == 0)
            put_reference(h, c);
        go(h, h->next);
        return true;
    }
    if ((ov_is_alnum(c) || c == '_' || c == ':' || c == '-') &&
        h->entity.len < ENTITY_MAX_LEN) {
        ov_word_add(&h->entity, c);
        return true;
    }
    put_entity_as_is(h);
    go(h, h->next);
    return false;
}

/* data: addresses */

static bool in_data(struct html *h, uint8_t c)
{
    bool is_end = h->quote != 0 ? c == '"' || c == '\'' : is_space(c);

    if (h->state == DATA_TYPE && c == ',') {
        go(h, DATA_BYTES);
    } else if (h->state == DATA_TYPE && (is_end || c == '>')) {
        h->argument.len = 0;
        skip_then(h, ARGUMENT);
        return c != '>';
    } else if (is_end) {
        skip_then(h, ARGUMENT);
    } else if (h->quote == 0 && c == '>') {
        skip_then(h, TEXT);
    }
    return true;
}

static bool step(struct html *h, uint8_t c)
{
    switch (h->state) {
    case TEXT:
        return in_text(h, c);
    case SKIP_SPACE:
        return in_skip_space(h, c);
    case TRIM_SPACE:
        return in_trim_space(h, c);
    case TAG:
        return in_tag(h, c);
    case ARGUMENT:
        return in_argument(h, c);
    case ARGUMENT_EQUAL:
        return in_argument_equal(h, c);
    case VALUE:
        return in_value(h, c);
    case COMMENT:
        return in_comment(h, c);
    case PROCESS:
        return in_process(h, c);
    case REFERENCE:
        return in_reference(h, c);
    case NUMBER:
        return in_number(h, c);
    case ENTITY:
        return in_entity(h, c);
    case DATA_TYPE:
    case DATA_BYTES:
        return in_data(h, c);
    }
    return true;
}

/* Bytes that in_text only lowers: nearly all of a page's text. */
static bool is_plain(uint8_t c)
{
    return c > ' ' && c < 0x80 && c != '<' && c != '&';
}

/* The inner loop: how many plain bytes begin s; lowered to both views. */
static size_t put_plain(struct html *h, struct ov_span s)
{
    uint8_t *code = h->nocomment.at;
    uint8_t *text = h->notags.at;
    size_t n = 0;

    while (n < s.len && is_plain(s.ptr[n])) {
        uint8_t c = ov_lower(s.ptr[n]);

        code[n] = c;
        text[n] = c;
        n++;
    }
    if (n > 0)
        h->is_spaced = false;
    h->nocomment.at += n;
    h->notags.at += n;
    return n;
}

/* The same for the inside of a comment: how many bytes can be passed over. */
static size_t comment_len(struct ov_span s)
{
    size_t end = ov_span_find_byte(s, '>', 0);

    return end == SIZE_MAX ? s.len : end;
}

static void walk(struct html *h, struct ov_span block)
{
    for (size_t i = 0; i < block.len; i++) {
        struct ov_span rest = ov_span_clip(block, i, block.len);
        uint8_t c;

        if (h->raw == RAW_NOT && h->pending == 0) {
            if (h->state == TEXT)
                i += put_plain(h, rest);
            else if (h->state == COMMENT)
                i += comment_len(rest);
            if (i == block.len)
                break;
        }
        c = block.ptr[i];
        if (c == '\r' || c == 0)
            continue;
        if (c == '\n')
            c = ' ';
        while (!step(h, c))
            ;
    }
}

static enum ov_status make_room(struct view *v, size_t len)
{
    size_t want = 2 * len + GROWTH_MAX;
    uint8_t *room = ov_buf_room(v->buf, want);

    if (room == NULL)
        return ov_buf_status(v->buf);
    v->at = room;
    return OV_OK;
}

static void end_block(struct view *v)
{
    v->buf->len = (size_t)(v->at - v->buf->ptr);
}

static void init(struct html *h, struct ov_html_views *into)
{
    h->nocomment.buf = &into->nocomment;
    h->notags.buf = &into->notags;
    h->script = &into->script;
    h->state = SKIP_SPACE;
    h->next = TEXT;
    h->tag = ov_word_over(h->tag_bytes, sizeof(h->tag_bytes));
    h->argument = ov_word_over(h->argument_bytes, sizeof(h->argument_bytes));
    h->value = ov_word_over(h->value_bytes, sizeof(h->value_bytes));
    h->entity = ov_word_over(h->entity_bytes, sizeof(h->entity_bytes));
    h->link = ov_word_over(h->link_bytes, sizeof(h->link_bytes));
}

enum ov_status ov_normal_html(struct ov_span html, struct ov_budget *budget,
                              struct ov_html_views *into)
{
    struct html h = {0};

    OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, html.len));
    init(&h, into);
    for (size_t at = 0; at < html.len; at += BLOCK) {
        struct ov_span block = ov_span_clip(html, at, BLOCK);

        OV_TRY(make_room(&h.nocomment, block.len));
        OV_TRY(make_room(&h.notags, block.len));
        walk(&h, block);
        if (at + block.len == html.len && h.state == ENTITY)
            end_entity(&h);
        end_block(&h.nocomment);
        end_block(&h.notags);
    }
    return OV_OK;
}
