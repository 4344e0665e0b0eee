/* SPDX-License-Identifier: Apache-2.0 */
#include "base/assert.h"
#include "match/compiled.h"
#include "match/form.h"
#include "match/matcher.h"
#include "match/prefilter.h"

/* Compiling patterns: compiled.h is what comes out.
 *
 * Each form of each pattern becomes a program, and its atom an entry. Entries
 * with the same atom are brought together and get one place in the buckets, so
 * that no number of patterns on one atom makes another's look-up longer. The
 * buckets serve all targets; filters are made for each set of patterns, and
 * targets that want the same patterns share one.
 *
 * Nothing here depends on addresses or on anything but the input. */

/* Programs are addressed with 31 bits. */
#define PROGRAMS_MAX ((size_t)1 << 31)

/* A pattern without a usable atom but with so narrow a place is tried there. */
#define FIXED_SHIFT_MAX 64

struct entry {
    uint64_t hash;
    uint64_t key;
    uint32_t program;
    uint32_t targets;
    enum ov_atom_kind kind;
};

struct entries {
    struct entry *at;
    size_t n;
    size_t cap;
};

struct builder {
    struct ov_form form;
    struct ov_buf programs;
    struct ov_buf code;
    struct ov_buf parts;
    struct entries atoms;
    struct entries fixed;
    uint32_t *crowds; /* how many atoms have a key, by hash */
    uint32_t unlike[OV_COMPILED_TARGETS]; /* bit u of t: they differ */
    uint32_t n_patterns;
};

#define CROWD_LOG 20

static uint32_t crowd_of(const void *data, uint64_t key)
{
    const struct builder *b = data;

    return b->crowds[ov_atom_hash(key, OV_ATOM_LONG) >> (64 - CROWD_LOG)];
}

static enum ov_status push(struct entries *e, struct entry entry)
{
    if (e->n == e->cap) {
        size_t cap = e->cap < 64 ? 64 : 2 * e->cap;
        struct entry *at = ov_realloc_array(e->at, cap, sizeof(*at));

        if (at == NULL)
            return OV_NO_MEMORY;
        e->at = at;
        e->cap = cap;
    }
    e->at[e->n++] = entry;
    return OV_OK;
}

static bool is_straight(const struct ov_form *f, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        const struct ov_cell *c = &f->cells[i];

        if (c->kind == OV_CELL_ALT_OPEN ||
            (c->kind == OV_CELL_GAP && c->gap_min != c->gap_max))
            return false;
    }
    return true;
}

/* Bytes that every match of a part has at one distance from its start: the
 * longest fixed run before anything that varies. */
static uint32_t find_needle(const struct ov_form *f,
                            const struct ov_form_part *part, uint64_t *ret_at,
                            uint8_t ret[static OV_NEEDLE_MAX])
{
    uint64_t at = 0;
    uint32_t best = 0;
    uint32_t n = 0;

    for (uint32_t i = part->from; i < part->to; i++) {
        const struct ov_cell *c = &f->cells[i];
        bool is_byte = c->kind == OV_CELL_BYTE;

        if (!is_straight(f, i, i + 1))
            break;
        n = is_byte && c->mask == 0xff && !c->is_negated ? n + 1 : 0;
        at += is_byte ? 1 : c->kind == OV_CELL_GAP ? c->gap_min : 0;
        if (n <= best || n > OV_NEEDLE_MAX)
            continue;
        best = n;
        *ret_at = at - n;
        for (uint32_t k = 0; k < n; k++)
            ret[k] = f->cells[i + 1 - n + k].value;
    }
    return best;
}

static void write_part(struct builder *b, const struct ov_program *p,
                       uint32_t n)
{
    const struct ov_form_part *part = &b->form.parts[n];
    uint8_t needle[OV_NEEDLE_MAX];
    struct ov_program_part out = {.gap_min = part->gap_min};

    out.needle.len = find_needle(&b->form, part, &out.needle_at, needle);
    out.needle.ptr = needle;
    out.is_straight = is_straight(&b->form, part->from, part->to);
    ov_buf_clear(&b->code);
    ov_form_write(&b->form, part->from, part->to, false, &b->code);
    out.code = ov_buf_span(&b->code);
    ov_program_write_part(&b->parts, p, n, &out);
}

static enum ov_status write_program(struct builder *b, struct ov_program *p,
                                    const struct ov_atom *atom)
{
    ov_buf_clear(&b->parts);
    for (uint32_t i = 0; i < b->form.n_parts; i++)
        write_part(b, p, i);
    OV_TRY(ov_buf_status(&b->code));
    OV_TRY(ov_buf_status(&b->parts));
    p->parts = ov_buf_span(&b->parts);

    ov_buf_clear(&b->code);
    if (p->flags & OV_PROGRAM_BACKWARD) {
        ov_form_write(&b->form, b->form.parts[p->lead].from, atom->cell, true,
                      &b->code);
        p->backward = ov_buf_span(&b->code);
    }
    OV_TRY(ov_buf_status(&b->code));
    ov_program_write(&b->programs, p);
    return ov_buf_status(&b->programs);
}

/* A short atom is avoided where the place is known anyway. */
static bool is_fixed(const struct ov_place *place, const struct ov_atom *atom)
{
    return atom->kind == OV_ATOM_SHORT && place->kind >= OV_PLACE_START &&
           place->kind <= OV_PLACE_LAST_SECTION &&
           place->shift <= FIXED_SHIFT_MAX;
}

static void note_targets(struct builder *b, uint32_t targets)
{
    for (uint32_t t = 0; t < OV_COMPILED_TARGETS; t++)
        b->unlike[t] |= targets >> t & 1 ? ~targets : targets;
}

static enum ov_status add_form(struct builder *b,
                               const struct ov_match_input *in, bool is_wide)
{
    struct ov_program p = {.targets = in->targets,
                           .id = b->n_patterns,
                           .rule = in->rule,
                           .place = in->pattern.place};
    struct entry e = {.targets = in->targets};
    struct ov_extent_range before;
    struct ov_atom atom;

    OV_TRY(ov_form_make(&b->form, &in->pattern, is_wide));
    if (!ov_atom_choose(&b->form, crowd_of, b, &atom))
        return OV_UNSUPPORTED;
    before = ov_form_range(&b->form, b->form.parts[atom.part].from, atom.cell);
    p.n_parts = b->form.n_parts;
    p.lead = atom.part;
    p.atom_at = before.min;
    if (in->pattern.flags & OV_PATTERN_NOCASE)
        p.flags |= OV_PROGRAM_NOCASE;
    if (in->pattern.flags & OV_PATTERN_FULLWORD)
        p.flags |= OV_PROGRAM_FULLWORD;
    if (is_wide)
        p.flags |= OV_PROGRAM_WIDE;
    if (p.place.kind != OV_PLACE_ANY)
        p.flags |= OV_PROGRAM_PLACED;
    if (p.n_parts > 1)
        p.flags |= OV_PROGRAM_PARTS;
    if (p.n_parts > 1 && in->pattern.flags & OV_PATTERN_EACH_START)
        p.flags |= OV_PROGRAM_EACH_START;
    if (is_fixed(&p.place, &atom)) {
        p.flags |= OV_PROGRAM_FIXED;
        p.lead = 0;
        p.atom_at = 0;
    } else if (before.min != before.max) {
        p.flags |= OV_PROGRAM_BACKWARD;
    }

    e.key = atom.key;
    e.kind = atom.kind;
    e.hash = ov_atom_hash(e.key, e.kind);
    e.program = (uint32_t)b->programs.len;
    OV_TRY(write_program(b, &p, &atom));
    note_targets(b, in->targets);
    if (p.flags & OV_PROGRAM_FIXED)
        return push(&b->fixed, e);
    b->crowds[ov_atom_hash(e.key, OV_ATOM_LONG) >> (64 - CROWD_LOG)]++;
    return push(&b->atoms, e);
}

static enum ov_status add_pattern(struct builder *b,
                                  const struct ov_match_input *in)
{
    uint32_t flags = in->pattern.flags;

    if (!(flags & OV_PATTERN_WIDE) || flags & OV_PATTERN_ASCII)
        OV_TRY(add_form(b, in, false));
    if (flags & OV_PATTERN_WIDE)
        OV_TRY(add_form(b, in, true));
    b->n_patterns++;
    return OV_OK;
}

static int by_hash(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->program < y->program ? -1 : x->program > y->program;
}

/* The reference to the programs of entries [from, to), all of one hash. */
static uint32_t put_reference(struct builder *b, size_t from, size_t to)
{
    uint32_t ref = (uint32_t)b->programs.len | OV_REF_LIST;

    if (to - from == 1)
        return b->atoms.at[from].program;
    ov_put_varint(&b->programs, to - from);
    for (size_t i = from; i < to; i++)
        ov_put_u32(&b->programs, b->atoms.at[i].program);
    return ref;
}

static void put_le16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static void put_le32(uint8_t *p, uint32_t v)
{
    put_le16(p, (uint16_t)v);
    put_le16(p + 2, (uint16_t)(v >> 16));
}

static void put_le64(uint8_t *p, uint64_t v)
{
    put_le32(p, (uint32_t)v);
    put_le32(p + 4, (uint32_t)(v >> 32));
}

static void put_in_bucket(uint8_t *buckets, uint64_t n, uint64_t hash,
                          uint32_t ref)
{
    uint8_t *at = buckets + OV_BUCKET_SIZE * ov_bucket_of(hash, n);
    uint8_t used;

    while (at[OV_BUCKET_USED] == OV_BUCKET_WAYS) {
        at[OV_BUCKET_MORE] = 1;
        at += OV_BUCKET_SIZE;
        if (at == buckets + OV_BUCKET_SIZE * n)
            at = buckets;
    }
    used = at[OV_BUCKET_USED]++;
    put_le16(at + 2 * used, (uint16_t)hash);
    put_le32(at + OV_BUCKET_REFS + 4 * used, ref);
}

/* Zeroed room of len bytes at the end of ret; its offset in *ret_off. */
static uint8_t *put_room(struct ov_buf *ret, uint64_t len, uint64_t *ret_off)
{
    uint8_t *room;

    ov_put_align(ret, 64);
    *ret_off = ret->len;
    room = ov_buf_room(ret, (size_t)len);
    if (room == NULL)
        return NULL;
    memset(room, 0, (size_t)len);
    ov_buf_added(ret, (size_t)len);
    return room;
}

static size_t count_hashes(const struct entries *e)
{
    size_t n = 0;

    for (size_t i = 0; i < e->n; i++)
        n += i == 0 || e->at[i].hash != e->at[i - 1].hash;
    return n;
}

/* Buckets behind the header, then the programs. base: where the header is. */
static enum ov_status put_buckets(struct builder *b, struct ov_buf *ret,
                                  size_t base)
{
    struct entries *e = &b->atoms;
    uint64_t n;
    uint64_t off;
    uint8_t *buckets;

    if (e->n > 0)
        qsort(e->at, e->n, sizeof(e->at[0]), by_hash);
    n = count_hashes(e) / 7 + 1;
    buckets = put_room(ret, n * OV_BUCKET_SIZE, &off);
    if (buckets == NULL)
        return ov_buf_status(ret);
    for (size_t i = 0; i < e->n;) {
        size_t to = i + 1;

        while (to < e->n && e->at[to].hash == e->at[i].hash)
            to++;
        put_in_bucket(buckets, n, e->at[i].hash, put_reference(b, i, to));
        i = to;
    }
    put_le64(ret->ptr + base + 16, off - base);
    put_le64(ret->ptr + base + 24, n);
    ov_put_align(ret, 64);
    off = ret->len;
    ov_put_span(ret, ov_buf_span(&b->programs));
    OV_TRY(ov_buf_status(&b->programs));
    OV_TRY(ov_buf_status(ret));
    put_le64(ret->ptr + base + 32, off - base);
    put_le64(ret->ptr + base + 40, b->programs.len);
    return OV_OK;
}

/* Where a set's description is, and the header. */
struct place_of_set {
    size_t base;
    size_t set;
};

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    uint64_t k = __builtin_bswap64(x->key);
    uint64_t l = __builtin_bswap64(y->key);

    if (k != l)
        return k < l ? -1 : 1;
    return x->program < y->program ? -1 : x->program > y->program;
}

static void sort_by_key(struct builder *b)
{
    if (b->atoms.n > 0)
        qsort(b->atoms.at, b->atoms.n, sizeof(b->atoms.at[0]), by_key);
}

/* Entries lie in the order of their bytes, so that those of a group are alike
 * in their first byte at least. */
static uint32_t group_of(uint64_t nth, uint64_t n)
{
    return (uint32_t)(nth * OV_SCREEN_GROUPS / n);
}

/* Fills a filter's bytes, n atoms with this salt. */
static struct ov_filter fill_filter(const struct builder *b, uint32_t t,
                                    enum ov_atom_kind kind, uint64_t n,
                                    uint8_t *bytes, uint32_t salt)
{
    uint32_t log = ov_filter_log(kind, n);
    size_t size = (size_t)ov_filter_size(kind, log);
    struct ov_filter f =
        ov_filter_over(ov_span_of(bytes, size), kind, log, salt);
    uint64_t nth = 0;

    memset(bytes, 0, size);
    for (size_t i = 0; i < b->atoms.n; i++) {
        const struct entry *e = &b->atoms.at[i];

        if (e->kind == kind && e->targets >> t & 1)
            ov_filter_add(bytes, &f, kind, e->key, group_of(nth++, n));
    }
    return f;
}

/* Salts that are tried, and the chance that is good enough: a byte in 2^13. */
#define SALTS 8
#define CHANCE_FINE ((uint64_t)1 << 19)

/* The filter of one kind for the patterns of target t. */
static enum ov_status put_filter(const struct builder *b, struct ov_buf *ret,
                                 struct place_of_set at, uint32_t t,
                                 enum ov_atom_kind kind)
{
    uint64_t least = UINT64_MAX;
    uint32_t best = 0;
    uint64_t n = 0;
    uint64_t off;
    struct ov_filter f = {0};
    uint8_t *bytes;

    for (size_t i = 0; i < b->atoms.n; i++)
        n += b->atoms.at[i].kind == kind && b->atoms.at[i].targets >> t & 1;
    if (n == 0)
        return OV_OK;
    bytes = put_room(ret, ov_filter_size(kind, ov_filter_log(kind, n)), &off);
    if (bytes == NULL)
        return ov_buf_status(ret);
    for (uint32_t salt = 0; salt < SALTS && least > CHANCE_FINE; salt++) {
        uint64_t chance = 0;

        f = fill_filter(b, t, kind, n, bytes, salt * OV_FILTER_MIX_2);
        if (kind == OV_ATOM_LONG)
            chance = ov_filter_chance(&f);
        if (chance < least) {
            least = chance;
            best = f.salt;
        }
    }
    if (f.salt != best)
        f = fill_filter(b, t, kind, n, bytes, best);
    put_le64(ret->ptr + at.set + 16 * (size_t)kind, off - at.base);
    put_le32(ret->ptr + at.set + 16 * (size_t)kind + 8, f.log);
    put_le32(ret->ptr + at.set + 16 * (size_t)kind + 12, f.salt);
    return OV_OK;
}

/* The check of LONG atoms. */
static enum ov_status put_check(const struct builder *b, struct ov_buf *ret,
                                struct place_of_set at, uint32_t t)
{
    uint64_t n = 0;
    uint64_t off;
    uint32_t log;
    uint8_t *words;

    for (size_t i = 0; i < b->atoms.n; i++)
        n += b->atoms.at[i].kind == OV_ATOM_LONG &&
             b->atoms.at[i].targets >> t & 1;
    if (n == 0)
        return OV_OK;
    log = ov_check_log(n);
    words = put_room(ret, (uint64_t)8 << log, &off);
    if (words == NULL)
        return ov_buf_status(ret);
    for (size_t i = 0; i < b->atoms.n; i++) {
        const struct entry *e = &b->atoms.at[i];

        if (e->kind == OV_ATOM_LONG && e->targets >> t & 1)
            ov_check_add(words, log, e->key);
    }
    put_le64(ret->ptr + at.set + OV_SET_CHECK, off - at.base);
    put_le32(ret->ptr + at.set + OV_SET_CHECK + 8, log);
    return OV_OK;
}

/* The set of patterns of target t, described at `set`. */
static enum ov_status put_set(const struct builder *b, struct ov_buf *ret,
                              struct place_of_set at, uint32_t t)
{
    uint32_t n = 0;
    size_t off;

    for (size_t k = 0; k < OV_N_ATOM_KINDS; k++)
        OV_TRY(put_filter(b, ret, at, t, (enum ov_atom_kind)k));
    OV_TRY(put_check(b, ret, at, t));
    ov_put_align(ret, 64);
    off = ret->len;
    for (size_t i = 0; i < b->fixed.n; i++) {
        if (!(b->fixed.at[i].targets >> t & 1))
            continue;
        ov_put_u32(ret, b->fixed.at[i].program);
        n++;
    }
    OV_TRY(ov_buf_status(ret));
    put_le64(ret->ptr + at.set + OV_SET_FIXED, off - at.base);
    put_le32(ret->ptr + at.set + OV_SET_FIXED + 8, n);
    return OV_OK;
}

static bool is_wanted(const struct builder *b, uint32_t t)
{
    for (size_t i = 0; i < b->atoms.n; i++)
        if (b->atoms.at[i].targets >> t & 1)
            return true;
    for (size_t i = 0; i < b->fixed.n; i++)
        if (b->fixed.at[i].targets >> t & 1)
            return true;
    return false;
}

/* Gives each target a set: its own, an earlier target's, or none. first[s] is
 * the target that set s was made for. */
static uint32_t share_sets(const struct builder *b,
                           uint8_t sets[static OV_COMPILED_TARGETS],
                           uint32_t first[static OV_COMPILED_TARGETS])
{
    uint32_t n = 0;

    for (uint32_t t = 0; t < OV_COMPILED_TARGETS; t++) {
        uint32_t like = ~b->unlike[t] & (((uint32_t)1 << t) - 1);

        sets[t] = OV_COMPILED_NO_SET;
        if (like != 0) {
            sets[t] = sets[__builtin_ctz(like)];
        } else if (is_wanted(b, t)) {
            first[n] = t;
            sets[t] = (uint8_t)n++;
        }
    }
    return n;
}

static enum ov_status put_sets(struct builder *b, struct ov_buf *ret,
                               size_t base)
{
    uint8_t sets[OV_COMPILED_TARGETS];
    uint32_t first[OV_COMPILED_TARGETS];
    uint32_t n = share_sets(b, sets, first);
    uint64_t at;

    if (put_room(ret, (uint64_t)n * OV_SET_SIZE + 1, &at) == NULL)
        return ov_buf_status(ret);
    put_le32(ret->ptr + base + 12, n);
    put_le64(ret->ptr + base + 48, at - base);
    memcpy(ret->ptr + base + 64, sets, sizeof(sets));
    sort_by_key(b);
    for (uint32_t s = 0; s < n; s++) {
        struct place_of_set set = {base, (size_t)at + s * (size_t)OV_SET_SIZE};

        OV_TRY(put_set(b, ret, set, first[s]));
    }
    return OV_OK;
}

static enum ov_status put_all(struct builder *b, struct ov_buf *ret)
{
    uint64_t base;

    if (put_room(ret, OV_COMPILED_HEADER, &base) == NULL)
        return ov_buf_status(ret);
    put_le32(ret->ptr + base, OV_COMPILED_MAGIC);
    put_le32(ret->ptr + base + 4, OV_COMPILED_VERSION);
    put_le32(ret->ptr + base + 8, b->n_patterns);
    OV_TRY(put_buckets(b, ret, (size_t)base));
    OV_TRY(put_sets(b, ret, (size_t)base));
    ov_put_align(ret, 64);
    OV_TRY(ov_buf_status(ret));
    put_le64(ret->ptr + base + 56, ret->len - base);
    return OV_OK;
}

static void builder_done(struct builder *b)
{
    ov_form_done(&b->form);
    ov_buf_done(&b->programs);
    ov_buf_done(&b->code);
    ov_buf_done(&b->parts);
    ov_free(b->atoms.at);
    ov_free(b->fixed.at);
    ov_free(b->crowds);
    ov_free(b);
}

static enum ov_status build(struct builder *b, const struct ov_match_input *in,
                            size_t n, struct ov_buf *ret, uint8_t *ret_weakness,
                            size_t *ret_bad)
{
    b->programs = ov_buf_with_max(PROGRAMS_MAX);
    b->code = ov_buf_with_max(PROGRAMS_MAX);
    b->parts = ov_buf_with_max(PROGRAMS_MAX);
    b->crowds = ov_alloc_array((size_t)1 << CROWD_LOG, sizeof(*b->crowds));
    if (b->crowds == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        enum ov_status s = add_pattern(b, &in[i]);

        if (s == OV_UNSUPPORTED && ret_bad != NULL)
            *ret_bad = i;
        OV_TRY(s);
        if (ret_weakness != NULL)
            ret_weakness[i] = (uint8_t)ov_match_check(&in[i].pattern);
    }
    return put_all(b, ret);
}

enum ov_status ov_match_build(const struct ov_match_input *in, size_t n,
                              struct ov_buf *ret, uint8_t *ret_weakness,
                              size_t *ret_bad)
{
    struct builder *b;
    enum ov_status s;

    if (n >= UINT32_MAX)
        return OV_LIMIT_COUNT;
    b = ov_alloc(sizeof(*b));
    if (b == NULL)
        return OV_NO_MEMORY;
    s = build(b, in, n, ret, ret_weakness, ret_bad);
    builder_done(b);
    return s;
}

static enum ov_match_weakness
check_form(struct ov_form *f, const struct ov_pattern *p, bool is_wide)
{
    struct ov_atom atom;
    enum ov_status status = ov_form_make(f, p, is_wide);

    if (status == OV_NO_MEMORY)
        return OV_MATCH_UNKNOWN;
    if (status != OV_OK || !ov_atom_choose(f, NULL, NULL, &atom))
        return OV_MATCH_NONE;
    if (atom.kind == OV_ATOM_SHORT)
        return OV_MATCH_SHORT;
    return atom.bits < OV_ATOM_RARE ? OV_MATCH_COMMON : OV_MATCH_STRONG;
}

enum ov_match_weakness ov_match_check(const struct ov_pattern *p)
{
    struct ov_form f = {0};
    enum ov_match_weakness ascii = OV_MATCH_STRONG;
    enum ov_match_weakness wide = OV_MATCH_STRONG;

    if (!(p->flags & OV_PATTERN_WIDE) || p->flags & OV_PATTERN_ASCII)
        ascii = check_form(&f, p, false);
    if (p->flags & OV_PATTERN_WIDE)
        wide = check_form(&f, p, true);
    ov_form_done(&f);
    return ascii > wide ? ascii : wide;
}
