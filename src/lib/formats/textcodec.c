/* SPDX-License-Identifier: Apache-2.0
 *
 * base64, quoted-printable, uuencode, hexadecimal and ASCII85.
 *
 * Each codec is a small machine that takes input in blocks and keeps what is
 * left of a group between them; none writes more than OUT_PER_IN bytes for one
 * of input (only ASCII85's "z" writes more than it reads). Libraries for these
 * stop at what is not in the alphabet; malware puts it there for that reason.
 *
 * Formats: RFC 4648, RFC 2045, POSIX.1-2017 uuencode, ISO 32000-1 7.4.2 and
 * 7.4.3. */
#include "formats/textcodec.h"

#include "base/reader.h"
#include "base/text.h"
#include "formats/codec.h"

#define BLOCK ((size_t)8 << 10)
#define OUT_PER_IN 4
/* What a block may write for bytes of the block before. */
#define OUT_BEFORE 16

struct machine {
    uint32_t bits;
    unsigned n; /* of characters in bits */
    bool is_over;
    uint8_t *out;
    uint8_t table[256];
};

static void put(struct machine *m, uint32_t byte)
{
    *m->out++ = (uint8_t)byte;
}

/* base64 */

#define NOT_BASE64 0x40
#define PADDING 0x80

static void start_base64(struct machine *m)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                   "qrstuvwxyz0123456789+/";

    memset(m->table, NOT_BASE64, sizeof(m->table));
    for (unsigned i = 0; i < 64; i++)
        m->table[(uint8_t)alphabet[i]] = (uint8_t)i;
    m->table['='] = PADDING;
}

static void flush_base64(struct machine *m)
{
    if (m->n >= 2)
        put(m, m->bits >> (m->n == 2 ? 4 : 10));
    if (m->n == 3)
        put(m, m->bits >> 2);
    m->n = 0;
    m->bits = 0;
}

static void add_base64(struct machine *m, uint8_t c)
{
    uint8_t value = m->table[c];

    if (value == PADDING)
        flush_base64(m);
    if (value >= NOT_BASE64)
        return;
    m->bits = m->bits << 6 | value;
    if (++m->n < 4)
        return;
    put(m, m->bits >> 16);
    put(m, m->bits >> 8);
    put(m, m->bits);
    m->n = 0;
    m->bits = 0;
}

/* The inner loop: whole groups without white space in them. */
static size_t add_base64_groups(struct machine *m, struct ov_span s)
{
    const uint8_t *p = s.ptr;
    size_t i = 0;

    while (s.len - i >= 4) {
        uint32_t a = m->table[p[i]];
        uint32_t b = m->table[p[i + 1]];
        uint32_t c = m->table[p[i + 2]];
        uint32_t d = m->table[p[i + 3]];
        uint32_t bits = a << 18 | b << 12 | c << 6 | d;

        if ((a | b | c | d) >= NOT_BASE64)
            break;
        put(m, bits >> 16);
        put(m, bits >> 8);
        put(m, bits);
        i += 4;
    }
    return i;
}

static void block_base64(struct machine *m, struct ov_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (m->n == 0)
            i += add_base64_groups(m, ov_span_clip(s, i, s.len));
        if (i < s.len)
            add_base64(m, s.ptr[i]);
    }
}

/* Quoted-printable: n counts the characters behind "=". */

static void add_quoted(struct machine *m, uint8_t c)
{
    int digit = ov_hex_digit(c);

    if (m->n == 0) {
        if (c == '=')
            m->n = 1;
        else
            put(m, c);
    } else if (c == '\n') {
        m->n = 0;
    } else if (m->n == 1 && (c == '\r' || c == ' ' || c == '\t')) {
        return;
    } else if (digit < 0) {
        put(m, '=');
        if (m->n == 2)
            put(m, m->bits);
        m->n = 0;
        put(m, c);
    } else if (m->n == 1) {
        m->bits = c;
        m->n = 2;
    } else {
        put(m, (uint32_t)(ov_hex_digit((uint8_t)m->bits) << 4 | digit));
        m->n = 0;
    }
}

static void block_quoted(struct machine *m, struct ov_span s)
{
    for (size_t i = 0; i < s.len; i++)
        add_quoted(m, s.ptr[i]);
}

/* Hexadecimal */

static void flush_hex(struct machine *m)
{
    if (m->n == 1)
        put(m, m->bits << 4);
}

static void block_hex(struct machine *m, struct ov_span s)
{
    for (size_t i = 0; i < s.len && !m->is_over; i++) {
        int digit = ov_hex_digit(s.ptr[i]);

        m->is_over = s.ptr[i] == '>';
        if (digit < 0)
            continue;
        if (m->n == 1)
            put(m, m->bits << 4 | (uint32_t)digit);
        m->bits = (uint32_t)digit;
        m->n ^= 1;
    }
}

/* ASCII85: five characters are a number to the base 85, four bytes. */

static void flush_ascii85(struct machine *m)
{
    unsigned n = m->n;

    if (n < 2)
        return;
    for (unsigned i = n; i < 5; i++)
        m->bits = m->bits * 85 + 84;
    for (unsigned i = 0; i + 1 < n; i++)
        put(m, m->bits >> (24 - 8 * i));
}

static void block_ascii85(struct machine *m, struct ov_span s)
{
    for (size_t i = 0; i < s.len && !m->is_over; i++) {
        uint8_t c = s.ptr[i];

        m->is_over = c == '~';
        if (c == 'z' && m->n == 0) {
            for (int zero = 0; zero < 4; zero++)
                put(m, 0);
        }
        if (c < '!' || c > 'u')
            continue;
        m->bits = m->bits * 85 + (uint32_t)(c - '!');
        if (++m->n == 5) {
            flush_ascii85(m);
            m->n = 0;
            m->bits = 0;
        }
    }
}

static void flush_quoted(struct machine *m)
{
    if (m->n == 2) {
        put(m, '=');
        put(m, m->bits);
    }
}

static void start_nothing(struct machine *m)
{
    (void)m;
}

static const struct {
    void (*start)(struct machine *m);
    void (*block)(struct machine *m, struct ov_span s);
    void (*flush)(struct machine *m);
} machines[OV_N_TEXTCODECS] = {
    [OV_TEXT_BASE64] = {start_base64, block_base64, flush_base64},
    [OV_TEXT_QUOTED] = {start_nothing, block_quoted, flush_quoted},
    [OV_TEXT_HEX] = {start_nothing, block_hex, flush_hex},
    [OV_TEXT_ASCII85] = {start_nothing, block_ascii85, flush_ascii85},
};

/* uuencode: lines that begin with their length. */

bool ov_next_line(struct ov_span *rest, struct ov_span *ret_line)
{
    if (rest->len == 0)
        return false;
    (void)ov_span_cut(rest, '\n', ret_line);
    if (ov_span_ends(*ret_line, OV_SPAN_LIT("\r")))
        ret_line->len--;
    return true;
}

bool ov_is_uu_begin(struct ov_span line, struct ov_span *ret_name)
{
    struct ov_span word;

    if (!ov_span_starts(line, OV_SPAN_LIT("begin ")))
        return false;
    line = ov_span_clip(line, 6, line.len);
    if (!ov_span_cut(&line, ' ', &word) || word.len < 3 || word.len > 4)
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (!ov_is_digit((uint8_t)ov_span_byte(word, i)))
            return false;
    *ret_name = line;
    return true;
}

static uint32_t uu_value(struct ov_span line, size_t at)
{
    int c = ov_span_byte(line, at);

    return c < 0 ? 0 : (uint32_t)(c - ' ') & 0x3f;
}

static enum ov_status decode_uu_line(struct ov_span line,
                                     struct ov_budget *budget,
                                     struct ov_buf *into)
{
    uint8_t bytes[64];
    uint32_t len = uu_value(line, 0);

    for (size_t i = 0; i < len; i += 3) {
        size_t at = 1 + i / 3 * 4;
        uint32_t bits = uu_value(line, at) << 18 |
                        uu_value(line, at + 1) << 12 |
                        uu_value(line, at + 2) << 6 | uu_value(line, at + 3);

        bytes[i] = (uint8_t)(bits >> 16);
        if (i + 2 < sizeof(bytes)) {
            bytes[i + 1] = (uint8_t)(bits >> 8);
            bytes[i + 2] = (uint8_t)bits;
        }
    }
    return ov_produce(into, budget, ov_span_of(bytes, len));
}

static enum ov_status decode_uu(struct ov_span in, struct ov_budget *budget,
                                struct ov_buf *into)
{
    struct ov_span line;
    struct ov_span name;
    bool is_begun = false;

    OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, in.len));
    while (ov_next_line(&in, &line)) {
        if (!is_begun && (line.len == 0 || ov_is_uu_begin(line, &name))) {
            is_begun = line.len != 0;
            continue;
        }
        if (ov_span_equal(line, OV_SPAN_LIT("end")))
            break;
        is_begun = true;
        if (line.len == 0)
            continue;
        if (uu_value(line, 0) == 0)
            break;
        OV_TRY(decode_uu_line(line, budget, into));
    }
    return OV_OK;
}

enum ov_status ov_decode_text(enum ov_textcodec codec, struct ov_span in,
                              struct ov_budget *budget, struct ov_buf *into)
{
    struct machine m = {0};
    uint8_t *scratch;
    OV_AUTO_PTR uint8_t *block_out = NULL;

    if (codec == OV_TEXT_PLAIN)
        return ov_produce(into, budget, in);
    if (codec == OV_TEXT_UUENCODE)
        return decode_uu(in, budget, into);
    OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, in.len));
    scratch = block_out = ov_alloc(OUT_PER_IN * BLOCK + OUT_BEFORE);
    if (scratch == NULL)
        return OV_NO_MEMORY;
    machines[codec].start(&m);
    for (size_t at = 0; at <= in.len && !m.is_over; at += BLOCK) {
        struct ov_span block = ov_span_clip(in, at, BLOCK);

        m.out = scratch;
        machines[codec].block(&m, block);
        if (m.is_over || in.len - at < BLOCK)
            machines[codec].flush(&m);
        OV_TRY(ov_produce(into, budget,
                          ov_span_of(scratch, (size_t)(m.out - scratch))));
    }
    return OV_OK;
}
