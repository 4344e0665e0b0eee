/* SPDX-License-Identifier: Apache-2.0 */
#include "match/atom.h"

/* Choosing atoms.
 *
 * Every run of fixed bytes of every part offers windows; the rarest wins. A
 * window of 7 bytes is preferred, because the prefilter then looks at every
 * fourth offset only, unless it is a common one and a shorter one is not.
 *
 * How rare bytes are is estimated from how often two bytes follow each other in
 * clean files (bigram.h), as a chain: the bits of a window are the bits of its
 * pairs less those of the bytes that two pairs share. Words are more common
 * than their pairs say: "http" is rare by these, and in every text; so the
 * windows of which they are most wrong are in a table of their own
 * (window.inc). */

/* Rows of the table: of each byte that is not a capital, its letter and those
 * of the pairs it begins (tools/make-bigrams says what they mean). */
#define N_FOLDED 230

static const struct {
    char single[2];
    char pairs[N_FOLDED + 1];
} bigrams[N_FOLDED] = {

#include "match/bigram.inc"
};

/* With open addressing by the upper bits of a product; bits 0: free. */
#define COMMON_LOG 12
#define COMMON_MIX 0x9e3779b1u

static const struct {
    uint32_t window;
    uint8_t bits;
} common[1u << COMMON_LOG] = {

#include "match/window.inc"
};

/* Of four bytes that are common; else UINT32_MAX. */
static uint32_t common_bits(const uint8_t *b)
{
    uint32_t window = ov_load32le(b);
    uint32_t at = (window * COMMON_MIX) >> (32 - COMMON_LOG);

    for (; common[at].bits != 0; at = (at + 1) % (1u << COMMON_LOG))
        if (common[at].window == window)
            return common[at].bits;
    return UINT32_MAX;
}

static uint32_t row_of(uint8_t b)
{
    return b < 'A' ? b : b - 26u;
}

/* In half bits. */
static uint32_t byte_bits(uint8_t b)
{
    return (uint32_t)(bigrams[row_of(b)].single[0] - 'A');
}

static uint32_t pair_bits(uint8_t a, uint8_t b)
{
    return 4 + 3 * (uint32_t)(bigrams[row_of(a)].pairs[row_of(b)] - 'a');
}

/* Bits of n folded bytes: those of the first, and what each further one adds.
 */
uint32_t ov_atom_bits(const uint8_t *b, uint32_t n)
{
    uint32_t known = n == 4 ? common_bits(b) : UINT32_MAX;
    uint32_t bits = byte_bits(b[0]);

    for (uint32_t i = 1; i < n; i++) {
        uint32_t pair = pair_bits(b[i - 1], b[i]);
        uint32_t single = byte_bits(b[i - 1]);

        bits += pair > single ? pair - single : 0;
    }
    return bits / 2 < known ? bits / 2 : known;
}

uint32_t ov_atom_window_bits(const uint8_t *b, enum ov_atom_kind kind)
{
    uint32_t least = UINT32_MAX;

    if (kind != OV_ATOM_LONG)
        return ov_atom_bits(b, ov_atom_len(kind));
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t bits = ov_atom_bits(b + i, 4);

        if (bits < least)
            least = bits;
    }
    return least;
}

/* What sharing an atom is worth. */
#define CROWD_BONUS 1

struct search {
    uint32_t (*crowd)(const void *data, uint64_t key);
    const void *crowd_data;
    struct ov_atom best;
    int32_t best_score;
    bool has_best;
};

/* Beyond this a window is as good as never in clean files. */
#define BITS_ENOUGH 32
/* Below this, trying patterns in vain costs more than looking for their atoms,
 * of whatever kind these are. */
#define BITS_FEW 14

int32_t ov_atom_score(const struct ov_atom *a, bool is_backward)
{
    static const int32_t kind_costs[OV_N_ATOM_KINDS] = {0, 8, 20};
    int32_t bits = a->bits < BITS_ENOUGH ? (int32_t)a->bits : BITS_ENOUGH;

    if (bits < BITS_FEW)
        bits -= 2 * (BITS_FEW - bits);
    return bits - kind_costs[a->kind] - (is_backward ? 3 : 0);
}

/* A few patterns on one atom spare the filter bits; many are tried in vain. */
static int32_t crowd_cost(const struct search *s, uint64_t key)
{
    uint32_t crowd = s->crowd != NULL ? s->crowd(s->crowd_data, key) : 0;
    int32_t cost = crowd > 0 ? -CROWD_BONUS : 0;

    for (crowd /= 8; crowd > 0; crowd >>= 1)
        cost += 2;
    return cost;
}

/* Offers each window of this kind in the run of n cells at `cell`. */
static void try_run(struct search *s, const struct ov_form *f, uint32_t part,
                    uint32_t cell, uint32_t n, bool is_backward)
{
    enum ov_atom_kind kind = n >= 7   ? OV_ATOM_LONG
                             : n >= 4 ? OV_ATOM_MID
                                      : OV_ATOM_SHORT;
    uint32_t len = ov_atom_len(kind);

    for (uint32_t i = 0; n >= 2 && i + len <= n; i++) {
        struct ov_atom a = {.kind = kind, .part = part, .cell = cell + i};
        uint8_t b[OV_ATOM_MAX];
        int32_t score;

        for (uint32_t k = 0; k < len; k++) {
            b[k] = ov_lower(f->cells[cell + i + k].value);
            a.key |= (uint64_t)b[k] << 8 * k;
        }
        a.bits = ov_atom_window_bits(b, kind);
        score = ov_atom_score(&a, is_backward);
        if (s->has_best && score + CROWD_BONUS <= s->best_score)
            continue;
        score -= crowd_cost(s, a.key);
        if (!s->has_best || score > s->best_score) {
            s->best = a;
            s->best_score = score;
            s->has_best = true;
        }
    }
}

static bool is_fixed(const struct ov_cell *c)
{
    return c->kind == OV_CELL_BYTE && c->mask == 0xff && !c->is_negated;
}

static void try_part(struct search *s, const struct ov_form *f, uint32_t part)
{
    uint32_t to = f->parts[part].to;
    bool is_backward = false;

    for (uint32_t i = f->parts[part].from; i < to;) {
        const struct ov_cell *c = &f->cells[i];
        uint32_t n = 1;

        if (is_fixed(c)) {
            while (i + n < to && is_fixed(&f->cells[i + n]))
                n++;
            try_run(s, f, part, i, n, is_backward);
        } else if (c->kind == OV_CELL_GAP) {
            is_backward |= c->gap_min != c->gap_max;
        } else if (c->kind == OV_CELL_ALT_OPEN) {
            struct ov_extent_range r;

            n = ov_form_close(f, i) + 1 - i;
            r = ov_form_range(f, i, i + n);
            is_backward |= r.min != r.max;
        }
        i += n;
    }
}

bool ov_atom_choose(const struct ov_form *f,
                    uint32_t (*crowd)(const void *data, uint64_t key),
                    const void *crowd_data, struct ov_atom *ret)
{
    struct search s = {.crowd = crowd, .crowd_data = crowd_data};

    for (uint32_t part = 0; part < f->n_parts; part++)
        try_part(&s, f, part);
    if (s.has_best)
        *ret = s.best;
    return s.has_best;
}
