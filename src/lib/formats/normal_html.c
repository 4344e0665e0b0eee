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
#include "formats/normal_html.h"

#include "formats/normal.h"
#include "formats/normal_script.h"

#define BLOCK ((size_t)16 << 10)
/* The longest that one byte can become: a dumped entity, "&#x0000;", a link's
 * address, pending bytes. */
#define GROWTH_MAX (OV_HTML_VALUE_MAX_LEN + 2 * OV_HTML_ENTITY_MAX_LEN + 64)

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Bytes from 128 up, three at a time. */

static void put_pending(struct ov_html *h)
{
    uint32_t p = h->pending;

    if (p == 0)
        return;
    for (int shift = 16; shift >= 0; shift -= 8) {
        if (p >> shift == 0)
            continue;
        ov_html_put_code(h, (uint8_t)(p >> shift));
        /* Where the last byte belongs comes the one before it. */
        if (h->state == OV_HTML_TEXT)
            ov_html_put(&h->notags, (uint8_t)(p >> (shift ? shift : 8)));
    }
    h->pending = 0;
}

static void add_pending(struct ov_html *h, uint8_t c)
{
    if (h->pending > 0xffff)
        put_pending(h);
    h->pending = h->pending << 8 | c;
}

/* States. Each gets one byte and tells whether it took it; if not, the state
 * it went to sees the byte again. */

static bool in_text(struct ov_html *h, uint8_t c)
{
    if (c >= 0x80) {
        add_pending(h, c);
        return true;
    }
    put_pending(h);
    if (c == '<') {
        ov_html_put_code(h, c);
        ov_html_put_gap(h);
        h->tag.len = 0;
        h->argument.len = 0;
        h->has_link = false;
        ov_html_skip_then(h, OV_HTML_TAG);
        return true;
    }
    if (is_space(c)) {
        ov_html_put_gap(h);
        h->state = OV_HTML_TRIM_SPACE;
        h->next = OV_HTML_TEXT;
        return false;
    }
    if (c == '&') {
        ov_html_put_gap(h);
        h->next = OV_HTML_TEXT;
        ov_html_go(h, OV_HTML_REFERENCE);
        return true;
    }
    c = ov_lower(c);
    ov_html_put_code(h, c == '\'' && h->raw != OV_HTML_RAW_NOT ? '"' : c);
    if (h->raw == OV_HTML_RAW_NOT && c < ' ') {
        ov_html_put_gap(h);
    } else if (h->raw == OV_HTML_RAW_NOT) {
        ov_html_put(&h->notags, c);
        h->is_spaced = false;
    }
    return true;
}

static bool in_skip_space(struct ov_html *h, uint8_t c)
{
    if (is_space(c))
        return true;
    ov_html_go(h, h->next);
    return false;
}

static bool in_trim_space(struct ov_html *h, uint8_t c)
{
    if (is_space(c))
        return true;
    if (h->raw == OV_HTML_RAW_NOT)
        ov_html_put_code(h, ' ');
    ov_html_go(h, h->next);
    return false;
}

/* The end of the script or style that we are in? */
static bool is_raw_end(const struct ov_html *h)
{
    return ov_word_is(&h->tag, "/script") ||
           (h->raw == OV_HTML_RAW_STYLE && ov_word_is(&h->tag, "/style"));
}

static bool in_tag(struct ov_html *h, uint8_t c)
{
    if (c == '!' && h->tag.len == 0) {
        /* What is in a script stays, else the "<" goes, too. */
        if (h->raw != OV_HTML_RAW_NOT)
            ov_html_put_code(h, c);
        else
            h->nocomment.at--;
        ov_html_go(h, OV_HTML_COMMENT);
        return true;
    }
    if (c == '>') {
        ov_html_put_code(h, c);
        ov_html_skip_then(h, OV_HTML_PROCESS);
        return true;
    }
    if (!is_space(c)) {
        ov_html_put_code(h, ov_lower(c));
        if (h->raw != OV_HTML_RAW_NOT && h->tag.len == 0 && c != '/')
            ov_html_go(h, OV_HTML_TEXT);
        ov_word_add(&h->tag, ov_lower(c));
        return true;
    }
    if (h->raw == OV_HTML_RAW_NOT) {
        ov_html_skip_then(h, OV_HTML_ARGUMENT);
        return false;
    }
    if (is_raw_end(h))
        h->raw = OV_HTML_RAW_NOT;
    ov_html_skip_then(h, OV_HTML_TEXT);
    return false;
}

/* Keeps the address that a link or a picture leads to. */
static void end_value(struct ov_html *h)
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

static void begin_value(struct ov_html *h)
{
    ov_html_put_code(h, '=');
    h->is_escaped = false;
    h->quote = 0;
    h->value.len = 0;
    ov_html_skip_then(h, OV_HTML_VALUE);
}

static bool in_argument(struct ov_html *h, uint8_t c)
{
    if (c == '=') {
        begin_value(h);
    } else if (is_space(c)) {
        ov_html_skip_then(h, OV_HTML_ARGUMENT_EQUAL);
    } else if (c == '>') {
        ov_html_put_code(h, c);
        ov_html_go(h, OV_HTML_PROCESS);
    } else {
        if (h->argument.len == 0)
            ov_html_put_code(h, ' ');
        ov_html_put_code(h, ov_lower(c));
        ov_word_add(&h->argument, ov_lower(c));
    }
    return true;
}

static bool in_argument_equal(struct ov_html *h, uint8_t c)
{
    if (c == '=') {
        begin_value(h);
        return true;
    }
    h->argument.len = 0;
    ov_html_go(h, OV_HTML_ARGUMENT);
    return false;
}

static void in_value_quote(struct ov_html *h, uint8_t c)
{
    bool is_end = h->value.len > 0 && !h->is_escaped && h->quote == c;

    ov_html_put_code(h, '"');
    if (h->value.len == 0)
        h->quote = c;
    ov_word_add(&h->value, '"');
    if (is_end) {
        end_value(h);
        ov_html_skip_then(h, OV_HTML_ARGUMENT);
    }
}

/* An address that holds the data itself is not part of the view. */
static bool is_data_address(const struct ov_html *h)
{
    return ov_word_is(&h->value, "data:") || ov_word_is(&h->value, "\"data:");
}

/* White space or ">" ends a value; the first within quotes only ends what the
 * quote means: the next one ends the value then. */
static bool in_value_break(struct ov_html *h, uint8_t c)
{
    if (h->quote == 0) {
        end_value(h);
        ov_html_skip_then(h, OV_HTML_ARGUMENT);
        return false;
    }
    ov_html_put_code(h, c);
    ov_word_add(&h->value, is_space(c) ? ' ' : c);
    h->quote = 0;
    h->is_escaped = false;
    ov_html_skip_then(h, OV_HTML_VALUE);
    return true;
}

static bool in_value(struct ov_html *h, uint8_t c)
{
    if (is_data_address(h)) {
        h->nocomment.at--;
        if (h->quote != 0)
            ov_html_put_code(h, '"');
        h->value.len = 0;
        ov_html_go(h, OV_HTML_DATA_TYPE);
        return false;
    }
    if (c >= 0x80) {
        add_pending(h, c);
        ov_word_add(&h->value, c);
        h->is_escaped = false;
        return true;
    }
    if (c == '&') {
        h->next = OV_HTML_VALUE;
        ov_html_go(h, OV_HTML_REFERENCE);
    } else if (c == '\'' || c == '"') {
        in_value_quote(h, c);
    } else if (is_space(c) || c == '>') {
        return in_value_break(h, c);
    } else {
        put_pending(h);
        ov_html_put_code(h, ov_lower(c));
        ov_word_add(&h->value, c);
    }
    h->is_escaped = c == '\\';
    return true;
}

static bool in_comment(struct ov_html *h, uint8_t c)
{
    if (h->raw != OV_HTML_RAW_NOT && !is_space(c))
        ov_html_put_code(h, c == '\'' ? '"' : ov_lower(c));
    if (c == '>')
        ov_html_skip_then(h, OV_HTML_TEXT);
    return true;
}

static bool in_process(struct ov_html *h, uint8_t c)
{
    (void)c;
    if (is_raw_end(h))
        h->raw = OV_HTML_RAW_NOT;
    else if (ov_word_is(&h->tag, "script"))
        h->raw = OV_HTML_RAW_SCRIPT;
    else if (ov_word_is(&h->tag, "style"))
        h->raw = OV_HTML_RAW_STYLE;
    else if (h->has_link && h->link.len > 0) {
        ov_html_put_all(&h->notags, ov_word_span(&h->link));
        ov_html_put(&h->notags, ' ');
        h->is_spaced = true;
    }
    ov_html_skip_then(h, OV_HTML_TEXT);
    return false;
}

/* data: addresses */

static bool in_data(struct ov_html *h, uint8_t c)
{
    bool is_end = h->quote != 0 ? c == '"' || c == '\'' : is_space(c);

    if (h->state == OV_HTML_DATA_TYPE && c == ',') {
        ov_html_go(h, OV_HTML_DATA_BYTES);
    } else if (h->state == OV_HTML_DATA_TYPE && (is_end || c == '>')) {
        h->argument.len = 0;
        ov_html_skip_then(h, OV_HTML_ARGUMENT);
        return c != '>';
    } else if (is_end) {
        ov_html_skip_then(h, OV_HTML_ARGUMENT);
    } else if (h->quote == 0 && c == '>') {
        ov_html_skip_then(h, OV_HTML_TEXT);
    }
    return true;
}

static bool step(struct ov_html *h, uint8_t c)
{
    switch (h->state) {
    case OV_HTML_TEXT:
        return in_text(h, c);
    case OV_HTML_SKIP_SPACE:
        return in_skip_space(h, c);
    case OV_HTML_TRIM_SPACE:
        return in_trim_space(h, c);
    case OV_HTML_TAG:
        return in_tag(h, c);
    case OV_HTML_ARGUMENT:
        return in_argument(h, c);
    case OV_HTML_ARGUMENT_EQUAL:
        return in_argument_equal(h, c);
    case OV_HTML_VALUE:
        return in_value(h, c);
    case OV_HTML_COMMENT:
        return in_comment(h, c);
    case OV_HTML_PROCESS:
        return in_process(h, c);
    case OV_HTML_REFERENCE:
        return ov_html_in_reference(h, c);
    case OV_HTML_NUMBER:
        return ov_html_in_number(h, c);
    case OV_HTML_ENTITY:
        return ov_html_in_named(h, c);
    case OV_HTML_DATA_TYPE:
    case OV_HTML_DATA_BYTES:
        return in_data(h, c);
    }
    return true;
}

/* Bytes that in_text only lowers: nearly all of a page's text. */
static bool is_plain(uint8_t c)
{
    return (uint8_t)(c - '!') < 0x80 - '!' && c != '<' && c != '&';
}

/* The inner loop: how many bytes of s are plain, or single spaces before
 * plain ones; written to both views. */
static size_t put_plain(struct ov_html *h, struct ov_span s)
{
    uint8_t *code = h->nocomment.at;
    uint8_t *text = h->notags.at;
    bool is_spaced = h->is_spaced;
    size_t n = 0;

    for (; n < s.len; n++) {
        uint8_t c = s.ptr[n];

        if (is_plain(c)) {
            c = ov_lower(c);
            *text++ = c;
            is_spaced = false;
        } else if ((c == ' ' || c == '\n') && n + 1 < s.len &&
                   is_plain(s.ptr[n + 1])) {
            c = ' ';
            *text = c;
            text += !is_spaced;
            is_spaced = true;
        } else {
            break;
        }
        *code++ = c;
    }
    h->is_spaced = is_spaced;
    h->nocomment.at = code;
    h->notags.at = text;
    return n;
}

/* The same within a value, behind what could be "data:". */
static size_t put_value(struct ov_html *h, struct ov_span s)
{
    size_t n = 0;

    while (n < s.len && (ov_is_alnum(s.ptr[n]) || s.ptr[n] == '/' ||
                         s.ptr[n] == '.' || s.ptr[n] == '-')) {
        ov_html_put_code(h, ov_lower(s.ptr[n]));
        ov_word_add(&h->value, s.ptr[n]);
        n++;
    }
    if (n > 0)
        h->is_escaped = false;
    return n;
}

/* The same for the inside of a comment: how many bytes can be passed over. */
static size_t comment_len(struct ov_span s)
{
    size_t end = ov_span_find_byte(s, '>', 0);

    return end == SIZE_MAX ? s.len : end;
}

/* One byte, however many states see it. What a script says is gathered. */
static void take_byte(struct ov_html *h, uint8_t c)
{
    while (!step(h, c))
        ;
    if (h->raw == OV_HTML_RAW_SCRIPT && h->state != OV_HTML_PROCESS &&
        h->next != OV_HTML_PROCESS)
        ov_put_u8(&h->source, c);
}

/* Writes the script that has ended. */
static enum ov_status end_script(struct ov_html *h, struct ov_budget *budget)
{
    struct ov_span source = ov_buf_span(&h->source);
    struct ov_span mark = OV_SPAN_LIT("</");
    enum ov_status status = ov_buf_status(&h->source);

    /* The end tag has come with it. */
    for (size_t n = 2; n <= source.len && n < OV_HTML_NAME_MAX_LEN; n++) {
        if (ov_span_has_at(source, source.len - n, mark)) {
            source.len -= n;
            break;
        }
    }
    if (status == OV_OK)
        status = ov_normal_script(source, budget, h->script);
    ov_buf_clear(&h->source);
    return status;
}

static enum ov_status walk(struct ov_html *h, struct ov_span block,
                           struct ov_budget *budget)
{
    for (size_t i = 0; i < block.len; i++) {
        struct ov_span rest = ov_span_clip(block, i, block.len);
        enum ov_html_raw before = h->raw;
        uint8_t c;

        if (h->raw == OV_HTML_RAW_NOT && h->pending == 0) {
            if (h->state == OV_HTML_TEXT)
                i += put_plain(h, rest);
            else if (h->state == OV_HTML_COMMENT)
                i += comment_len(rest);
            else if (h->state == OV_HTML_VALUE && h->value.len > 6)
                i += put_value(h, rest);
            if (i == block.len)
                break;
        }
        c = block.ptr[i];
        if (c == '\r' || c == 0)
            continue;
        take_byte(h, c == '\n' ? ' ' : c);
        if (before == OV_HTML_RAW_SCRIPT && h->raw != OV_HTML_RAW_SCRIPT)
            OV_TRY(end_script(h, budget));
    }
    return OV_OK;
}

static enum ov_status make_room(struct ov_html_view *v, size_t len)
{
    size_t want = 2 * len + GROWTH_MAX;
    uint8_t *room = ov_buf_room(v->buf, want);

    if (room == NULL)
        return ov_buf_status(v->buf);
    v->at = room;
    return OV_OK;
}

static void end_block(struct ov_html_view *v)
{
    v->buf->len = (size_t)(v->at - v->buf->ptr);
}

static void init(struct ov_html *h, struct ov_html_views *into)
{
    h->nocomment.buf = &into->nocomment;
    h->notags.buf = &into->notags;
    h->script = &into->script;
    h->source = ov_buf_with_max(into->script.max);
    h->state = OV_HTML_SKIP_SPACE;
    h->next = OV_HTML_TEXT;
    h->tag = ov_word_over(h->tag_bytes, sizeof(h->tag_bytes));
    h->argument = ov_word_over(h->argument_bytes, sizeof(h->argument_bytes));
    h->value = ov_word_over(h->value_bytes, sizeof(h->value_bytes));
    h->entity = ov_word_over(h->entity_bytes, sizeof(h->entity_bytes));
    h->link = ov_word_over(h->link_bytes, sizeof(h->link_bytes));
}

enum ov_status ov_normal_html(struct ov_span html, struct ov_budget *budget,
                              struct ov_html_views *into)
{
    struct ov_html h = {0};
    enum ov_status status = OV_OK;

    OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, html.len));
    init(&h, into);
    for (size_t at = 0; at < html.len && status == OV_OK; at += BLOCK) {
        struct ov_span block = ov_span_clip(html, at, BLOCK);

        OV_TRY(make_room(&h.nocomment, block.len));
        OV_TRY(make_room(&h.notags, block.len));
        status = walk(&h, block, budget);
        if (at + block.len == html.len && h.state == OV_HTML_ENTITY)
            ov_html_end_reference(&h);
        end_block(&h.nocomment);
        end_block(&h.notags);
    }
    if (status == OV_OK && h.raw == OV_HTML_RAW_SCRIPT)
        status = end_script(&h, budget);
    ov_buf_done(&h.source);
    return status;
}
