/* SPDX-License-Identifier: Apache-2.0 */
#include "match/re_atoms.h"

#include "base/alloc.h"

/* Choosing the atoms of a regular expression.
 *
 * What stands side by side outside of optional parts is passed by every match,
 * so any one of its nodes will do; of alternatives, one node of each is needed.
 * Each node is worth what its atoms are: from the node on, the automaton is
 * followed through classes, alternatives and optional parts, and the texts that
 * come up are spelled out.
 *
 *   https?:\/\/[a-z]+   from the start: "https:/", "http://"
 *   (jpe?g|png)\b       from j: "jp" + "eg", "g"; from p: "pn"
 *
 * Values are costs, what they let through of clean files: those of alternatives
 * add up. The start itself is a node that every match passes. */

#define COST_NONE UINT64_MAX

/* Nodes whose atoms are looked at; the others count as having none. */
#define NODES_TRIED 4096

static const uint32_t spelled_max[OV_N_ATOM_KINDS] = {32, 64, 256};
#define SPELLED_MAX 256

#define ROWS_MAX (2 * OV_RE_CUT_MAX)

/* What looking at each byte costs, as a weight. */
#define SLOW_COST ((uint64_t)1 << 34)

/* A power of two, at least twice as many. */
#define SLOTS (4 * SPELLED_MAX)

/* A text that was spelled out, and the node that took its last byte. */
struct spelled {
    uint64_t key;
    uint16_t node;
};

struct chooser {
    const struct ov_re_tree *tree;
    const uint16_t *nodes;
    const struct ov_re *re;
    bool is_wide;
    bool is_slow;    /* by classes, not by atoms */
    uint64_t *costs; /* of each item */
    struct spelled texts[2][SPELLED_MAX];
    uint32_t n_texts;

    /* Where texts are in the list that is being filled: by hash, with open
     * places; slots of an earlier round are free. */
    struct {
        uint32_t round;
        uint32_t text;
    } slots[SLOTS];

    uint32_t round;
    struct ov_re_cut *cut;
    struct ov_re_cut slow;
    size_t rows[ROWS_MAX][2]; /* stretches that a node is wanted of */
};

/* How much of 2^40 bytes something of that many bits lets through. */
static uint64_t weight_of(uint32_t bits)
{
    return bits >= 40 ? 1 : (uint64_t)1 << (40 - bits);
}

static uint32_t bits_of(uint64_t weight)
{
    uint32_t log = weight == 0 ? 0 : 63 - (uint32_t)__builtin_clzll(weight);

    return log >= 40 ? 0 : 40 - log;
}

static uint64_t add_costs(uint64_t a, uint64_t b)
{
    uint64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? COST_NONE : sum;
}

static uint32_t node_what(const struct chooser *c, uint32_t node)
{
    return ov_load16le(c->re->nodes + (size_t)node * OV_RE_NODE_SIZE);
}

/* ---- spelling ---- */

/* Begins an empty list. */
static void begin_texts(struct chooser *c)
{
    c->n_texts = 0;
    c->round++;
}

/* Adds a text unless it is there. False if they become too many. */
static bool add_text(struct chooser *c, struct spelled *to, struct spelled s,
                     uint32_t max)
{
    uint64_t hash =
        (s.key ^ (uint64_t)s.node << 48) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t at = (uint32_t)(hash >> 32) % SLOTS;

    for (; c->slots[at].round == c->round; at = (at + 1) % SLOTS) {
        const struct spelled *other = &to[c->slots[at].text];

        if (other->key == s.key && other->node == s.node)
            return true;
    }
    if (c->n_texts == max)
        return false;
    c->slots[at].round = c->round;
    c->slots[at].text = c->n_texts;
    to[c->n_texts++] = s;
    return true;
}

/* How many bytes a set has if letters of both cases count once. */
static uint32_t count_folded(const struct ov_re_set *set)
{
    uint64_t letters = set->bits[1] >> 1 & set->bits[1] >> 33 & 0x3ffffff;
    int n = -__builtin_popcountll(letters);

    for (size_t i = 0; i < 4; i++)
        n += __builtin_popcountll(set->bits[i]);
    return (uint32_t)n;
}

/* Adds the bytes of a node's set behind a text that has n characters. False if
 * they become too many. */
static bool spell_set(struct chooser *c, struct spelled *to, uint64_t key,
                      uint32_t n, uint16_t node, uint32_t max)
{
    const struct ov_re_set *set = &c->tree->sets[node_what(c, node)];
    uint32_t shift = (c->is_wide ? 16 : 8) * n;

    if (count_folded(set) > max)
        return false;
    for (size_t i = 0; i < 4; i++)
        for (uint64_t left = set->bits[i]; left != 0; left &= left - 1) {
            unsigned b = (unsigned)(64 * i) + (unsigned)__builtin_ctzll(left);
            struct spelled s = {key | (uint64_t)ov_lower((uint8_t)b) << shift,
                                node};

            if (!add_text(c, to, s, max))
                return false;
        }
    return true;
}

/* Conditions that may stand in a row between two bytes. */
#define CONDITIONS_MAX 8

/* Adds to texts what may follow one of n characters that ends at `node`. False
 * if a match may end there, or they become too many. */
static bool spell_next(struct chooser *c, struct spelled *to, uint64_t key,
                       uint32_t n, uint16_t node, uint32_t max)
{
    uint16_t pending[CONDITIONS_MAX] = {node};
    uint32_t n_pending = 1;
    uint32_t n_done = 0;

    while (n_done < n_pending) {
        const uint8_t *list =
            c->re->nodes + (size_t)pending[n_done++] * OV_RE_NODE_SIZE + 4;

        list = c->re->lists + 2 * (size_t)ov_load32le(list);
        for (uint32_t i = 1; i <= ov_load16le(list); i++) {
            uint16_t next = ov_load16le(list + 2 * (size_t)i);
            uint32_t what = node_what(c, next);

            if (what == OV_RE_NODE_END)
                return false;
            if (what < OV_RE_NODE_ASSERT) {
                if (!spell_set(c, to, key, n, next, max))
                    return false;
            } else if (n_pending == CONDITIONS_MAX) {
                return false;
            } else {
                pending[n_pending++] = next;
            }
        }
    }
    return true;
}

/* All texts of this kind's length from a node on, in c->texts[0]. */
static bool spell(struct chooser *c, uint16_t node, enum ov_atom_kind kind)
{
    uint32_t n_chars = ov_atom_len(kind);
    uint32_t max = spelled_max[kind];

    if (c->is_wide)
        n_chars = (n_chars + 1) / 2;
    begin_texts(c);
    if (node == 0 ? !spell_next(c, c->texts[0], 0, 0, 0, max)
                  : !spell_set(c, c->texts[0], 0, 0, node, max))
        return false;
    for (uint32_t n = 1; n < n_chars; n++) {
        uint32_t n_from = c->n_texts;

        begin_texts(c);
        for (uint32_t i = 0; i < n_from; i++)
            if (!spell_next(c, c->texts[1], c->texts[0][i].key, n,
                            c->texts[0][i].node, max))
                return false;
        memcpy(c->texts[0], c->texts[1], c->n_texts * sizeof(c->texts[0][0]));
    }
    return c->n_texts > 0;
}

static struct ov_atom atom_of(uint64_t key, enum ov_atom_kind kind)
{
    struct ov_atom a = {.kind = kind, .key = key};
    uint8_t bytes[OV_ATOM_MAX];

    for (uint32_t i = 0; i < ov_atom_len(kind); i++)
        bytes[i] = (uint8_t)(key >> 8 * i);
    a.bits = ov_atom_window_bits(bytes, kind);
    return a;
}

/* What the texts that were spelled cost. */
static uint64_t cost_of_texts(const struct chooser *c, enum ov_atom_kind kind)
{
    struct ov_atom all = {.kind = kind};
    uint64_t weight = 0;
    int32_t score;

    for (uint32_t i = 0; i < c->n_texts; i++)
        weight += weight_of(atom_of(c->texts[0][i].key, kind).bits);
    all.bits = bits_of(weight);
    score = ov_atom_score(&all, false);
    for (uint32_t n = c->n_texts; n > 3; n >>= 2)
        score--;
    return score < -20 ? (uint64_t)1 << 60 : (uint64_t)1 << (40 - score);
}

/* The cheapest kind of atoms from a node on; COST_NONE if there are none. */
static uint64_t cost_of_atoms(struct chooser *c, uint16_t node,
                              enum ov_atom_kind *ret_kind)
{
    uint64_t best = COST_NONE;

    for (enum ov_atom_kind k = 0; k < OV_N_ATOM_KINDS; k++) {
        uint64_t cost;

        if (!spell(c, node, k))
            continue;
        cost = cost_of_texts(c, k);
        if (cost < best) {
            best = cost;
            *ret_kind = k;
        }
    }
    return best;
}

/* ---- classes ---- */

static void add_class(const struct chooser *c, uint16_t node,
                      struct ov_class *ret)
{
    const struct ov_re_set *set = &c->tree->sets[node_what(c, node)];

    for (size_t i = 0; i < 4; i++)
        ret->bytes[i] |= set->bits[i];
}

/* The bytes with which a match may begin: all, if that is not plain. */
static void add_first_class(const struct chooser *c, struct ov_class *ret)
{
    const uint8_t *list =
        c->re->lists + 2 * (size_t)ov_load32le(c->re->nodes + 4);

    for (uint32_t i = 1; i <= ov_load16le(list); i++) {
        uint16_t next = ov_load16le(list + 2 * (size_t)i);
        uint32_t what = node_what(c, next);

        if (what < OV_RE_NODE_ASSERT)
            add_class(c, next, ret);
        else if (what != OV_RE_NODE_END)
            memset(ret->bytes, 0xff, sizeof(ret->bytes));
    }
}

static uint64_t cost_of_class(const struct ov_class *c)
{
    uint64_t all = 0;

    for (unsigned b = 0; b < 256; b++) {
        uint8_t folded = ov_lower((uint8_t)b);

        if (ov_class_has(c, (uint8_t)b))
            all += weight_of(ov_atom_bits(&folded, 1)) / 2;
    }
    return all;
}

/* ---- choosing ---- */

static uint64_t cost_of_node(struct chooser *c, uint16_t node)
{
    enum ov_atom_kind kind;
    struct ov_class bytes = {0};

    if (!c->is_slow)
        return cost_of_atoms(c, node, &kind);
    if (node == 0)
        add_first_class(c, &bytes);
    else
        add_class(c, node, &bytes);
    return cost_of_class(&bytes);
}

static size_t element_start(const struct chooser *c, size_t i)
{
    return c->tree->items[i].op >= OV_RE_ALT ? c->tree->items[i].from : i;
}

/* The cheapest of the elements that stand side by side in [from, to), the first
 * of several. *ret: its last item. */
static uint64_t cost_of_row(const struct chooser *c, size_t from, size_t to,
                            size_t *ret)
{
    uint64_t best = COST_NONE;

    for (size_t end = to; end > from; end = element_start(c, end - 1)) {
        if (c->costs[end - 1] <= best) {
            best = c->costs[end - 1];
            *ret = end - 1;
        }
    }
    return best;
}

static uint64_t cost_of_item(struct chooser *c, size_t i, uint32_t *n_tried)
{
    const struct ov_re_item *item = &c->tree->items[i];
    size_t which;

    switch ((enum ov_re_op)item->op) {
    case OV_RE_SET:
        if ((*n_tried)++ >= NODES_TRIED)
            return COST_NONE;
        return cost_of_node(c, c->nodes[i]);
    case OV_RE_ALT:
        return add_costs(cost_of_row(c, item->from, item->mid, &which),
                         cost_of_row(c, item->mid, i, &which));
    case OV_RE_PLUS:
        return cost_of_row(c, item->from, i, &which);
    case OV_RE_ASSERT:
    case OV_RE_EMPTY:
    case OV_RE_STAR:
    case OV_RE_OPT:
        break;
    }
    return COST_NONE;
}

/* Collects the nodes of the cheapest cut. */
static bool collect(struct chooser *c)
{
    struct ov_re_cut *cut = c->cut;
    size_t depth = 1;

    c->rows[0][0] = 0;
    c->rows[0][1] = c->tree->n_items;
    while (depth > 0) {
        size_t i = 0;
        const struct ov_re_item *item;

        depth--;
        if (cost_of_row(c, c->rows[depth][0], c->rows[depth][1], &i) ==
            COST_NONE)
            return false;
        item = &c->tree->items[i];
        if (item->op == OV_RE_SET) {
            if (cut->n_nodes == OV_RE_CUT_MAX)
                return false;
            cut->nodes[cut->n_nodes++] = c->nodes[i];
            continue;
        }
        if (depth + 2 > ROWS_MAX)
            return false;
        if (item->op == OV_RE_ALT) {
            c->rows[depth][0] = item->mid;
            c->rows[depth++][1] = i;
        }
        c->rows[depth][0] = item->from;
        c->rows[depth++][1] = item->op == OV_RE_ALT ? item->mid : i;
    }
    return true;
}

/* The nodes of the cheapest cut, and what it costs. */
static uint64_t choose_nodes(struct chooser *c)
{
    uint64_t first = cost_of_node(c, 0);
    uint32_t n_tried = 0;
    bool is_unsure;
    uint64_t cost;
    size_t which;

    for (size_t i = 0; i < c->tree->n_items; i++)
        c->costs[i] = cost_of_item(c, i, &n_tried);
    cost = cost_of_row(c, 0, c->tree->n_items, &which);
    c->cut->n_nodes = 0;
    /* From each place in a lazy repeat another end comes first: "d+?" as a
     * whole word is "dd", too, but not from its start. */
    is_unsure = cost == first && c->is_slow && c->tree->has_lazy;
    if ((cost < first || is_unsure) && collect(c))
        return cost;
    c->cut->n_nodes = 1;
    c->cut->nodes[0] = 0;
    return first;
}

static bool add_atom(struct ov_re_cut *cut, const struct ov_atom *a)
{
    for (uint32_t i = 0; i < cut->n_atoms; i++)
        if (cut->atoms[i].key == a->key && cut->atoms[i].kind == a->kind)
            return true;
    if (cut->n_atoms == OV_ATOMS_MAX)
        return false;
    cut->atoms[cut->n_atoms++] = *a;
    return true;
}

/* The atoms of the nodes that were chosen; *ret_weight: what they let through.
 */
static bool add_atoms(struct chooser *c, uint64_t *ret_weight)
{
    struct ov_re_cut *cut = c->cut;

    for (uint32_t i = 0; i < cut->n_nodes; i++) {
        enum ov_atom_kind kind = OV_ATOM_SHORT;

        if (cost_of_atoms(c, cut->nodes[i], &kind) == COST_NONE ||
            !spell(c, cut->nodes[i], kind))
            return false;
        for (uint32_t k = 0; k < c->n_texts; k++) {
            struct ov_atom a = atom_of(c->texts[0][k].key, kind);

            if (!add_atom(cut, &a))
                return false;
        }
    }
    *ret_weight = 0;
    for (uint32_t i = 0; i < cut->n_atoms; i++)
        *ret_weight += weight_of(cut->atoms[i].bits);
    cut->bits = bits_of(*ret_weight);
    return true;
}

static void choose(struct chooser *c)
{
    struct ov_re_cut *cut = c->cut;
    struct ov_re_cut *slow = &c->slow;
    uint64_t weight = 0;

    *cut = (struct ov_re_cut){0};
    if (choose_nodes(c) == COST_NONE || !add_atoms(c, &weight))
        weight = UINT64_MAX;
    c->is_slow = true;
    c->cut = slow;
    if (add_costs(choose_nodes(c), SLOW_COST) >= weight && weight < UINT64_MAX)
        return;
    for (uint32_t i = 0; i < slow->n_nodes; i++) {
        if (slow->nodes[i] == 0)
            add_first_class(c, &slow->bytes);
        else
            add_class(c, slow->nodes[i], &slow->bytes);
    }
    *cut = *slow;
}

enum ov_status ov_re_cut_choose(const struct ov_re_tree *t,
                                const uint16_t *nodes, const struct ov_re *re,
                                bool is_wide, struct ov_re_cut *ret)
{
    OV_AUTO_PTR uint64_t *costs = ov_alloc_array(t->n_items, sizeof(*costs));
    OV_AUTO_PTR struct chooser *c = ov_alloc(sizeof(*c));

    if (costs == NULL || c == NULL)
        return OV_NO_MEMORY;
    c->tree = t;
    c->nodes = nodes;
    c->re = re;
    c->is_wide = is_wide;
    c->costs = costs;
    c->cut = ret;
    choose(c);
    return OV_OK;
}
