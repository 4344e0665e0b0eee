/* SPDX-License-Identifier: Apache-2.0
 *
 * LZMA2 from memory to memory, for .xz files: the fast way, with liblzma as
 * the one that knows what to do if anything is unusual (xz.c).
 *
 * What makes it fast: the output is the dictionary, so nothing is copied
 * twice and no window is held; a chunk tells its size, so that there is room
 * for all of them before the first is decoded, and no state to be left in the
 * middle; and bits that
 * cannot be predicted (literals, lengths, distances) are decoded by arithmetic
 * with masks instead of branches.
 *
 * A symbol reads at most SYMBOL_MAX bytes, and that a chunk's input is used up
 * is asked once per symbol. So a chunk must have that many readable bytes
 * behind it; one that does not is copied.
 *
 * Format: the .xz file format 1.1, section 5.3.1; "LZMA specification" by Igor
 * Pavlov (LZMA SDK, public domain). */
#include "formats/lzma2.h"

#include "base/reader.h"

/* A symbol is 48 bits at most, and a bit shifts in a byte at most. */
#define SYMBOL_MAX 64
#define CHUNK_MAX ((size_t)64 << 10)
#define COPY_STEP 16

#define PROB_BITS 11
#define PROB_HALF 1024
#define PROB_SHIFT 5
#define RANGE_TOP ((uint32_t)1 << 24)

#define N_STATES 12
#define N_LITERAL_STATES 7
#define N_POSITIONS 16
#define LITERAL_SIZE 0x300
#define LITERAL_BITS_MAX 4
#define MATCH_MIN 2
#define N_LENGTH_STATES 4
#define SLOT_DIRECT 14
#define ALIGN_BITS 4
#define RANGE_HEAD 5 /* a zero, then the first four bytes of code */

/* What the first byte of a chunk says. */
#define CONTROL_END 0x00
#define CONTROL_PLAIN_DICT 0x01
#define CONTROL_PLAIN 0x02
#define CONTROL_LZMA 0x80
#define CONTROL_STATE 0xa0
#define CONTROL_PROPERTIES 0xc0
#define CONTROL_DICT 0xe0

struct length_probs {
    uint16_t choice[2];
    uint16_t low[N_POSITIONS][8];
    uint16_t mid[N_POSITIONS][8];
    uint16_t high[256];
};

struct probs {
    uint16_t is_match[N_STATES][N_POSITIONS];
    uint16_t is_rep[N_STATES];
    uint16_t is_rep0[N_STATES];
    uint16_t is_rep1[N_STATES];
    uint16_t is_rep2[N_STATES];
    uint16_t is_rep0_long[N_STATES][N_POSITIONS];
    uint16_t slot[N_LENGTH_STATES][64];
    uint16_t special[128];
    uint16_t align[1 << ALIGN_BITS];
    struct length_probs match_len;
    struct length_probs rep_len;
    uint16_t literal[LITERAL_SIZE << LITERAL_BITS_MAX];
};

/* What came before, as far as the next symbol depends on it. */
struct past {
    uint32_t state;
    uint32_t rep[4]; /* the last distances, less 1 */
};

struct ov_lzma2 {
    struct probs probs;
    uint8_t padded[CHUNK_MAX + SYMBOL_MAX];
    struct past past;
    uint32_t lc;
    uint32_t literal_mask;  /* 2^lp - 1 */
    uint32_t position_mask; /* 2^pb - 1 */
    uint64_t dict_size;
    const uint8_t *begin; /* of the dictionary, in the output; NULL: none yet */
    bool has_properties;
};

/* The range decoder. */
struct range {
    const uint8_t *in;
    uint32_t range;
    uint32_t code;
};

#define FAST static inline __attribute__((always_inline))

FAST void normalize(struct range *r)
{
    if (r->range < RANGE_TOP) {
        r->range <<= 8;
        r->code = r->code << 8 | *r->in++;
    }
}

/* A bit that can mostly be predicted. */
FAST bool bit(struct range *r, uint16_t *prob)
{
    uint32_t p = *prob;
    uint32_t bound;

    normalize(r);
    bound = (r->range >> PROB_BITS) * p;
    if (r->code < bound) {
        r->range = bound;
        *prob =
            (uint16_t)(p + ((((uint32_t)1 << PROB_BITS) - p) >> PROB_SHIFT));
        return false;
    }
    r->range -= bound;
    r->code -= bound;
    *prob = (uint16_t)(p - (p >> PROB_SHIFT));
    return true;
}

/* A bit that cannot: all ones for 1, 0 for 0. */
FAST uint32_t blind_bit(struct range *r, uint16_t *prob)
{
    uint32_t p = *prob;
    uint32_t bound;
    uint32_t mask;

    normalize(r);
    bound = (r->range >> PROB_BITS) * p;
    mask = 0u - (uint32_t)(r->code >= bound);
    r->range = bound + (mask & (r->range - 2 * bound));
    r->code -= bound & mask;
    /* p/32 less, or (2048 - p)/32 more: the same shift, rounded so. */
    *prob =
        (uint16_t)(p -
                   (uint32_t)((int32_t)(p + (~mask & (uint32_t)(31 - 2048))) >>
                              PROB_SHIFT));
    return mask;
}

FAST uint32_t tree(struct range *r, uint16_t *probs, unsigned n_bits)
{
    uint32_t symbol = 1;

    for (unsigned i = 0; i < n_bits; i++)
        symbol = 2 * symbol - blind_bit(r, &probs[symbol]);
    return symbol - ((uint32_t)1 << n_bits);
}

FAST uint32_t reverse_tree(struct range *r, uint16_t *probs, unsigned n_bits)
{
    uint32_t symbol = 1;
    uint32_t value = 0;

    for (unsigned i = 0; i < n_bits; i++) {
        uint32_t mask = blind_bit(r, &probs[symbol]);

        symbol = 2 * symbol - mask;
        value |= mask & (uint32_t)1 << i;
    }
    return value;
}

FAST uint32_t direct_bits(struct range *r, unsigned n_bits)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < n_bits; i++) {
        uint32_t mask;

        normalize(r);
        r->range >>= 1;
        r->code -= r->range;
        mask = 0u - (r->code >> 31);
        r->code += r->range & mask;
        value = 2 * value + 1 + mask;
    }
    return value;
}

FAST uint8_t plain_literal(struct range *r, uint16_t *probs)
{
    return (uint8_t)tree(r, probs, 8);
}

/* Behind a match: the byte that the match would have had next chooses among
 * other probabilities as long as it agrees. */
FAST uint8_t matched_literal(struct range *r, uint16_t *probs, uint32_t like)
{
    uint32_t offset = 0x100;
    uint32_t symbol = 1;

    for (unsigned i = 0; i < 8; i++) {
        uint32_t want;
        uint32_t mask;

        like <<= 1;
        want = like & offset;
        mask = blind_bit(r, &probs[offset + want + symbol]);
        symbol = 2 * symbol - mask;
        offset &= like ^ ~mask;
    }
    return (uint8_t)symbol;
}

FAST uint32_t length(struct range *r, struct length_probs *p, uint32_t position)
{
    if (!bit(r, &p->choice[0]))
        return MATCH_MIN + tree(r, p->low[position], 3);
    if (!bit(r, &p->choice[1]))
        return MATCH_MIN + 8 + tree(r, p->mid[position], 3);
    return MATCH_MIN + 16 + tree(r, p->high, 8);
}

FAST uint32_t distance(struct range *r, struct probs *p, uint32_t len)
{
    uint32_t state = len < MATCH_MIN + N_LENGTH_STATES ? len - MATCH_MIN
                                                       : N_LENGTH_STATES - 1;
    uint32_t slot = tree(r, p->slot[state], 6);
    unsigned n_bits = (slot >> 1) - 1;
    uint32_t high = 2 + (slot & 1);

    if (slot < 4)
        return slot;
    if (slot < SLOT_DIRECT)
        return (high << n_bits) +
               reverse_tree(r, p->special + (high << n_bits) - slot, n_bits);
    high =
        (high << (n_bits - ALIGN_BITS)) + direct_bits(r, n_bits - ALIGN_BITS);
    return (high << ALIGN_BITS) + reverse_tree(r, p->align, ALIGN_BITS);
}

/* Which of the last four distances; it becomes the first of them. */
FAST void choose_rep(struct range *r, struct probs *p, struct past *past)
{
    uint32_t *rep = past->rep;
    uint32_t state = past->state;
    uint32_t chosen = rep[1];

    if (bit(r, &p->is_rep1[state])) {
        chosen = rep[2];
        if (bit(r, &p->is_rep2[state])) {
            chosen = rep[3];
            rep[3] = rep[2];
        }
        rep[2] = rep[1];
    }
    rep[1] = rep[0];
    rep[0] = chosen;
}

/* len bytes from `back` bytes before out; room: bytes up to the output's end.
 */
FAST void copy(uint8_t *out, size_t back, size_t len, size_t room)
{
    const uint8_t *from = out - back;

    if (back >= COPY_STEP && room >= len + COPY_STEP) {
        for (size_t i = 0; i < len; i += COPY_STEP)
            memcpy(out + i, from + i, COPY_STEP);
        return;
    }
    for (size_t i = 0; i < len; i++)
        out[i] = from[i];
}

FAST uint32_t rep_length(struct range *r, struct probs *p, struct past *past,
                         uint32_t position)
{
    uint32_t state = past->state;

    if (bit(r, &p->is_rep0[state])) {
        choose_rep(r, p, past);
    } else if (!bit(r, &p->is_rep0_long[state][position])) {
        past->state = state < N_LITERAL_STATES ? 9 : 11;
        return 1;
    }
    past->state = state < N_LITERAL_STATES ? 8 : 11;
    return length(r, &p->rep_len, position);
}

FAST uint32_t match_length(struct range *r, struct probs *p, struct past *past,
                           uint32_t position)
{
    uint32_t len = length(r, &p->match_len, position);

    past->rep[3] = past->rep[2];
    past->rep[2] = past->rep[1];
    past->rep[1] = past->rep[0];
    past->rep[0] = distance(r, p, len);
    past->state = past->state < N_LITERAL_STATES ? 7 : 10;
    return len;
}

/* Where a chunk's output goes. */
struct place {
    const uint8_t *begin; /* of the dictionary */
    uint8_t *out;
    uint8_t *end;
};

FAST bool literal(struct range *r, struct ov_lzma2 *z, struct past *past,
                  const struct place *at)
{
    size_t made = (size_t)(at->out - at->begin);
    uint32_t before = made > 0 ? at->out[-1] : 0;
    uint32_t which =
        (((uint32_t)made & z->literal_mask) << z->lc) + (before >> (8 - z->lc));
    uint16_t *probs = z->probs.literal + (size_t)LITERAL_SIZE * which;
    uint32_t state = past->state;

    past->state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
    if (state < N_LITERAL_STATES) {
        *at->out = plain_literal(r, probs);
        return true;
    }
    if (past->rep[0] >= made)
        return false;
    *at->out =
        matched_literal(r, probs, *(at->out - (ptrdiff_t)past->rep[0] - 1));
    return true;
}

static uint32_t head_code(struct ov_span in)
{
    uint32_t code = 0;

    (void)ov_span_u32be(in, 1, &code);
    return code;
}

/* One chunk of symbols. False if it is not as it must be. */
static bool decode_symbols(struct ov_lzma2 *z, struct ov_span in,
                           struct place at)
{
    const uint8_t *in_end = in.ptr + in.len;
    struct range r = {in.ptr + RANGE_HEAD, UINT32_MAX, head_code(in)};

    struct past past = z->past;

    while (at.out < at.end && r.in <= in_end) {
        size_t made = (size_t)(at.out - at.begin);
        size_t room = (size_t)(at.end - at.out);
        uint32_t position = (uint32_t)made & z->position_mask;
        uint32_t len;

        if (!bit(&r, &z->probs.is_match[past.state][position])) {
            if (!literal(&r, z, &past, &at))
                return false;
            at.out++;
            continue;
        }
        if (bit(&r, &z->probs.is_rep[past.state]))
            len = rep_length(&r, &z->probs, &past, position);
        else
            len = match_length(&r, &z->probs, &past, position);
        if (past.rep[0] >= made || past.rep[0] >= z->dict_size || len > room)
            return false;
        copy(at.out, (size_t)past.rep[0] + 1, len, room);
        at.out += len;
    }
    normalize(&r);
    z->past = past;
    return at.out == at.end && r.in == in_end && r.code == 0;
}

static void reset_state(struct ov_lzma2 *z)
{
    uint16_t *p = (uint16_t *)&z->probs;

    for (size_t i = 0; i < sizeof(z->probs) / sizeof(*p); i++)
        p[i] = PROB_HALF;
    z->past = (struct past){0};
}

static bool set_properties(struct ov_lzma2 *z, uint8_t byte)
{
    uint32_t lp = byte / 9 % 5;

    z->lc = byte % 9;
    z->literal_mask = ((uint32_t)1 << lp) - 1;
    z->position_mask = ((uint32_t)1 << byte / 45) - 1;
    z->has_properties = true;
    return byte < 225 && z->lc + lp <= LITERAL_BITS_MAX;
}

/* The len bytes of a chunk with SYMBOL_MAX readable bytes behind them. */
static struct ov_span padded(struct ov_lzma2 *z, struct ov_reader *r,
                             size_t len)
{
    bool has_room = ov_reader_rest(r).len >= len + SYMBOL_MAX;
    struct ov_span chunk = ov_read_span(r, len);

    if (has_room || chunk.len < len)
        return chunk;
    memcpy(z->padded, chunk.ptr, chunk.len);
    return ov_span_of(z->padded, len);
}

/* What a chunk's head says. */
struct chunk {
    uint8_t control;
    size_t size; /* of what comes out */
    size_t packed;
};

/* The head of a chunk; r goes on to its properties or its bytes. */
static struct chunk read_chunk(struct ov_reader *r)
{
    struct chunk c = {.control = ov_read_u8(r)};

    if (c.control == CONTROL_END)
        return c;
    c.size = (size_t)ov_read_u16be(r) + 1;
    c.packed = c.size;
    if (c.control >= CONTROL_LZMA) {
        c.size += (size_t)(c.control & 31) << 16;
        c.packed = (size_t)ov_read_u16be(r) + 1;
    }
    ov_reader_require(r,
                      c.control <= CONTROL_PLAIN || c.control >= CONTROL_LZMA,
                      OV_MALFORMED);
    return c;
}

bool ov_lzma2_measure(struct ov_span in, size_t *ret_packed, size_t *ret_size)
{
    struct ov_reader r = ov_reader_over(in);
    size_t size = 0;

    while (ov_reader_more(&r)) {
        struct chunk c = read_chunk(&r);

        if (c.control == CONTROL_END) {
            *ret_packed = r.at;
            *ret_size = size;
            return true;
        }
        ov_reader_skip(&r, c.packed + (c.control >= CONTROL_PROPERTIES));
        if (__builtin_add_overflow(size, c.size, &size))
            return false;
    }
    return false;
}

static bool lzma_chunk(struct ov_lzma2 *z, const struct chunk *c,
                       struct ov_reader *r, uint8_t *out)
{
    struct ov_span in;

    if (c->control >= CONTROL_PROPERTIES && !set_properties(z, ov_read_u8(r)))
        return false;
    if (c->control >= CONTROL_STATE)
        reset_state(z);
    in = padded(z, r, c->packed);
    if (!z->has_properties || in.len <= RANGE_HEAD || ov_span_byte(in, 0) != 0)
        return false;
    return decode_symbols(z, in, (struct place){z->begin, out, out + c->size});
}

static bool plain_chunk(const struct chunk *c, struct ov_reader *r,
                        uint8_t *out)
{
    struct ov_span in = ov_read_span(r, c->size);

    if (in.len < c->size)
        return false;
    memcpy(out, in.ptr, in.len);
    return true;
}

bool ov_lzma2_decode(struct ov_lzma2 *z, struct ov_span in, uint64_t dict_size,
                     uint8_t *out, size_t size)
{
    struct ov_reader r = ov_reader_over(in);
    size_t made = 0;

    z->dict_size = dict_size;
    z->begin = NULL;
    z->has_properties = false;
    while (ov_reader_more(&r)) {
        struct chunk c = read_chunk(&r);

        if (c.control == CONTROL_END)
            return made == size && ov_reader_end(&r) == OV_OK;
        if (c.control >= CONTROL_DICT || c.control == CONTROL_PLAIN_DICT) {
            z->begin = out + made;
            z->has_properties = false;
        }
        if (ov_reader_status(&r) != OV_OK || z->begin == NULL ||
            c.size > size - made ||
            !(c.control < CONTROL_LZMA ? plain_chunk(&c, &r, out + made)
                                       : lzma_chunk(z, &c, &r, out + made)))
            return false;
        made += c.size;
    }
    return false;
}

struct ov_lzma2 *ov_lzma2_new(void)
{
    return ov_alloc(sizeof(struct ov_lzma2));
}

void ov_lzma2_free(struct ov_lzma2 *z)
{
    ov_free(z);
}
