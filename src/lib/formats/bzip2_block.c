/* SPDX-License-Identifier: Apache-2.0
 *
 * One block of bzip2, from bits to bytes.
 *
 * A block is Huffman codes (groups of 50 symbols, each with one of up to six
 * tables) of a move-to-front list with runs, of a Burrows-Wheeler transform, of
 * runs of equal bytes. Undoing the transform follows a chain through megabytes,
 * where each step waits for memory that the caches do not hold; two chains at a
 * time wait together. That, tables that tell a short code in one look, and sums
 * over eight bytes at a time, is what makes it faster than the library.
 *
 * Only what is unmistakable is taken: codes of which one could be read as
 * another, more selectors than a block can use, and codes that nothing was
 * given to are not sound here, and the library says what it makes of them.
 *
 * Format: Julian Seward's bzip2 1.0 has no specification of its own; its
 * manual, and "BZIP2 Format Specification" by Joe Tsai (2016). */
#include "formats/bzip2_block.h"

#include "base/assert.h"
#include "formats/codec.h"

#define N_GROUPS_MAX 6
#define N_GROUPS_MIN 2
#define GROUP_LEN 50
#define N_SELECTORS_MAX 18002
#define N_SYMBOLS_MAX 258
#define CODE_MAX 20
#define FAST_BITS 10
#define RUN_A 0
#define RUN_B 1
#define RUN_WEIGHT_MAX ((uint32_t)1 << 21)
#define RUN_MIN 4 /* so many equal bytes are followed by a count */

struct table {
    uint16_t fast[1 << FAST_BITS]; /* length << 12 | symbol; 0: longer */
    uint32_t limit[CODE_MAX + 2];  /* first code behind those of a length */
    uint32_t base[CODE_MAX + 2];   /* of a length's symbols, less its first */
    uint16_t symbols[N_SYMBOLS_MAX];
};

struct ov_bzip2_block {
    uint32_t max_len;
    uint32_t len;
    uint32_t origin; /* where the chain begins */
    uint32_t sum;
    uint32_t n_symbols;
    uint32_t n_tables;
    uint32_t n_selectors;
    uint32_t counts[256]; /* how often a byte is in the block */
    uint8_t front[256];   /* the move-to-front list */
    uint8_t selectors[N_SELECTORS_MAX];
    struct table tables[N_GROUPS_MAX];
    uint32_t *chain; /* max_len: bytes, then links above them */
    uint8_t *bytes;  /* max_len: the block, undone */
};

/* ---- bits ---- */

#define FAST static inline __attribute__((always_inline))

FAST bool load(struct ov_span all, size_t at, uint64_t *ret)
{
    struct ov_span s;

    if (!ov_span_sub(all, at, 8, &s))
        return false;
    *ret = __builtin_bswap64(ov_load64le(s.ptr));
    return true;
}

static void fill_at_end(struct ov_bzip2_bits *b)
{
    for (; b->n <= 56; b->n += 8) {
        if (b->at < b->all.len)
            b->next |= (uint64_t)ov_span_byte(b->all, b->at++) << (56 - b->n);
        else
            b->n_far += 8;
    }
}

/* At least 56 bits. */
FAST void fill(struct ov_bzip2_bits *b)
{
    uint64_t word;

    if (load(b->all, b->at, &word)) {
        b->next |= word >> b->n;
        b->at += (63 - b->n) >> 3;
        b->n |= 56;
    } else {
        fill_at_end(b);
    }
}

FAST uint32_t peek(const struct ov_bzip2_bits *b, unsigned n)
{
    return (uint32_t)(b->next >> (64 - n));
}

FAST void drop(struct ov_bzip2_bits *b, unsigned n)
{
    b->next <<= n;
    b->n -= n;
}

struct ov_bzip2_bits ov_bzip2_bits_at(struct ov_span all, uint64_t bit)
{
    struct ov_bzip2_bits b = {.all = all, .at = (size_t)(bit / 8)};

    fill(&b);
    drop(&b, (unsigned)(bit % 8));
    return b;
}

uint32_t ov_bzip2_take(struct ov_bzip2_bits *b, unsigned n)
{
    uint32_t v;

    if (b->n < n)
        fill(b);
    v = peek(b, n);
    drop(b, n);
    return v;
}

bool ov_bzip2_is_over(const struct ov_bzip2_bits *b)
{
    return b->n_far > b->n;
}

uint64_t ov_bzip2_place(const struct ov_bzip2_bits *b)
{
    return (uint64_t)b->at * 8 + b->n_far - b->n;
}

/* ---- sums ---- */

void ov_bzip2_sums_init(struct ov_bzip2_sums *s)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t v = i << 24;

        for (int bit = 0; bit < 8; bit++)
            v = v << 1 ^ (v >> 31 ? 0x04c11db7u : 0);
        s->of[0][i] = v;
    }
    for (size_t k = 1; k < 8; k++)
        for (size_t i = 0; i < 256; i++)
            s->of[k][i] =
                s->of[k - 1][i] << 8 ^ s->of[0][s->of[k - 1][i] >> 24];
}

static uint32_t sum_of(const struct ov_bzip2_sums *s, struct ov_span bytes)
{
    uint32_t sum = UINT32_MAX;
    uint64_t word;
    size_t at = 0;

    for (; load(bytes, at, &word); at += 8) {
        uint32_t a = (uint32_t)(word >> 32) ^ sum;
        uint32_t b = (uint32_t)word;

        sum = s->of[7][a >> 24] ^ s->of[6][a >> 16 & 255] ^
              s->of[5][a >> 8 & 255] ^ s->of[4][a & 255] ^ s->of[3][b >> 24] ^
              s->of[2][b >> 16 & 255] ^ s->of[1][b >> 8 & 255] ^
              s->of[0][b & 255];
    }
    for (; at < bytes.len; at++)
        sum = sum << 8 ^
              s->of[0][(sum >> 24 ^ (uint32_t)ov_span_byte(bytes, at)) & 255];
    return ~sum;
}

/* ---- a block's tables ---- */

struct ov_bzip2_block *ov_bzip2_block_new(uint32_t max_len)
{
    struct ov_bzip2_block *b = ov_alloc(sizeof(*b));

    if (b == NULL)
        return NULL;
    b->max_len = max_len;
    b->chain = ov_alloc_array(max_len, sizeof(*b->chain));
    b->bytes = ov_alloc(max_len);
    if (b->chain != NULL && b->bytes != NULL)
        return b;
    ov_bzip2_block_free(b);
    return NULL;
}

void ov_bzip2_block_free(struct ov_bzip2_block *b)
{
    if (b == NULL)
        return;
    ov_free(b->chain);
    ov_free(b->bytes);
    ov_free(b);
}

/* Which bytes occur: 16 bits say which sixteenths have any. */
static bool read_alphabet(struct ov_bzip2_block *b, struct ov_bzip2_bits *bits)
{
    uint32_t used = ov_bzip2_take(bits, 16);
    uint32_t n = 0;

    for (uint32_t i = 0; i < 16; i++) {
        uint32_t some = (used >> (15 - i) & 1) ? ov_bzip2_take(bits, 16) : 0;

        for (uint32_t j = 0; j < 16; j++)
            if (some >> (15 - j) & 1)
                b->front[n++] = (uint8_t)(16 * i + j);
    }
    b->n_symbols = n + 2;
    return n > 0;
}

/* The index that a row of ones tells, at most max. */
static bool take_index(struct ov_bzip2_bits *bits, uint32_t max, uint32_t *ret)
{
    *ret = 0;
    while (ov_bzip2_take(bits, 1) == 1)
        if (++*ret >= max)
            return false;
    return true;
}

/* Which table each group uses, as a move-to-front list of tables. */
static bool read_selectors(struct ov_bzip2_block *b, struct ov_bzip2_bits *bits)
{
    uint8_t order[N_GROUPS_MAX] = {0, 1, 2, 3, 4, 5};

    b->n_tables = ov_bzip2_take(bits, 3);
    b->n_selectors = ov_bzip2_take(bits, 15);
    if (b->n_tables < N_GROUPS_MIN || b->n_tables > N_GROUPS_MAX ||
        b->n_selectors == 0 || b->n_selectors > N_SELECTORS_MAX)
        return false;
    for (uint32_t i = 0; i < b->n_selectors; i++) {
        uint32_t at;
        uint8_t table;

        if (!take_index(bits, b->n_tables, &at))
            return false;
        table = order[at];
        memmove(order + 1, order, at);
        order[0] = table;
        b->selectors[i] = table;
    }
    return !ov_bzip2_is_over(bits);
}

/* Lengths are told by steps up and down. */
static bool read_lengths(struct ov_bzip2_bits *bits, uint32_t n, uint8_t *ret)
{
    uint32_t len = ov_bzip2_take(bits, 5);

    for (uint32_t i = 0; i < n; i++) {
        for (;;) {
            if (len < 1 || len > CODE_MAX)
                return false;
            if (ov_bzip2_take(bits, 1) == 0)
                break;
            len += ov_bzip2_take(bits, 1) == 0 ? 1u : UINT32_MAX;
        }
        ret[i] = (uint8_t)len;
    }
    return !ov_bzip2_is_over(bits);
}

/* All beginnings of FAST_BITS that a code of this length has. */
static void set_fast(struct table *t, uint32_t code, uint32_t len,
                     uint32_t symbol)
{
    uint32_t first = code << (FAST_BITS - len);

    for (uint32_t i = 0; i < (uint32_t)1 << (FAST_BITS - len); i++)
        t->fast[first + i] = (uint16_t)(len << 12 | symbol);
}

/* Canonical codes: shorter ones first, and in the order of symbols. */
static bool build_table(struct table *t, const uint8_t *lens, uint32_t n)
{
    uint32_t code = 0;
    uint32_t n_done = 0;

    memset(t->fast, 0, sizeof(t->fast));
    for (uint32_t len = 1; len <= CODE_MAX; len++) {
        t->base[len] = n_done - code;
        for (uint32_t i = 0; i < n; i++) {
            if (lens[i] != len)
                continue;
            if (code >> len != 0)
                return false; /* more codes than there can be */
            if (len <= FAST_BITS)
                set_fast(t, code, len, i);
            t->symbols[n_done++] = (uint16_t)i;
            code++;
        }
        t->limit[len] = code << (CODE_MAX - len);
        code <<= 1;
    }
    return true;
}

static bool read_tables(struct ov_bzip2_block *b, struct ov_bzip2_bits *bits)
{
    uint8_t lens[N_SYMBOLS_MAX];

    for (uint32_t i = 0; i < b->n_tables; i++)
        if (!read_lengths(bits, b->n_symbols, lens) ||
            !build_table(&b->tables[i], lens, b->n_symbols))
            return false;
    return true;
}

/* ---- a block's symbols ---- */

static uint32_t take_long_symbol(const struct table *t,
                                 struct ov_bzip2_bits *bits)
{
    uint32_t code = peek(bits, CODE_MAX);

    for (uint32_t len = FAST_BITS + 1; len <= CODE_MAX; len++) {
        if (code < t->limit[len]) {
            drop(bits, len);
            return t->symbols[(code >> (CODE_MAX - len)) + t->base[len]];
        }
    }
    return UINT32_MAX;
}

FAST uint32_t take_symbol(const struct table *t, struct ov_bzip2_bits *bits)
{
    uint32_t entry;

    if (bits->n < CODE_MAX)
        fill(bits);
    entry = t->fast[peek(bits, FAST_BITS)];
    if (entry == 0)
        return take_long_symbol(t, bits);
    drop(bits, entry >> 12);
    return entry & 0xfff;
}

FAST void put_byte(struct ov_bzip2_block *b, uint32_t at)
{
    uint8_t byte = b->front[at];

    if (at < 16)
        for (uint32_t i = at; i > 0; i--)
            b->front[i] = b->front[i - 1];
    else
        memmove(b->front + 1, b->front, at);
    b->front[0] = byte;
    b->counts[byte]++;
    b->chain[b->len++] = byte;
}

static bool put_run(struct ov_bzip2_block *b, uint32_t n)
{
    uint8_t byte = b->front[0];

    if (n > b->max_len - b->len)
        return false;
    for (uint32_t i = 0; i < n; i++)
        b->chain[b->len + i] = byte;
    b->counts[byte] += n;
    b->len += n;
    return true;
}

/* Groups of symbols up to the one that ends the block. */
static bool read_symbols(struct ov_bzip2_block *b, struct ov_bzip2_bits *rest)
{
    struct ov_bzip2_bits bits = *rest; /* nothing else may change these */
    uint32_t end = b->n_symbols - 1;
    uint32_t run = 0;
    uint32_t weight = 1;

    for (uint32_t g = 0; g < b->n_selectors; g++) {
        const struct table *t = &b->tables[b->selectors[g]];

        for (uint32_t i = 0; i < GROUP_LEN; i++) {
            uint32_t symbol = take_symbol(t, &bits);

            if (symbol <= RUN_B) {
                run += weight << symbol;
                weight <<= 1;
                if (weight > RUN_WEIGHT_MAX)
                    return false;
                continue;
            }
            if (run > 0 && !put_run(b, run))
                return false;
            run = 0;
            weight = 1;
            if (symbol >= end) {
                *rest = bits;
                return symbol == end && !ov_bzip2_is_over(rest);
            }
            if (b->len == b->max_len)
                return false;
            put_byte(b, symbol - 1);
        }
    }
    return false;
}

/* Each byte's place in the sorted block leads to the next one's. */
static void link_chain(struct ov_bzip2_block *b)
{
    uint32_t next[256];
    uint32_t sum = 0;

    for (size_t i = 0; i < 256; i++) {
        next[i] = sum;
        sum += b->counts[i];
    }
    OV_ASSERT(sum == b->len);
    for (uint32_t i = 0; i < b->len; i++)
        b->chain[next[b->chain[i] & 255]++] |= i << 8;
}

bool ov_bzip2_block_read(struct ov_bzip2_block *b, struct ov_bzip2_bits *bits)
{
    bool is_randomised;

    b->len = 0;
    memset(b->counts, 0, sizeof(b->counts));
    b->sum = ov_bzip2_take(bits, 32);
    is_randomised = ov_bzip2_take(bits, 1) == 1;
    b->origin = ov_bzip2_take(bits, 24);
    if (is_randomised || !read_alphabet(b, bits) || !read_selectors(b, bits) ||
        !read_tables(b, bits) || !read_symbols(b, bits) || b->origin >= b->len)
        return false;
    link_chain(b);
    return true;
}

/* ---- a block's bytes ---- */

/* n blocks side by side, from and to the same length. Local variables, as a
 * byte that is written could be anything to the compiler. */
FAST void walk(struct ov_bzip2_block *const *blocks, unsigned n, uint32_t *at,
               uint32_t from, uint32_t to)
{
    const uint32_t *chain[OV_BZIP2_TOGETHER];
    uint8_t *bytes[OV_BZIP2_TOGETHER];
    uint32_t place[OV_BZIP2_TOGETHER];

    for (unsigned k = 0; k < n; k++) {
        chain[k] = blocks[k]->chain;
        bytes[k] = blocks[k]->bytes;
        place[k] = at[k];
    }
    for (uint32_t i = from; i < to; i++) {
        for (unsigned k = 0; k < n; k++) {
            uint32_t link = chain[k][place[k]];

            bytes[k][i] = (uint8_t)link;
            place[k] = link >> 8;
        }
    }
    for (unsigned k = 0; k < n; k++)
        at[k] = place[k];
}

void ov_bzip2_block_undo(struct ov_bzip2_block *const *blocks, unsigned n)
{
    uint32_t at[OV_BZIP2_TOGETHER] = {0};
    uint32_t least = UINT32_MAX;

    OV_ASSERT(n <= OV_BZIP2_TOGETHER);
    for (unsigned k = 0; k < n; k++) {
        at[k] = blocks[k]->chain[blocks[k]->origin] >> 8;
        least = blocks[k]->len < least ? blocks[k]->len : least;
    }
    /* Each number of blocks is a loop of its own to the compiler. */
    if (n == 4)
        walk(blocks, 4, at, 0, least);
    else if (n == 3)
        walk(blocks, 3, at, 0, least);
    else if (n == 2)
        walk(blocks, 2, at, 0, least);
    for (unsigned k = 0; k < n; k++)
        walk(blocks + k, 1, at + k, n > 1 ? least : 0, blocks[k]->len);
}

uint32_t ov_bzip2_block_sum(const struct ov_bzip2_block *b)
{
    return b->sum;
}

/* Where the next RUN_MIN equal bytes begin; len if nowhere. Each such run has
 * three pairs of equal neighbours, so looking at every third pair meets it. */
static size_t find_run(const uint8_t *bytes, size_t from, size_t len)
{
    for (size_t at = from + 2; at + 1 < len; at += 3) {
        size_t first = at;

        if (bytes[at] != bytes[at + 1])
            continue;
        while (first > from && bytes[first - 1] == bytes[first])
            first--;
        if (first + RUN_MIN <= len && bytes[first] == bytes[first + 2] &&
            bytes[first] == bytes[first + 3])
            return first;
    }
    return len;
}

/* What the block's runs come to; false if a count is missing. */
static bool measure(const struct ov_bzip2_block *b, size_t *ret)
{
    size_t at = find_run(b->bytes, 0, b->len);
    size_t n = b->len;

    while (at < b->len) {
        if (at + RUN_MIN == b->len)
            return false;
        n += b->bytes[at + RUN_MIN];
        n--; /* the count itself */
        at = find_run(b->bytes, at + RUN_MIN + 1, b->len);
    }
    *ret = n;
    return true;
}

static void expand(const struct ov_bzip2_block *b, uint8_t *to)
{
    size_t from = 0;

    while (from < b->len) {
        size_t at = find_run(b->bytes, from, b->len);
        size_t plain = at < b->len ? at + RUN_MIN - from : b->len - from;

        memcpy(to, b->bytes + from, plain);
        to += plain;
        if (at == b->len)
            break;
        memset(to, b->bytes[at], b->bytes[at + RUN_MIN]);
        to += b->bytes[at + RUN_MIN];
        from = at + RUN_MIN + 1;
    }
}

bool ov_bzip2_block_put(const struct ov_bzip2_block *b,
                        const struct ov_bzip2_sums *sums,
                        struct ov_budget *budget, struct ov_buf *into)
{
    uint8_t *room;
    size_t len;
    size_t got;

    if (!measure(b, &len))
        return false;
    room = ov_produce_room(into, budget, len, &got);
    if (room == NULL || got != len)
        return false;
    expand(b, room);
    return ov_produced(into, budget, len) == OV_OK &&
           sum_of(sums, ov_span_of(room, len)) == b->sum;
}
