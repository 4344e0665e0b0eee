/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "match/re_tree.h"

/* Reading a regular expression.
 *
 * One pass from left to right, with a stack for open groups. An operand is a
 * stretch of items; a repeat takes the last operand, which is the stretch since
 * it began. Counted repeats copy that stretch, so that whatever comes later
 * knows only * + and ?.
 *
 * What YARA 4 takes and how it reads it decides (documentation, "Regular
 * expressions"): "{" that begins no repeat is a plain character, "]" right
 * behind "[" too, an unknown escape is the character itself, an alternative
 * may be empty unless it is the first. A class that ignores case takes both
 * cases before it is negated.
 *
 * Limits: groups nest 200 deep; a repeat counts to 32767; written out there are
 * at most 60000 items, and 4096 different sets. */

#define REPEAT_MAX 32767u
#define NO_LIMIT UINT32_MAX

struct group {
    uint32_t alt_from; /* where its first alternative begins */
    uint32_t cat_from; /* where the one being read begins */
    uint32_t flags;    /* outside of it */
    bool has_alt;      /* a "|" was read */
    bool has_cat;      /* the alternative being read is not empty */
};

struct parser {
    struct ov_span text;
    size_t at;
    uint32_t flags;
    struct ov_re_tree *tree;
    struct ov_re_fault *fault;
    uint32_t depth;
    struct group groups[OV_RE_DEPTH_MAX + 1];
};

void ov_re_tree_done(struct ov_re_tree *t)
{
    ov_free(t->items);
    ov_free(t->sets);
    *t = (struct ov_re_tree){0};
}

static enum ov_status fail_at(struct parser *p, size_t at,
                              enum ov_status status, const char *why)
{
    if (p->fault != NULL)
        *p->fault = (struct ov_re_fault){at, why};
    return status;
}

static enum ov_status fail(struct parser *p, const char *why)
{
    return fail_at(p, p->at, OV_MALFORMED, why);
}

static int peek(const struct parser *p, size_t ahead)
{
    return ov_span_byte(p->text, p->at + ahead);
}

/* ---- items and sets ---- */

static enum ov_status reserve(struct parser *p, size_t more)
{
    struct ov_re_tree *t = p->tree;
    size_t cap = t->cap_items < 32 ? 32 : t->cap_items;
    struct ov_re_item *items;

    if (more > OV_RE_ITEMS_MAX || t->n_items + more > OV_RE_ITEMS_MAX)
        return fail_at(p, p->at, OV_UNSUPPORTED,
                       "the regular expression is too large written out");
    while (cap < t->n_items + more)
        cap *= 2;
    if (cap == t->cap_items)
        return OV_OK;
    items = ov_realloc_array(t->items, cap, sizeof(*items));
    if (items == NULL)
        return OV_NO_MEMORY;
    t->items = items;
    t->cap_items = cap;
    return OV_OK;
}

static enum ov_status push(struct parser *p, struct ov_re_item item)
{
    OV_TRY(reserve(p, 1));
    p->tree->items[p->tree->n_items++] = item;
    return OV_OK;
}

/* An operator over [from, end). */
static enum ov_status push_repeat(struct parser *p, enum ov_re_op op,
                                  size_t from, bool is_lazy)
{
    return push(p, (struct ov_re_item){.op = (uint8_t)op,
                                       .is_lazy = is_lazy,
                                       .from = (uint32_t)from});
}

static enum ov_status set_number(struct parser *p, const struct ov_re_set *set,
                                 uint16_t *ret)
{
    struct ov_re_tree *t = p->tree;

    for (size_t i = 0; i < t->n_sets; i++) {
        if (memcmp(&t->sets[i], set, sizeof(*set)) == 0) {
            *ret = (uint16_t)i;
            return OV_OK;
        }
    }
    if (t->n_sets == OV_RE_SETS_MAX)
        return fail_at(p, p->at, OV_UNSUPPORTED,
                       "the regular expression has too many classes");
    if (t->n_sets == t->cap_sets) {
        size_t cap = t->cap_sets < 8 ? 8 : 2 * t->cap_sets;
        struct ov_re_set *sets = ov_realloc_array(t->sets, cap, sizeof(*sets));

        if (sets == NULL)
            return OV_NO_MEMORY;
        t->sets = sets;
        t->cap_sets = cap;
    }
    t->sets[t->n_sets] = *set;
    *ret = (uint16_t)t->n_sets++;
    return OV_OK;
}

static void add_range(struct ov_re_set *s, unsigned first, unsigned last)
{
    for (unsigned c = first; c <= last; c++)
        s->bits[c >> 6] |= (uint64_t)1 << (c & 63);
}

static void negate(struct ov_re_set *s)
{
    for (size_t i = 0; i < 4; i++)
        s->bits[i] = ~s->bits[i];
}

static void add_other_case(struct ov_re_set *s)
{
    for (unsigned c = 'a'; c <= 'z'; c++) {
        if (ov_re_set_has(s, (uint8_t)c))
            add_range(s, c - 32, c - 32);
        else if (ov_re_set_has(s, (uint8_t)(c - 32)))
            add_range(s, c, c);
    }
}

static enum ov_status push_set(struct parser *p, struct ov_re_set *set,
                               bool is_negated)
{
    struct ov_re_item item = {.op = OV_RE_SET};

    if (p->flags & OV_RE_NOCASE)
        add_other_case(set);
    if (is_negated)
        negate(set);
    OV_TRY(set_number(p, set, &item.set));
    return push(p, item);
}

static enum ov_status push_assert(struct parser *p, enum ov_re_assert which)
{
    return push(
        p, (struct ov_re_item){.op = OV_RE_ASSERT, .set = (uint16_t)which});
}

/* ---- escapes and classes ---- */

/* \w \s \d and their opposites; false if c is none of them. */
static bool named_class(int c, struct ov_re_set *ret)
{
    struct ov_re_set s = {0};
    int lower = c >= 'A' && c <= 'Z' ? c | 0x20 : c;

    if (lower == 'd' || lower == 'w')
        add_range(&s, '0', '9');
    if (lower == 'w') {
        add_range(&s, 'a', 'z');
        add_range(&s, 'A', 'Z');
        add_range(&s, '_', '_');
    }
    if (lower == 's') {
        add_range(&s, '\t', '\r');
        add_range(&s, ' ', ' ');
    }
    if (lower != 'd' && lower != 'w' && lower != 's')
        return false;
    if (c != lower)
        negate(&s);
    *ret = s;
    return true;
}

/* Behind a backslash: one byte. */
static enum ov_status read_escaped(struct parser *p, uint8_t *ret)
{
    static const char *const from = "ntrfa";
    static const char *const to = "\n\t\r\f\a";
    int c = peek(p, 0);
    const char *found;

    if (c < 0)
        return fail(p, "nothing follows the backslash");
    if (c == 'x') {
        if (p->text.len - p->at < 3 ||
            !ov_hex_decode(ov_span_clip(p->text, p->at + 1, 2), ret, 1))
            return fail(p, "\\x needs two hexadecimal digits");
        p->at += 3;
        return OV_OK;
    }
    found = c != 0 ? strchr(from, c) : NULL;
    *ret = found != NULL ? (uint8_t)to[found - from] : (uint8_t)c;
    p->at++;
    return OV_OK;
}

/* One byte of a class, escaped or not. */
static enum ov_status read_class_byte(struct parser *p, uint8_t *ret)
{
    if (peek(p, 0) == '\\') {
        p->at++;
        return read_escaped(p, ret);
    }
    *ret = (uint8_t)peek(p, 0);
    p->at++;
    return OV_OK;
}

/* A byte, a range of them, or \w and the like. */
static enum ov_status read_class_part(struct parser *p, struct ov_re_set *set)
{
    struct ov_re_set named;
    uint8_t first;
    uint8_t last;
    size_t start = p->at;

    if (peek(p, 0) == '\\' && named_class(peek(p, 1), &named)) {
        for (size_t i = 0; i < 4; i++)
            set->bits[i] |= named.bits[i];
        p->at += 2;
        return OV_OK;
    }
    OV_TRY(read_class_byte(p, &first));
    last = first;
    if (peek(p, 0) == '-' && peek(p, 1) >= 0 && peek(p, 1) != ']') {
        p->at++;
        OV_TRY(read_class_byte(p, &last));
    }
    if (last < first)
        return fail_at(p, start, OV_MALFORMED,
                       "the range's end is before its start");
    add_range(set, first, last);
    return OV_OK;
}

/* Behind "[". */
static enum ov_status read_class(struct parser *p)
{
    size_t start = p->at - 1;
    struct ov_re_set set = {0};
    bool is_negated = peek(p, 0) == '^';
    bool is_first = true;

    if (is_negated)
        p->at++;
    while (peek(p, 0) != ']' || is_first) {
        if (peek(p, 0) < 0)
            return fail_at(p, start, OV_MALFORMED,
                           "the class has no end; add ]");
        OV_TRY(read_class_part(p, &set));
        is_first = false;
    }
    p->at++;
    return push_set(p, &set, is_negated);
}

/* Behind a backslash outside of a class; *ret_repeats: a repeat may follow. */
static enum ov_status read_escape(struct parser *p, bool *ret_repeats)
{
    static const struct {
        char name;
        enum ov_re_assert which;
    } asserts[] = {{'b', OV_RE_AT_WORD},
                   {'B', OV_RE_NOT_AT_WORD},
                   {'A', OV_RE_AT_START},
                   {'z', OV_RE_AT_END}};
    struct ov_re_set set = {0};
    int c = peek(p, 0);
    uint8_t byte;

    for (size_t i = 0; i < sizeof(asserts) / sizeof(asserts[0]); i++) {
        if (c == asserts[i].name) {
            p->at++;
            *ret_repeats = false;
            return push_assert(p, asserts[i].which);
        }
    }
    if (c >= 0 && ov_is_digit((uint8_t)c))
        return fail(p, "there are no backreferences");
    if (named_class(c, &set)) {
        p->at++;
    } else {
        OV_TRY(read_escaped(p, &byte));
        add_range(&set, byte, byte);
    }
    return push_set(p, &set, false);
}

/* ---- repeats ---- */

struct repeat {
    uint32_t min;
    uint32_t max; /* NO_LIMIT */
    bool is_lazy;
};

static bool read_count(const struct parser *p, size_t *at, uint32_t *ret)
{
    size_t start = *at;
    uint64_t n = 0;

    while (peek(p, *at) >= 0 && ov_is_digit((uint8_t)peek(p, *at))) {
        n = 10 * n + (uint64_t)(peek(p, *at) - '0');
        if (n > REPEAT_MAX)
            n = REPEAT_MAX + 1;
        (*at)++;
    }
    *ret = (uint32_t)n;
    return *at > start;
}

/* "{2}" "{2,}" "{,3}" "{2,3}" "{,}"; *ret_len 0: a plain "{". */
static enum ov_status read_counts(struct parser *p, struct repeat *ret,
                                  size_t *ret_len)
{
    struct repeat r = {0, NO_LIMIT, false};
    size_t at = 1;
    bool has_min = read_count(p, &at, &r.min);

    *ret_len = 0;
    if (peek(p, at) == ',') {
        at++;
        if (!read_count(p, &at, &r.max))
            r.max = NO_LIMIT;
    } else if (has_min) {
        r.max = r.min;
    } else {
        return OV_OK;
    }
    if (peek(p, at) != '}')
        return OV_OK;
    if (r.min > REPEAT_MAX || (r.max > REPEAT_MAX && r.max != NO_LIMIT))
        return fail(p, "a repeat counts to 32767 at most");
    if (r.max < r.min || r.max == 0)
        return fail(p, "the repeat's bounds make no sense");
    *ret = r;
    *ret_len = at + 1;
    return OV_OK;
}

/* The repeat that stands here; *ret_len 0: none. */
static enum ov_status read_repeat(struct parser *p, struct repeat *ret,
                                  size_t *ret_len)
{
    int c = peek(p, 0);

    *ret_len = 1;
    *ret = (struct repeat){c == '+', c == '?' ? 1 : NO_LIMIT, false};
    if (c == '{')
        OV_TRY(read_counts(p, ret, ret_len));
    else if (c != '*' && c != '+' && c != '?')
        *ret_len = 0;
    if (*ret_len > 0 && peek(p, *ret_len) == '?') {
        ret->is_lazy = true;
        (*ret_len)++;
    }
    return OV_OK;
}

/* Appends a copy of the items [from, to). */
static enum ov_status copy_items(struct parser *p, size_t from, size_t to)
{
    struct ov_re_tree *t = p->tree;
    uint32_t by = (uint32_t)(t->n_items - from);

    OV_TRY(reserve(p, to - from));
    for (size_t i = from; i < to; i++) {
        struct ov_re_item item = t->items[i];

        item.from += by;
        item.mid += by;
        t->items[t->n_items++] = item;
    }
    return OV_OK;
}

/* Writes out r over the operand that begins at `from`. */
static enum ov_status expand(struct parser *p, size_t from,
                             const struct repeat *r)
{
    size_t size = p->tree->n_items - from;
    size_t copies = r->max == NO_LIMIT ? (r->min > 0 ? r->min : 1) : r->max;
    size_t must = r->min;

    if (copies > OV_RE_ITEMS_MAX / size)
        return fail_at(p, p->at, OV_UNSUPPORTED,
                       "the regular expression is too large written out");
    for (size_t i = 1; i < copies; i++)
        OV_TRY(copy_items(p, from, from + size));
    if (r->max == NO_LIMIT)
        return push_repeat(p, r->min > 0 ? OV_RE_PLUS : OV_RE_STAR,
                           from + size * (copies - 1), r->is_lazy);
    for (size_t i = copies; i > must; i--)
        OV_TRY(push_repeat(p, OV_RE_OPT, from + size * (i - 1), r->is_lazy));
    if (copies == must && (p->flags & OV_RE_MARK_COUNTS) != 0)
        return push(p, (struct ov_re_item){.op = OV_RE_EMPTY});
    return OV_OK;
}

/* Behind an operand that begins at `from`: its repeat, if it has one. */
static enum ov_status read_repeats(struct parser *p, size_t from)
{
    struct repeat r;
    struct repeat more;
    size_t start = p->at;
    size_t len;

    OV_TRY(read_repeat(p, &r, &len));
    if (len == 0)
        return OV_OK;
    p->at += len;
    OV_TRY(expand(p, from, &r));
    /* "{2}" counts as greedy, too, as in YARA. */
    p->tree->has_lazy |= r.is_lazy;
    p->tree->has_greedy |= !r.is_lazy;
    if (p->flags & OV_RE_ONE_GREED && p->tree->has_lazy && p->tree->has_greedy)
        return fail_at(p, start, OV_MALFORMED,
                       "greedy and lazy repeats cannot be mixed");
    OV_TRY(read_repeat(p, &more, &len));
    return len == 0 ? OV_OK : fail(p, "there is nothing to repeat");
}

/* ---- groups ---- */

/* An operand that begins at `from` joins the alternative being read. */
static void join(struct parser *p, size_t from)
{
    struct group *g = &p->groups[p->depth];

    if (!g->has_cat)
        g->cat_from = (uint32_t)from;
    g->has_cat = true;
}

/* Ends the alternative being read. */
static enum ov_status end_alternative(struct parser *p)
{
    struct group *g = &p->groups[p->depth];
    struct ov_re_item alt = {.op = OV_RE_ALT, .from = g->alt_from};

    if (!g->has_cat) {
        if (!g->has_alt)
            return fail(p, "the first alternative is empty");
        g->cat_from = (uint32_t)p->tree->n_items;
        OV_TRY(push(p, (struct ov_re_item){.op = OV_RE_EMPTY}));
    }
    if (!g->has_alt)
        return OV_OK;
    alt.mid = g->cat_from;
    return push(p, alt);
}

static enum ov_status next_alternative(struct parser *p)
{
    struct group *g = &p->groups[p->depth];

    OV_TRY(end_alternative(p));
    g->has_alt = true;
    g->has_cat = false;
    p->at++;
    return OV_OK;
}

/* "(?i)" "(?s)": flags from here to the end of the group. True if it was one.
 */
static bool read_flags(struct parser *p)
{
    uint32_t flags = 0;
    size_t n = 2;

    if (peek(p, 1) != '?')
        return false;
    for (; peek(p, n) == 'i' || peek(p, n) == 's'; n++)
        flags |= peek(p, n) == 'i' ? OV_RE_NOCASE : OV_RE_DOT_ALL;
    if (flags == 0 || peek(p, n) != ')')
        return false;
    p->at += n + 1;
    p->flags |= flags;
    return true;
}

static enum ov_status open_group(struct parser *p)
{
    if (read_flags(p))
        return OV_OK;
    if (p->depth == OV_RE_DEPTH_MAX)
        return fail_at(p, p->at, OV_UNSUPPORTED,
                       "groups nest more than 200 deep");
    p->at++;
    if (peek(p, 0) == '?' && peek(p, 1) == ':')
        p->at += 2;
    p->groups[++p->depth] = (struct group){
        .alt_from = (uint32_t)p->tree->n_items, .flags = p->flags};
    return OV_OK;
}

static enum ov_status close_group(struct parser *p)
{
    uint32_t from = p->groups[p->depth].alt_from;

    if (p->depth == 0)
        return fail(p, "no ( is open here");
    OV_TRY(end_alternative(p));
    p->flags = p->groups[p->depth].flags;
    p->depth--;
    p->at++;
    join(p, from);
    return read_repeats(p, from);
}

/* ---- all ---- */

/* A class, a byte or a condition. */
static enum ov_status read_operand(struct parser *p)
{
    size_t from = p->tree->n_items;
    struct ov_re_set set = {0};
    bool repeats = true;
    int c = peek(p, 0);
    size_t len;
    struct repeat r;

    OV_TRY(read_repeat(p, &r, &len));
    if (len > 0)
        return fail(p, "there is nothing to repeat");
    p->at++;
    join(p, from);
    if (c == '\\') {
        OV_TRY(read_escape(p, &repeats));
    } else if (c == '[') {
        OV_TRY(read_class(p));
    } else if (c == '^' || c == '$') {
        OV_TRY(push_assert(p, c == '^' ? OV_RE_AT_START : OV_RE_AT_END));
        repeats = false;
    } else if (c == '.') {
        add_range(&set, 0, 255);
        if (!(p->flags & OV_RE_DOT_ALL))
            set.bits[0] &= ~((uint64_t)1 << '\n');
        OV_TRY(push_set(p, &set, false));
    } else {
        add_range(&set, (unsigned)c, (unsigned)c);
        OV_TRY(push_set(p, &set, false));
    }
    return repeats ? read_repeats(p, from) : OV_OK;
}

static enum ov_status read_all(struct parser *p)
{
    while (peek(p, 0) >= 0) {
        int c = peek(p, 0);

        if (c == '|')
            OV_TRY(next_alternative(p));
        else if (c == '(')
            OV_TRY(open_group(p));
        else if (c == ')')
            OV_TRY(close_group(p));
        else
            OV_TRY(read_operand(p));
    }
    if (p->depth > 0)
        return fail(p, "a group is not closed; add )");
    return end_alternative(p);
}

enum ov_status ov_re_parse(struct ov_span source, uint32_t flags,
                           struct ov_re_tree *ret, struct ov_re_fault *fault)
{
    struct ov_re_tree tree = {0};
    struct parser p = {
        .text = source, .flags = flags, .tree = &tree, .fault = fault};
    enum ov_status status = read_all(&p);

    if (status == OV_OK)
        *ret = tree;
    else
        ov_re_tree_done(&tree);
    return status;
}
