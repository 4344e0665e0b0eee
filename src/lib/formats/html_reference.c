/* SPDX-License-Identifier: Apache-2.0
 *
 * References to characters in HTML, "&#65;", "&#x41;", "&amp;": the three
 * states of normal_html.c that read them. What is no reference stays as it is;
 * a number without its semicolon counts, and is not made lower case. */
#include "formats/html_entity.h"
#include "formats/normal_html.h"

bool ov_html_in_reference(struct ov_html *h, uint8_t c)
{
    h->entity.len = 0;
    h->number = 0;
    h->is_hex = false;
    if (c == '#') {
        ov_html_go(h, OV_HTML_NUMBER);
        return true;
    }
    ov_html_go(h, OV_HTML_ENTITY);
    return false;
}

/* As clamscan writes a character: one byte, or its number in hexadecimal. */
static void put_character(struct ov_html *h, uint32_t character)
{
    static const char digits[] = "0123456789abcdef";

    character &= 0xffff;
    if (h->next == OV_HTML_VALUE)
        ov_word_add(&h->value, (uint8_t)character);
    if (character < 0x80) {
        ov_html_put_code(h, ov_lower((uint8_t)character));
    } else if (character < 0xff) {
        ov_html_put_code(h, (uint8_t)character);
    } else {
        ov_html_put_all(&h->nocomment, OV_SPAN_LIT("&#x"));
        for (int shift = 12; shift >= 0; shift -= 4)
            ov_html_put_code(h, (uint8_t)digits[character >> shift & 15]);
        ov_html_put_code(h, ';');
    }
}

bool ov_html_in_number(struct ov_html *h, uint8_t c)
{
    uint8_t low = ov_lower(c);

    if (low == 'x' && h->number == 0) {
        h->is_hex = true;
    } else if (c == ';') {
        put_character(h, h->number);
        ov_html_go(h, h->next);
    } else if (ov_is_digit(c)) {
        h->number = h->number * (h->is_hex ? 16 : 10) + c - '0';
    } else if (h->is_hex && low >= 'a' && low <= 'f') {
        h->number = h->number * 16 + low - 'a' + 10;
    } else {
        ov_html_put_code(h, (uint8_t)h->number);
        ov_html_go(h, h->next);
        return false;
    }
    return true;
}

/* What is no known entity stays as it is. */
static void put_reference(struct ov_html *h, uint8_t c)
{
    ov_html_put_code(h, ov_lower(c));
    if (h->next == OV_HTML_VALUE)
        ov_word_add(&h->value, c);
}

static void put_entity_as_is(struct ov_html *h)
{
    struct ov_span name = ov_word_span(&h->entity);

    put_reference(h, '&');
    for (size_t i = 0; i < name.len; i++)
        put_reference(h, (uint8_t)ov_span_byte(name, i));
}

void ov_html_end_reference(struct ov_html *h)
{
    uint32_t character = ov_html_entity(ov_word_span(&h->entity));

    if (character != 0)
        put_character(h, character);
    else
        put_entity_as_is(h);
}

bool ov_html_in_named(struct ov_html *h, uint8_t c)
{
    if (c == ';') {
        ov_html_end_reference(h);
        if (ov_html_entity(ov_word_span(&h->entity)) == 0)
            put_reference(h, c);
        ov_html_go(h, h->next);
        return true;
    }
    if ((ov_is_alnum(c) || c == '_' || c == ':' || c == '-') &&
        h->entity.len < OV_HTML_ENTITY_MAX_LEN) {
        ov_word_add(&h->entity, c);
        return true;
    }
    put_entity_as_is(h);
    ov_html_go(h, h->next);
    return false;
}
