/* SPDX-License-Identifier: Apache-2.0 */
#include "match/atoms.h"

#include "base/assert.h"

/* Choosing several atoms, for patterns that have no good one.
 *
 * A pattern's cells are read as units: a byte with the values it can have.
 * "4?" has 16, "(74|75)" has 2. Some units in a row make a window, and a window
 * is spelled out: "4? 5A" are 16 atoms, fewer where letters fold. If no window
 * of the outer cells is good, each alternative of a bracket gives its own best
 * window: every match has one of those.
 *
 *   { ?? ( 6A 40 68 | B? 00 10 ) }   6a 40 68 and b0 00, b1 00, ... bf 00
 *
 * More atoms mean more places to look at; that is their price, in bits. */

/* Atoms of one kind that a window may come to. */
static const uint32_t spelled_max[OV_N_ATOM_KINDS] = {32, 64, 256};

struct unit {
    uint64_t bytes[4]; /* as in struct ov_class */
    uint32_t next;     /* cell behind it; UINT32_MAX: that is not known */
};

struct search {
    const struct ov_form *f;
    uint32_t (*crowd)(const void *data, uint64_t key);
    const void *crowd_data;
    struct ov_atoms *best;
    int32_t best_score;
    struct ov_atoms now;
    uint64_t now_weight;
};

static void add_byte(uint64_t bytes[static 4], unsigned b)
{
    bytes[b / 64] |= (uint64_t)1 << b % 64;
}

static bool is_fixed(const struct ov_cell *c)
{
    return c->kind == OV_CELL_BYTE && c->mask == 0xff && !c->is_negated;
}

static void add_cell(const struct ov_form *f, const struct ov_cell *c,
                     uint64_t bytes[static 4])
{
    for (unsigned b = 0; b < 256; b++) {
        uint8_t v = (uint8_t)b;

        if (f->is_nocase && c->mask == 0xff)
            v = ov_lower(v);
        if (((v & c->mask) == c->value) != c->is_negated)
            add_byte(bytes, b);
    }
}

/* Where the alternative ends that begins at i: at its NEXT or CLOSE. */
static uint32_t branch_end(const struct ov_form *f, uint32_t i)
{
    while (f->cells[i].kind != OV_CELL_ALT_NEXT &&
           f->cells[i].kind != OV_CELL_ALT_CLOSE)
        i = f->cells[i].kind == OV_CELL_ALT_OPEN ? ov_form_close(f, i) + 1
                                                 : i + 1;
    return i;
}

/* A bracket is a unit by the first bytes of its alternatives. */
static bool bracket_unit(const struct ov_form *f, uint32_t open,
                         struct unit *ret)
{
    uint32_t close = ov_form_close(f, open);
    bool are_single = true;

    if (f->cells[open].is_negated)
        return false;
    for (uint32_t i = open + 1; i <= close; i = branch_end(f, i) + 1) {
        if (f->cells[i].kind != OV_CELL_BYTE)
            return false;
        add_cell(f, &f->cells[i], ret->bytes);
        are_single &= branch_end(f, i) == i + 1;
    }
    ret->next = are_single ? close + 1 : UINT32_MAX;
    return true;
}

static bool unit_at(const struct ov_form *f, uint32_t cell, uint32_t to,
                    struct unit *ret)
{
    *ret = (struct unit){.next = cell + 1};
    if (cell >= to)
        return false;
    if (f->cells[cell].kind == OV_CELL_ALT_OPEN)
        return bracket_unit(f, cell, ret);
    if (f->cells[cell].kind != OV_CELL_BYTE)
        return false;
    add_cell(f, &f->cells[cell], ret->bytes);
    return true;
}

/* A unit's values, folded, each once. */
static uint32_t spell_unit(const struct unit *u, uint8_t ret[static 256])
{
    uint64_t seen[4] = {0};
    uint32_t n = 0;

    for (unsigned b = 0; b < 256; b++) {
        uint8_t v = ov_lower((uint8_t)b);

        if (!(u->bytes[b / 64] >> b % 64 & 1) || seen[v / 64] >> v % 64 & 1)
            continue;
        add_byte(seen, v);
        ret[n++] = v;
    }
    return n;
}

/* How often something of that many bits occurs. */
static uint64_t weight_of(uint32_t bits)
{
    return bits >= 40 ? 1 : (uint64_t)1 << (40 - bits);
}

static uint32_t bits_of(uint64_t weight)
{
    uint32_t log = 63 - (uint32_t)__builtin_clzll(weight);

    return log >= 40 ? 0 : 40 - log;
}

/* Adds to s->now the window of len units at cell, spelled out. */
static bool spell_window(struct search *s, uint32_t cell, uint32_t to,
                         enum ov_atom_kind kind)
{
    uint32_t len = ov_atom_len(kind);
    uint8_t values[OV_ATOM_MAX][256];
    uint32_t n_values[OV_ATOM_MAX];
    uint32_t turn[OV_ATOM_MAX] = {0};
    uint32_t n = 1;
    struct unit u = {.next = cell};

    for (uint32_t i = 0; i < len; i++) {
        if (u.next < to && is_fixed(&s->f->cells[u.next])) {
            values[i][0] = ov_lower(s->f->cells[u.next++].value);
            n_values[i] = 1;
            continue;
        }
        if (!unit_at(s->f, u.next, to, &u))
            return false;
        n_values[i] = spell_unit(&u, values[i]);
        n *= n_values[i];
        if (n == 0 || n > spelled_max[kind])
            return false;
    }
    if (n > OV_ATOMS_MAX - s->now.n)
        return false;
    for (uint32_t k = 0; k < n; k++) {
        struct ov_atom *a = &s->now.at[s->now.n++];
        uint8_t b[OV_ATOM_MAX];

        *a = (struct ov_atom){.kind = kind, .part = s->now.part, .cell = cell};
        for (uint32_t i = 0; i < len; i++) {
            b[i] = values[i][turn[i]];
            a->key |= (uint64_t)b[i] << 8 * i;
        }
        for (uint32_t i = 0; i < len && ++turn[i] == n_values[i]; i++)
            turn[i] = 0;
        a->bits = ov_atom_window_bits(b, kind);
        s->now_weight += weight_of(a->bits);
    }
    return true;
}

static void clear_now(struct search *s, uint32_t part)
{
    s->now.n = 0;
    s->now.part = part;
    s->now_weight = 0;
}

/* What s->now is worth from `first` on: as one atom that is as common as all of
 * them, which s->now_weight is. */
static int32_t score_now(const struct search *s, uint32_t first, bool is_spread)
{
    struct ov_atom all = {.bits = bits_of(s->now_weight)};
    int32_t n_bits = 0;

    for (uint32_t i = first; i < s->now.n; i++)
        if (s->now.at[i].kind > all.kind)
            all.kind = s->now.at[i].kind;
    for (uint32_t n = s->now.n - first; n > 1; n >>= 1)
        n_bits++;
    return ov_atom_score(&all, is_spread) - n_bits / 2;
}

static void offer_now(struct search *s, bool is_spread)
{
    int32_t score = score_now(s, 0, is_spread);

    if (s->best->n > 0 && score <= s->best_score)
        return;
    *s->best = s->now;
    s->best->bits = bits_of(s->now_weight);
    s->best->is_spread = is_spread;
    s->best_score = score;
}

/* The best window of the outer cells of [from, to) is added to s->now. */
static bool add_best_window(struct search *s, uint32_t from, uint32_t to)
{
    uint32_t n = s->now.n;
    uint64_t weight = s->now_weight;
    uint32_t best_cell = UINT32_MAX;
    enum ov_atom_kind best_kind = OV_ATOM_SHORT;
    int32_t best = 0;

    for (uint32_t i = from; i < to; i++) {
        if (s->f->cells[i].kind == OV_CELL_ALT_OPEN) {
            i = ov_form_close(s->f, i);
            continue;
        }
        for (enum ov_atom_kind k = 0; k < OV_N_ATOM_KINDS; k++) {
            int32_t score;

            s->now.n = n;
            s->now_weight = 0;
            if (!spell_window(s, i, to, k))
                continue;
            score = score_now(s, n, false);
            if (best_cell == UINT32_MAX || score > best) {
                best = score;
                best_cell = i;
                best_kind = k;
            }
        }
    }
    s->now.n = n;
    s->now_weight = weight;
    return best_cell != UINT32_MAX && spell_window(s, best_cell, to, best_kind);
}

static uint32_t branch_begin(const struct ov_form *f, uint32_t from,
                             uint32_t cell, uint32_t *ret_open)
{
    uint32_t begin = UINT32_MAX;
    uint32_t depth = 0;

    for (uint32_t i = cell; i-- > from;) {
        switch ((enum ov_cell_kind)f->cells[i].kind) {
        case OV_CELL_ALT_CLOSE:
            depth++;
            break;
        case OV_CELL_ALT_NEXT:
            if (depth == 0 && begin == UINT32_MAX)
                begin = i + 1;
            break;
        case OV_CELL_ALT_OPEN:
            if (depth-- == 0) {
                *ret_open = i;
                return begin == UINT32_MAX ? i + 1 : begin;
            }
            break;
        case OV_CELL_BYTE:
        case OV_CELL_GAP:
        case OV_CELL_BOUNDARY:
            break;
        }
    }
    *ret_open = UINT32_MAX;
    return from;
}

struct ov_extent_range ov_atoms_before(const struct ov_form *f, uint32_t part,
                                       uint32_t cell)
{
    struct ov_extent_range all = {0};
    uint32_t open = cell;

    do {
        uint32_t end = open;
        uint32_t begin = branch_begin(f, f->parts[part].from, end, &open);
        struct ov_extent_range r = ov_form_range(f, begin, end);

        all.min += r.min;
        all.max += r.max;
    } while (open != UINT32_MAX);
    return all;
}

static bool is_now_spread(const struct search *s)
{
    const struct ov_atoms *a = &s->now;
    struct ov_extent_range first =
        ov_atoms_before(s->f, a->part, a->at[0].cell);

    for (uint32_t i = 1; i < a->n; i++) {
        struct ov_extent_range r;

        if (a->at[i].cell == a->at[i - 1].cell)
            continue;
        r = ov_atoms_before(s->f, a->part, a->at[i].cell);
        if (r.min != first.min || r.max != first.max)
            return true;
    }
    return first.min != first.max;
}

/* One window of each alternative. */
static void try_bracket(struct search *s, uint32_t part, uint32_t open)
{
    uint32_t close = ov_form_close(s->f, open);

    if (s->f->cells[open].is_negated)
        return;
    clear_now(s, part);
    for (uint32_t i = open + 1; i <= close;) {
        uint32_t end = branch_end(s->f, i);

        if (!add_best_window(s, i, end))
            return;
        i = end + 1;
    }
    offer_now(s, is_now_spread(s));
}

static void try_part(struct search *s, uint32_t part)
{
    const struct ov_form *f = s->f;
    uint32_t to = f->parts[part].to;
    bool is_spread = false;

    for (uint32_t i = f->parts[part].from; i < to;) {
        uint32_t next = i + 1;

        for (enum ov_atom_kind k = 0; k < OV_N_ATOM_KINDS; k++) {
            clear_now(s, part);
            if (spell_window(s, i, to, k))
                offer_now(s, is_spread);
        }
        if (f->cells[i].kind == OV_CELL_ALT_OPEN) {
            try_bracket(s, part, i);
            next = ov_form_close(f, i) + 1;
        }
        if (!is_spread && f->cells[i].kind != OV_CELL_BYTE) {
            struct ov_extent_range r = ov_form_range(f, i, next);

            is_spread = r.min != r.max;
        }
        i = next;
    }
}

/* How common the window of len bytes at cell is, over all keys. */
static uint64_t weigh_keys(const struct ov_form *f, uint32_t cell,
                           enum ov_atom_kind kind)
{
    uint64_t weight = 0;

    for (unsigned key = f->xor_min; key <= f->xor_max; key++) {
        uint8_t b[OV_ATOM_MAX];

        for (uint32_t i = 0; i < ov_atom_len(kind); i++)
            b[i] = ov_lower(f->cells[cell + i].value ^ (uint8_t)key);
        weight += weight_of(ov_atom_window_bits(b, kind));
    }
    return weight;
}

/* Windows of xor-ed text that are weighed. */
#define XOR_WINDOWS_MAX 64

/* Xor-ed text: one window, with each key. */
static bool choose_xor(const struct ov_form *f, struct ov_atoms *ret)
{
    enum ov_atom_kind kind = f->n >= 7   ? OV_ATOM_LONG
                             : f->n >= 4 ? OV_ATOM_MID
                                         : OV_ATOM_SHORT;
    uint32_t len = ov_atom_len(kind);
    uint64_t least = UINT64_MAX;
    uint32_t cell = 0;

    *ret = (struct ov_atoms){0};
    for (uint32_t i = 0; i + len <= f->n && i < XOR_WINDOWS_MAX; i++) {
        uint64_t weight = weigh_keys(f, i, kind);

        if (weight < least) {
            least = weight;
            cell = i;
        }
    }
    if (least == UINT64_MAX)
        return false;
    ret->bits = bits_of(least);
    for (unsigned key = f->xor_min; key <= f->xor_max; key++) {
        struct ov_atom *a = &ret->at[ret->n++];

        *a = (struct ov_atom){.kind = kind, .cell = cell, .bits = ret->bits};
        for (uint32_t i = 0; i < len; i++) {
            uint8_t b = f->cells[cell + i].value ^ (uint8_t)key;

            a->key |= (uint64_t)ov_lower(b) << 8 * i;
        }
    }
    return true;
}

bool ov_atoms_choose(const struct ov_form *f,
                     uint32_t (*crowd)(const void *data, uint64_t key),
                     const void *crowd_data, struct ov_atoms *ret)
{
    struct search s = {.f = f, .best = ret};
    struct ov_atom *one = &ret->at[0];

    if (f->is_xor)
        return choose_xor(f, ret);
    ret->n = 0;
    if (ov_atom_choose(f, crowd, crowd_data, one)) {
        struct ov_extent_range before =
            ov_atoms_before(f, one->part, one->cell);

        ret->n = 1;
        ret->part = one->part;
        ret->bits = one->bits;
        ret->is_spread = before.min != before.max;
        s.best_score = ov_atom_score(one, ret->is_spread);
        if (one->kind != OV_ATOM_SHORT && one->bits >= OV_ATOM_RARE)
            return true;
    }
    for (uint32_t part = 0; part < f->n_parts; part++)
        try_part(&s, part);
    return ret->n > 0;
}

/* How much of clean files a class lets through. */
static uint64_t class_weight(const uint64_t bytes[static 4])
{
    uint64_t all = 0;

    for (unsigned b = 0; b < 256; b++) {
        uint8_t v = ov_lower((uint8_t)b);

        if (bytes[b / 64] >> b % 64 & 1)
            all += weight_of(ov_atom_bits(&v, 1));
    }
    return all;
}

void ov_class_choose(const struct ov_form *f, struct ov_class *ret)
{
    uint64_t best = UINT64_MAX;

    *ret = (struct ov_class){.cell = f->parts[0].from,
                             .bytes = {~0ull, ~0ull, ~0ull, ~0ull}};
    if (f->is_xor) {
        memset(ret->bytes, 0, sizeof(ret->bytes));
        for (unsigned key = f->xor_min; key <= f->xor_max; key++)
            add_byte(ret->bytes, f->cells[0].value ^ key);
        return;
    }
    for (uint32_t part = 0; part < f->n_parts; part++) {
        uint32_t to = f->parts[part].to;
        struct unit u;

        for (uint32_t i = f->parts[part].from; i < to; i++) {
            if (unit_at(f, i, to, &u) && class_weight(u.bytes) < best) {
                best = class_weight(u.bytes);
                ret->part = part;
                ret->cell = i;
                memcpy(ret->bytes, u.bytes, sizeof(ret->bytes));
            }
            if (f->cells[i].kind == OV_CELL_ALT_OPEN)
                i = ov_form_close(f, i);
        }
    }
}

void ov_atoms_write_back(const struct ov_form *f, uint32_t part,
                         const uint32_t *cells, size_t n, struct ov_buf *code)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t open = cells[i];

        if (n > 1)
            ov_form_put_op(code, i == 0 ? OV_OP_OPEN : OV_OP_NEXT, 1);
        do {
            uint32_t end = open;
            uint32_t begin = branch_begin(f, f->parts[part].from, end, &open);

            ov_form_write(f, begin, end, true, code);
        } while (open != UINT32_MAX);
    }
    if (n > 1)
        ov_form_put_op(code, OV_OP_CLOSE, 1);
}
