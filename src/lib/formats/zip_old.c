/* SPDX-License-Identifier: Apache-2.0
 *
 * Deflate64 and Implode, which no library at hand reads.
 *
 * Both are matches in a window and prefix codes. A code is kept as the number
 * of symbols of each length and the symbols in code order: a code is decoded
 * bit by bit, by counting (canonical codes). That is slow and small, and right
 * for methods that hardly any archive uses.
 *
 * Format: PKWARE APPNOTE.TXT 6.3.10, sections 5.3 (implode) and 5.5; RFC 1951
 * for what deflate64 shares with deflate. */
#include "formats/zip_old.h"

#include "base/reader.h"
#include "formats/codec.h"

#define WINDOW ((size_t)64 << 10)
#define CODE_BITS_MAX 16
#define SYMBOLS_MAX 288
#define N_LENGTHS 286
#define N_DISTANCES 32
#define END_OF_BLOCK 256
#define STEPS_PER_BYTE 8
#define FLAG_LARGE_WINDOW 2
#define FLAG_LITERALS 4

struct code {
    uint16_t count[CODE_BITS_MAX + 1];
    uint16_t symbol[SYMBOLS_MAX];
};

struct unpacking {
    struct ov_reader r;
    uint32_t bits;
    unsigned n_bits;
    uint32_t invert; /* 1: codes are written with their bits inverted */
    struct ov_budget *budget;
    struct ov_buf *into;
    uint64_t made;
    size_t at; /* in window */
    uint8_t window[WINDOW];
};

static uint32_t take_bits(struct unpacking *u, unsigned n)
{
    uint32_t value;

    while (u->n_bits < n) {
        u->bits |= (uint32_t)ov_read_u8(&u->r) << u->n_bits;
        u->n_bits += 8;
    }
    value = u->bits & ((1u << n) - 1);
    u->bits >>= n;
    u->n_bits -= n;
    return value;
}

/* Symbols of n lengths in code order. */
static void make_code(struct code *c, const uint8_t *lengths, size_t n)
{
    uint16_t next[CODE_BITS_MAX + 2] = {0};

    memset(c, 0, sizeof(*c));
    for (size_t i = 0; i < n; i++)
        c->count[lengths[i]]++;
    c->count[0] = 0;
    for (size_t i = 1; i <= CODE_BITS_MAX; i++)
        next[i + 1] = (uint16_t)(next[i] + c->count[i]);
    for (size_t i = 0; i < n; i++)
        if (lengths[i] != 0)
            c->symbol[next[lengths[i]]++] = (uint16_t)i;
}

/* The next symbol; the reader fails if there is no such code. */
static unsigned take_symbol(struct unpacking *u, const struct code *c)
{
    uint32_t code = 0;
    uint32_t first = 0;
    uint32_t index = 0;

    for (unsigned len = 1; len <= CODE_BITS_MAX; len++) {
        uint32_t count = c->count[len];

        code |= take_bits(u, 1) ^ u->invert;
        if (code < first + count)
            return c->symbol[index + code - first];
        index += count;
        first = (first + count) << 1;
        code <<= 1;
    }
    ov_reader_require(&u->r, false, OV_MALFORMED);
    return 0;
}

static enum ov_status flush(struct unpacking *u)
{
    struct ov_span s = ov_span_of(u->window, u->at);

    u->at = 0;
    OV_TRY(ov_budget_spend(u->budget, OV_COST_STEPS, STEPS_PER_BYTE * s.len));
    return ov_produce(u->into, u->budget, s);
}

static enum ov_status put(struct unpacking *u, uint8_t byte)
{
    u->window[u->at++] = byte;
    u->made++;
    return u->at == WINDOW ? flush(u) : OV_OK;
}

static enum ov_status copy(struct unpacking *u, uint32_t back, uint32_t len)
{
    if (back > WINDOW || back > u->made)
        return OV_MALFORMED;
    while (len-- > 0)
        OV_TRY(put(u, u->window[(u->at - back) & (WINDOW - 1)]));
    return OV_OK;
}

/* What has been unpacked goes out whatever ended the work. */
static enum ov_status finish(struct unpacking *u, enum ov_status status)
{
    enum ov_status flushed = flush(u);

    if (status == OV_OK)
        status = ov_reader_status(&u->r);
    return status != OV_OK ? status : flushed;
}

static enum ov_status begin(struct ov_span in, struct ov_budget *budget,
                            struct ov_buf *into, struct unpacking **ret)
{
    struct unpacking *u = ov_alloc(sizeof(*u));

    if (u == NULL)
        return OV_NO_MEMORY;
    u->r = ov_reader_over(in);
    u->budget = budget;
    u->into = into;
    *ret = u;
    return OV_OK;
}

/* Deflate64 */

/* RFC 1951, 3.2.5; the last length has 16 extra bits here, and distances go on
 * to 64 KB. */
static void length_of(unsigned symbol, uint32_t *ret_base, unsigned *ret_extra)
{
    unsigned i = symbol - END_OF_BLOCK - 1;

    *ret_extra = i < 8 ? 0 : (i - 4) / 4;
    *ret_base = i < 8 ? 3 + i : 3 + ((4 + i % 4) << *ret_extra);
    if (symbol == N_LENGTHS - 1) {
        *ret_extra = 16;
        *ret_base = 3;
    }
}

static void distance_of(unsigned symbol, uint32_t *ret_base,
                        unsigned *ret_extra)
{
    *ret_extra = symbol < 4 ? 0 : symbol / 2 - 1;
    *ret_base = symbol < 4 ? 1 + symbol : 1 + ((2 + symbol % 2) << *ret_extra);
}

static enum ov_status inflate_codes(struct unpacking *u,
                                    const struct code *lengths,
                                    const struct code *distances)
{
    while (ov_reader_status(&u->r) == OV_OK) {
        unsigned symbol = take_symbol(u, lengths);
        unsigned extra;
        uint32_t len;
        uint32_t back;

        if (ov_reader_status(&u->r) != OV_OK || symbol == END_OF_BLOCK)
            break;
        if (symbol < END_OF_BLOCK) {
            OV_TRY(put(u, (uint8_t)symbol));
            continue;
        }
        if (symbol >= N_LENGTHS)
            return OV_MALFORMED;
        length_of(symbol, &len, &extra);
        len += take_bits(u, extra);
        distance_of(take_symbol(u, distances), &back, &extra);
        back += take_bits(u, extra);
        OV_TRY(ov_reader_status(&u->r));
        OV_TRY(copy(u, back, len));
    }
    return ov_reader_status(&u->r);
}

static enum ov_status inflate_fixed(struct unpacking *u)
{
    uint8_t lengths[SYMBOLS_MAX];
    uint8_t distances[N_DISTANCES];
    struct code l;
    struct code d;

    for (unsigned i = 0; i < SYMBOLS_MAX; i++)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    memset(distances, 5, sizeof(distances));
    make_code(&l, lengths, SYMBOLS_MAX);
    make_code(&d, distances, N_DISTANCES);
    return inflate_codes(u, &l, &d);
}

/* Runs of code lengths (RFC 1951, 3.2.7). */
static enum ov_status take_lengths(struct unpacking *u, const struct code *c,
                                   uint8_t *lengths, size_t n)
{
    size_t i = 0;

    while (i < n) {
        unsigned symbol = take_symbol(u, c);
        unsigned repeat = 1;
        uint8_t value = (uint8_t)symbol;

        OV_TRY(ov_reader_status(&u->r));
        if (symbol == 16) {
            if (i == 0)
                return OV_MALFORMED;
            value = lengths[i - 1];
            repeat = 3 + take_bits(u, 2);
        } else if (symbol > 16) {
            value = 0;
            repeat = symbol == 17 ? 3 + take_bits(u, 3) : 11 + take_bits(u, 7);
        }
        if (repeat > n - i)
            return OV_MALFORMED;
        while (repeat-- > 0)
            lengths[i++] = value;
    }
    return OV_OK;
}

static enum ov_status inflate_dynamic(struct unpacking *u)
{
    static const uint8_t order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                    11, 4,  12, 3, 13, 2, 14, 1, 15};
    uint8_t lengths[SYMBOLS_MAX + N_DISTANCES] = {0};
    struct code l;
    struct code d;
    unsigned n_lengths = 257 + take_bits(u, 5);
    unsigned n_distances = 1 + take_bits(u, 5);
    unsigned n_codes = 4 + take_bits(u, 4);

    for (unsigned i = 0; i < n_codes; i++)
        lengths[order[i]] = (uint8_t)take_bits(u, 3);
    OV_TRY(ov_reader_status(&u->r));
    make_code(&l, lengths, sizeof(order));
    memset(lengths, 0, sizeof(lengths));
    OV_TRY(take_lengths(u, &l, lengths, n_lengths + n_distances));
    make_code(&d, lengths + n_lengths, n_distances);
    make_code(&l, lengths, n_lengths);
    return inflate_codes(u, &l, &d);
}

static enum ov_status inflate_stored(struct unpacking *u)
{
    uint32_t len;

    (void)take_bits(u, u->n_bits % 8);
    len = take_bits(u, 16);
    if ((take_bits(u, 16) ^ len) != 0xffff)
        return OV_MALFORMED;
    while (len-- > 0) {
        uint8_t byte = (uint8_t)take_bits(u, 8);

        OV_TRY(ov_reader_status(&u->r));
        OV_TRY(put(u, byte));
    }
    return ov_reader_status(&u->r);
}

static enum ov_status inflate_blocks(struct unpacking *u)
{
    bool is_last = false;

    while (!is_last) {
        uint32_t type;

        is_last = take_bits(u, 1) != 0;
        type = take_bits(u, 2);
        OV_TRY(ov_reader_status(&u->r));
        OV_TRY(ov_budget_spend(u->budget, OV_COST_STEPS, SYMBOLS_MAX));
        if (type == 3)
            return OV_MALFORMED;
        OV_TRY(type == 0   ? inflate_stored(u)
               : type == 1 ? inflate_fixed(u)
                           : inflate_dynamic(u));
    }
    return OV_OK;
}

enum ov_status ov_inflate64(struct ov_span in, struct ov_budget *budget,
                            struct ov_buf *into)
{
    OV_AUTO_PTR struct unpacking *u = NULL;

    OV_TRY(begin(in, budget, into, &u));
    return finish(u, inflate_blocks(u));
}

/* Implode */

/* APPNOTE 5.3.7: bytes of (count - 1) << 4 | (bits - 1). */
static enum ov_status take_tree(struct unpacking *u, struct code *c, size_t n)
{
    uint8_t lengths[256] = {0};
    unsigned n_bytes = ov_read_u8(&u->r) + 1u;
    size_t i = 0;

    while (n_bytes-- > 0) {
        uint8_t byte = ov_read_u8(&u->r);
        unsigned count = (byte >> 4) + 1u;

        OV_TRY(ov_reader_status(&u->r));
        if (count > n - i)
            return OV_MALFORMED;
        while (count-- > 0)
            lengths[i++] = (uint8_t)((byte & 15) + 1);
    }
    if (i != n)
        return OV_MALFORMED;
    make_code(c, lengths, n);
    return OV_OK;
}

struct implode_codes {
    struct code literal;
    struct code length;
    struct code distance;
};

static enum ov_status explode_one(struct unpacking *u,
                                  const struct implode_codes *c, uint16_t flags)
{
    bool has_literals = (flags & FLAG_LITERALS) != 0;
    unsigned low_bits = (flags & FLAG_LARGE_WINDOW) ? 7 : 6;
    uint32_t low;
    uint32_t back;
    uint32_t len;

    if (take_bits(u, 1) != 0) {
        unsigned byte =
            has_literals ? take_symbol(u, &c->literal) : take_bits(u, 8);

        OV_TRY(ov_reader_status(&u->r));
        return put(u, (uint8_t)byte);
    }
    low = take_bits(u, low_bits);
    back = (take_symbol(u, &c->distance) << low_bits | low) + 1;
    len = take_symbol(u, &c->length);
    if (len == 63)
        len += take_bits(u, 8);
    OV_TRY(ov_reader_status(&u->r));
    /* What lies before the beginning counts as zeros. */
    len += has_literals ? 3 : 2;
    while (back > u->made && len > 0) {
        OV_TRY(put(u, 0));
        len--;
    }
    return len > 0 ? copy(u, back, len) : OV_OK;
}

static enum ov_status explode_all(struct unpacking *u, uint16_t flags,
                                  uint64_t real_size)
{
    struct implode_codes c;

    if (flags & FLAG_LITERALS)
        OV_TRY(take_tree(u, &c.literal, 256));
    OV_TRY(take_tree(u, &c.length, 64));
    OV_TRY(take_tree(u, &c.distance, 64));
    u->invert = 1;
    while (u->made < real_size)
        OV_TRY(explode_one(u, &c, flags));
    return OV_OK;
}

enum ov_status ov_explode(struct ov_span in, uint16_t flags, uint64_t real_size,
                          struct ov_budget *budget, struct ov_buf *into)
{
    OV_AUTO_PTR struct unpacking *u = NULL;

    OV_TRY(begin(in, budget, into, &u));
    return finish(u, explode_all(u, flags, real_size));
}
