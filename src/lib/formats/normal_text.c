/* SPDX-License-Identifier: Apache-2.0
 *
 * The normalised view of plain text (ClamAV's target 7), and UTF-16 made into
 * bytes before it.
 *
 * Each byte has one action, from a table: copied, lowered, part of white space
 * or dropped. What a byte becomes depends only on itself and on whether a space
 * was written last. "Eine  \r\n\x01 ZEILE" becomes "eine zeile".
 *
 * The table was found by asking `sigtool --ascii-normalise` about each of the
 * 256 bytes; tests/oracle compares the two on random text. */
#include "base/reader.h"
#include "formats/normal.h"

#define BLOCK ((size_t)64 << 10)

/* What each byte becomes: 0 nothing, ' ' a space unless one was last, else
 * that byte. */
static void fill_table(uint8_t table[static 256])
{
    for (unsigned i = 0; i < 128; i++)
        table[i] = i < ' ' ? 0 : ov_lower((uint8_t)i);
    for (unsigned i = 128; i < 256; i++)
        table[i] = 0;
    for (unsigned i = '\t'; i <= '\r'; i++)
        table[i] = ' ';
}

/* The inner loop: writes without asking whether a byte counts, and moves on
 * only if it does. Returns how many were written; last is the byte before. */
static size_t squeeze(const uint8_t table[static 256], struct ov_span in,
                      uint8_t *out, uint8_t last)
{
    size_t n = 0;

    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = table[in.ptr[i]];
        bool is_written = c != 0 && (c != ' ' || last != ' ');

        out[n] = c;
        n += is_written;
        last = c != 0 ? c : last;
    }
    return n;
}

enum ov_status ov_normal_text(struct ov_span text, struct ov_budget *budget,
                              struct ov_buf *into)
{
    uint8_t table[256];
    uint8_t last = 0;

    OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, text.len));
    fill_table(table);
    for (size_t at = 0; at < text.len; at += BLOCK) {
        struct ov_span block = ov_span_clip(text, at, BLOCK);
        uint8_t *room;

        if (block.len > into->max - into->len)
            block.len = into->max - into->len;
        room = ov_buf_room(into, block.len);
        if (room == NULL)
            return ov_buf_status(into);
        ov_buf_added(into, squeeze(table, block, room, last));
        if (block.len < BLOCK && at + block.len < text.len)
            return OV_LIMIT_SIZE;
        if (into->len > 0)
            last = (uint8_t)ov_span_byte(ov_buf_span(into), into->len - 1);
    }
    return OV_OK;
}

enum ov_status ov_normal_utf16(struct ov_span text, bool is_big_endian,
                               struct ov_budget *budget, struct ov_buf *into)
{
    struct ov_reader r = ov_reader_over(text);
    uint16_t mark = 0;

    OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, text.len));
    if (ov_span_u16be(text, 0, &mark) && (mark == 0xfeff || mark == 0xfffe)) {
        is_big_endian = mark == 0xfeff;
        ov_reader_skip(&r, 2);
    }
    while (r.all.len - r.at >= 2) {
        uint16_t c = is_big_endian ? ov_read_u16be(&r) : ov_read_u16le(&r);

        if (c < 0x80)
            ov_put_u8(into, (uint8_t)c);
        OV_TRY(ov_buf_status(into));
    }
    return OV_OK;
}
