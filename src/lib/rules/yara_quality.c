/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_quality.h"

#include "match/re_tree.h"
#include "rules/ruleset.h"

/* Whether yara would warn that a string is slow. This is yara's opinion, for
 * those whose rules must pass its "--fail-on-warnings"; what is slow here is
 * another matter (match/matcher.h).
 *
 * yara looks for four bytes in a row of each string, its atom, and gives points
 * for how rare they are: 20 for a byte, 18 for a letter, 12 for one of those
 * that fill files, 4 for half a byte, -10 for an unknown one; 2 for each that
 * differs from the others, or a penalty if all are the same filling byte. Of
 * what follows each other the best atom counts, of alternatives the worst. It
 * warns below 38 points. (Found by comparing: tests/oracle/yara_warnings.py.)
 *
 * A string is turned into units: bytes, and in between what ends a row of them.
 * An operator or bracket takes the units of its operand away and puts one
 * there. So nothing is walked twice, and nothing recurs. */
#define WARN_BELOW 38
#define ATOM 4
#define LEAST (-1000)
#define CHAIN_FROM 200 /* a longer jump makes two strings of one */
#define OPEN_MAX 17

enum unit_kind {
    UNIT_BYTE,
    UNIT_BREAK, /* nothing is known here */
    UNIT_TREE,  /* alternatives: the worst has these points */
    UNIT_DOTS,  /* as BREAK: any bytes, without an end */
    UNIT_CHAIN, /* what follows is a string of its own */
};

struct unit {
    uint32_t start; /* its first item */
    uint8_t kind;
    uint8_t value;
    uint8_t mask;
    int points;
};

struct units {
    OV_LIST(struct unit, list);
};

static bool is_filling(uint8_t byte)
{
    return byte == 0 || byte == 0x20 || byte == 0xcc || byte == 0xff;
}

static bool is_letter(uint8_t byte)
{
    return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static int points_of_byte(const struct unit *u)
{
    if (u->mask == 0)
        return -10;
    if (u->mask != 0xff)
        return 4;
    if (is_filling(u->value))
        return 12;
    return is_letter(u->value) ? 18 : 20;
}

/* Of at most ATOM bytes, without the unknown ones at its ends. */
static int points_of_atom(const struct unit *u, size_t n)
{
    uint64_t seen[4] = {0};
    int n_seen = 0;
    int points = 0;
    uint8_t first = 0; /* of the known bytes */

    for (; n > 0 && u[0].mask == 0; n--)
        u++;
    while (n > 0 && u[n - 1].mask == 0)
        n--;
    for (size_t i = 0; i < n; i++) {
        uint64_t *word = &seen[u[i].value >> 6];
        uint64_t bit = (uint64_t)1 << (u[i].value & 63);

        points += points_of_byte(&u[i]);
        if (u[i].mask == 0xff && (*word & bit) == 0) {
            first = n_seen == 0 ? u[i].value : first;
            *word |= bit;
            n_seen++;
        }
    }
    if (n == 0)
        return LEAST;
    if (n_seen == 1 && (is_filling(first) || first == 0x90))
        return points - 10 * (int)n;
    return points + 2 * n_seen;
}

/* The atom that ends with byte i, if there is one: four bytes, or all of a
 * shorter row. */
static int points_at(const struct unit *u, size_t n_units, size_t i)
{
    size_t n = 1;

    while (n < ATOM && n <= i && u[i - n].kind == UNIT_BYTE)
        n++;
    if (n < ATOM && i + 1 < n_units && u[i + 1].kind == UNIT_BYTE)
        return LEAST;
    return points_of_atom(u + i + 1 - n, n);
}

/* Of units that follow each other: the best, but of chained strings the
 * worst. */
static int points_of(const struct unit *u, size_t n)
{
    int worst = -LEAST;
    int best = LEAST;

    for (size_t i = 0; i < n; i++) {
        int points = LEAST;

        if (u[i].kind == UNIT_BYTE)
            points = points_at(u, n, i);
        else if (u[i].kind == UNIT_TREE)
            points = u[i].points;
        if (points > best)
            best = points;
        if (u[i].kind == UNIT_CHAIN) {
            worst = best < worst ? best : worst;
            best = LEAST;
        }
    }
    return best < worst ? best : worst;
}

static enum ov_status add(struct units *s, uint32_t start, enum unit_kind kind,
                          uint8_t value, uint8_t mask)
{
    struct unit *u = ov_part_add(&s->list);

    if (u == NULL)
        return OV_NO_MEMORY;
    *u = (struct unit){start, (uint8_t)kind, value, mask, LEAST};
    return OV_OK;
}

/* The first of the units that began at item `from` or later. */
static size_t first_from(const struct units *s, uint32_t from)
{
    size_t i = s->list.n;

    while (i > 0 && s->list.items[i - 1].start >= from)
        i--;
    return i;
}

/* ---- regular expressions ---- */

/* The byte of a set; with nocase, of both cases. False: there are others. */
static bool only_byte(const struct ov_re_set *set, bool is_nocase, uint8_t *ret)
{
    unsigned n = 0;

    for (unsigned c = 0; c < 256; c++) {
        if (!ov_re_set_has(set, (uint8_t)c))
            continue;
        if (n++ > 0 && !(n == 2 && is_nocase && (*ret | 0x20) == (int)c &&
                         is_letter(*ret)))
            return false;
        *ret = (uint8_t)c;
    }
    return n > 0;
}

/* "." */
static bool is_any(const struct ov_re_set *set)
{
    unsigned n = 0;

    for (unsigned c = 0; c < 256; c++)
        n += ov_re_set_has(set, (uint8_t)c);
    return n == 256 || (n == 255 && !ov_re_set_has(set, '\n'));
}

static enum ov_status add_set(struct units *s, uint32_t at,
                              const struct ov_re_set *set, bool is_nocase)
{
    uint8_t byte = 0;

    if (only_byte(set, is_nocase, &byte))
        return add(s, at, UNIT_BYTE, byte, 0xff);
    if (is_any(set))
        return add(s, at, UNIT_BYTE, 0, 0);
    return add(s, at, UNIT_BREAK, 0, 0);
}

/* The two sides of "|" become one unit. */
static void join(struct units *s, const struct ov_re_item *item)
{
    size_t left = first_from(s, item->from);
    size_t right = first_from(s, item->mid);
    const struct unit *u = s->list.items;
    int a = points_of(u + left, right - left);
    int b = points_of(u + right, s->list.n - right);

    if (left == s->list.n) /* both are empty */
        return;
    s->list.items[left] = (struct unit){
        .start = item->from, .kind = UNIT_TREE, .points = a < b ? a : b};
    s->list.n = left + 1;
}

/* What may be left out, or comes again: nothing is known of it, but that of "+"
 * stands there once. */
static enum ov_status repeat(struct units *s, uint32_t at,
                             const struct ov_re_item *item)
{
    size_t first = first_from(s, item->from);
    const struct unit *u = s->list.items;
    bool is_dot = item->op != OV_RE_OPT && s->list.n == first + 1 &&
                  u[first].kind == UNIT_BYTE && u[first].mask == 0;

    for (size_t i = first; i < s->list.n; i++)
        if (s->list.items[i].kind == UNIT_DOTS)
            s->list.items[i].kind = UNIT_BREAK;
    if (item->op != OV_RE_PLUS)
        s->list.n = first;
    return add(s, item->op == OV_RE_PLUS ? at : item->from,
               is_dot ? UNIT_DOTS : UNIT_BREAK, 0, 0);
}

static enum ov_status add_item(struct units *s, const struct ov_re_tree *t,
                               uint32_t at, bool is_nocase)
{
    const struct ov_re_item *item = &t->items[at];

    switch ((enum ov_re_op)item->op) {
    case OV_RE_SET:
        return add_set(s, at, &t->sets[item->set], is_nocase);
    case OV_RE_ALT:
        join(s, item);
        return OV_OK;
    case OV_RE_STAR:
    case OV_RE_PLUS:
    case OV_RE_OPT:
        return repeat(s, at, item);
    case OV_RE_ASSERT:
    case OV_RE_EMPTY:
        break;
    }
    return add(s, at, UNIT_BREAK, 0, 0);
}

static enum ov_status add_regex(struct units *s, const struct ov_pattern *p)
{
    bool is_nocase = (p->flags & OV_PATTERN_NOCASE) != 0;
    uint32_t flags =
        OV_RE_MARK_COUNTS | (is_nocase ? OV_RE_NOCASE : 0u) |
        ((p->flags & OV_PATTERN_DOT_ALL) != 0 ? OV_RE_DOT_ALL : 0u);
    struct ov_re_tree tree = {0};
    enum ov_status status = ov_re_parse(p->regex, flags, &tree, NULL);

    for (size_t i = 0; i < tree.n_items && status == OV_OK; i++)
        status = add_item(s, &tree, (uint32_t)i, is_nocase);
    ov_re_tree_done(&tree);
    return status;
}

/* ---- cells ---- */

/* A bracket: where the alternative under way begins, and the worst of those
 * before it. */
struct open {
    size_t from;
    int worst;
};

static void end_alternative(struct units *s, struct open *o)
{
    int points = points_of(s->list.items + o->from, s->list.n - o->from);

    o->worst = points < o->worst ? points : o->worst;
    s->list.n = o->from;
}

static enum ov_status add_gap(struct units *s, const struct ov_cell *c,
                              bool is_inside)
{
    const struct unit *last =
        s->list.n > 0 ? &s->list.items[s->list.n - 1] : NULL;

    if (c->gap_min == 1 && c->gap_max == 1)
        return add(s, 0, UNIT_BYTE, 0, 0);
    if (c->gap_max <= CHAIN_FROM || is_inside)
        return add(s, 0, UNIT_BREAK, 0, 0);
    if (last != NULL && last->kind == UNIT_CHAIN)
        return OV_OK;
    return add(s, 0, UNIT_CHAIN, 0, 0);
}

static enum ov_status add_bracket(struct units *s, const struct ov_cell *c,
                                  struct open *open, size_t *n_open)
{
    struct open *o = &open[*n_open];

    if (c->kind == OV_CELL_ALT_OPEN) {
        if (*n_open + 1 == OPEN_MAX)
            return OV_LIMIT_DEPTH;
        open[++*n_open] = (struct open){s->list.n, -LEAST};
        return OV_OK;
    }
    if (*n_open == 0)
        return OV_MALFORMED;
    end_alternative(s, o);
    if (c->kind == OV_CELL_ALT_NEXT)
        return OV_OK;
    --*n_open;
    OV_TRY(add(s, 0, UNIT_TREE, 0, 0));
    s->list.items[s->list.n - 1].points = o->worst;
    return OV_OK;
}

static enum ov_status add_cells(struct units *s, const struct ov_pattern *p)
{
    struct open open[OPEN_MAX];
    size_t n_open = 0;

    for (uint32_t i = 0; i < p->n_cells; i++) {
        const struct ov_cell *c = &p->cells[i];

        if (c->kind == OV_CELL_BYTE)
            OV_TRY(add(s, 0, UNIT_BYTE, c->value, c->is_negated ? 0 : c->mask));
        else if (c->kind == OV_CELL_GAP)
            OV_TRY(add_gap(s, c, n_open > 0));
        else if (c->kind != OV_CELL_BOUNDARY)
            OV_TRY(add_bracket(s, c, open, &n_open));
    }
    return OV_OK;
}

/* ---- texts: xor, wide ---- */

/* The atom of a text that yara chooses: the first of the best. */
static size_t best_atom(const struct unit *u, size_t n, size_t *ret_len)
{
    size_t len = n < ATOM ? n : ATOM;
    size_t best = 0;

    for (size_t i = 1; i + len <= n; i++)
        if (points_of_atom(u + i, len) > points_of_atom(u + best, len))
            best = i;
    *ret_len = len;
    return best;
}

/* The worst that a key makes of the atom. */
static int points_of_keys(const struct ov_pattern *p, const struct unit *atom,
                          size_t n)
{
    bool is_xor = (p->flags & OV_PATTERN_XOR) != 0;
    unsigned last = is_xor ? p->xor_max : 0;
    int worst = -LEAST;

    for (unsigned key = is_xor ? p->xor_min : 0; key <= last; key++) {
        struct unit made[ATOM];
        int points;

        for (size_t i = 0; i < n; i++) {
            made[i] = atom[i];
            made[i].value ^= (uint8_t)key;
        }
        points = points_of_atom(made, n);
        worst = points < worst ? points : worst;
    }
    return worst;
}

/* What becomes of a text's atom: the forms of it that are looked for. */
static int points_of_forms(const struct ov_pattern *p, const struct units *s)
{
    struct unit wide[ATOM] = {{.kind = UNIT_BYTE}};
    size_t n;
    const struct unit *atom =
        s->list.items + best_atom(s->list.items, s->list.n, &n);
    size_t half = n < ATOM / 2 ? n : ATOM / 2;
    bool is_wide = (p->flags & OV_PATTERN_WIDE) != 0;
    bool is_ascii = !is_wide || (p->flags & OV_PATTERN_ASCII) != 0;
    int points = is_ascii ? points_of_keys(p, atom, n) : -LEAST;
    int broad;

    if (!is_wide)
        return points;
    for (size_t i = 0; i < half; i++) {
        wide[2 * i] = atom[i];
        wide[2 * i + 1] =
            (struct unit){.kind = UNIT_BYTE, .value = 0, .mask = 0xff};
    }
    broad = points_of_keys(p, wide, 2 * half);
    return broad < points ? broad : points;
}

enum ov_status ov_yara_quality_of(const struct ov_pattern *p,
                                  struct ov_yara_quality *ret)
{
    struct units s = {0};
    struct ov_yara_quality q = {0};
    enum ov_status status =
        p->regex.len > 0 ? add_regex(&s, p) : add_cells(&s, p);
    int points = points_of(s.list.items, s.list.n);

    if ((p->flags & (OV_PATTERN_XOR | OV_PATTERN_WIDE)) != 0 &&
        p->regex.len == 0 && status == OV_OK) {
        int keyed = points_of_forms(p, &s);

        points = keyed < points ? keyed : points;
    }
    q.is_slow = points < WARN_BELOW;
    for (size_t i = 0; i < s.list.n; i++)
        q.has_dot_repeat |= s.list.items[i].kind == UNIT_DOTS;
    ov_free(s.list.items);
    if (status != OV_OK)
        return status;
    *ret = q;
    return OV_OK;
}
