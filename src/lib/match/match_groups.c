/* SPDX-License-Identifier: Apache-2.0 */
#include "match/builder.h"
#include "match/prefilter.h"

/* Dealing atoms into the groups of a screen (prefilter.h).
 *
 * An offset passes a group if each of its bytes is one that some atom of the
 * group has there; how often that happens is about the product, over the
 * places, of how often those bytes occur in clean files. From the order of the
 * keys as a beginning, each atom moves to where it makes the sum of these
 * products grow least: atoms that share their common bytes gather in one group,
 * and the others pass next to nothing. A few rounds come near to what more
 * would give; the first halves what passes, at least. */

#define ROUNDS 3

/* How often a byte occurs is counted in 2^-14, so that products of four fit. */
#define WHOLE_LOG 14

#define PLACES_MAX 4u

struct group {
    uint32_t counts[PLACES_MAX][OV_SCREEN_ROW]; /* of atoms with a byte there */
    uint64_t often[PLACES_MAX]; /* of the bytes that are counted */
};

struct dealer {
    uint64_t often[OV_SCREEN_ROW]; /* a byte, whatever its top bit */
    uint32_t n_places;
    struct group groups[OV_SCREEN_GROUPS];
};

static uint8_t byte_at(uint64_t key, uint32_t place)
{
    return key >> 8 * place & (OV_SCREEN_ROW - 1);
}

static uint64_t often_of(uint8_t byte)
{
    uint8_t folded = ov_lower(byte);
    uint32_t bits = ov_atom_bits(&folded, 1);

    return bits < WHOLE_LOG ? (uint64_t)1 << (WHOLE_LOG - bits) : 1;
}

static void put_in(struct dealer *d, struct group *g, uint64_t key)
{
    for (uint32_t i = 0; i < d->n_places; i++)
        if (g->counts[i][byte_at(key, i)]++ == 0)
            g->often[i] += d->often[byte_at(key, i)];
}

static void take_out(struct dealer *d, struct group *g, uint64_t key)
{
    for (uint32_t i = 0; i < d->n_places; i++)
        if (--g->counts[i][byte_at(key, i)] == 0)
            g->often[i] -= d->often[byte_at(key, i)];
}

/* How much more passes the group with the atom in it. */
static uint64_t growth(const struct dealer *d, const struct group *g,
                       uint64_t key)
{
    uint64_t before = 1;
    uint64_t after = 1;

    for (uint32_t i = 0; i < d->n_places; i++) {
        uint8_t b = byte_at(key, i);

        before *= g->often[i];
        after *= g->often[i] + (g->counts[i][b] == 0 ? d->often[b] : 0);
    }
    return after - before;
}

static uint8_t best_group(const struct dealer *d, uint64_t key)
{
    uint64_t least = UINT64_MAX;
    uint8_t best = 0;

    for (uint8_t g = 0; g < OV_SCREEN_GROUPS; g++) {
        uint64_t more = growth(d, &d->groups[g], key);

        if (more < least) {
            least = more;
            best = g;
        }
    }
    return best;
}

static bool deal_again(struct dealer *d, const struct ov_builder *b,
                       const uint32_t *picked, size_t n, uint8_t *groups)
{
    bool has_moved = false;

    for (size_t i = 0; i < n; i++) {
        uint64_t key = b->atoms.at[picked[i]].key;
        uint8_t g;

        take_out(d, &d->groups[groups[i]], key);
        g = best_group(d, key);
        put_in(d, &d->groups[g], key);
        has_moved |= g != groups[i];
        groups[i] = g;
    }
    return has_moved;
}

enum ov_status ov_builder_deal(const struct ov_builder *b,
                               enum ov_atom_kind kind, const uint32_t *picked,
                               size_t n, uint8_t *ret_groups)
{
    OV_AUTO_PTR struct dealer *d = ov_alloc(sizeof(*d));

    if (d == NULL)
        return OV_NO_MEMORY;
    d->n_places = ov_atom_len(kind);
    for (unsigned i = 0; i < 2 * OV_SCREEN_ROW; i++)
        d->often[i % OV_SCREEN_ROW] += often_of((uint8_t)i);
    for (size_t i = 0; i < n; i++) {
        ret_groups[i] = (uint8_t)((uint64_t)i * OV_SCREEN_GROUPS / n);
        put_in(d, &d->groups[ret_groups[i]], b->atoms.at[picked[i]].key);
    }
    for (uint32_t round = 0; round < ROUNDS; round++)
        if (!deal_again(d, b, picked, n, ret_groups))
            break;
    return OV_OK;
}
