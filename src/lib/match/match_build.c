/* SPDX-License-Identifier: Apache-2.0 */
#include "base/assert.h"
#include "match/builder.h"

/* Compiling patterns: compiled.h is what comes out.
 *
 * Each form of each pattern becomes a program, and its atoms entries. Entries
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

#define CROWD_LOG 20

static uint32_t crowd_of(const void *data, uint64_t key)
{
    const struct ov_builder *b = data;

    return b->crowds[ov_atom_hash(key, OV_ATOM_LONG) >> (64 - CROWD_LOG)];
}

static enum ov_status push(struct ov_atom_entries *e,
                           struct ov_atom_entry entry)
{
    if (e->n == e->cap) {
        size_t cap = e->cap < 64 ? 64 : 2 * e->cap;
        struct ov_atom_entry *at = ov_realloc_array(e->at, cap, sizeof(*at));

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

static void write_part(struct ov_builder *b, const struct ov_program *p,
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

/* The distinct cells of atoms, which are in their order. */
static size_t cells_of(const struct ov_atoms *atoms,
                       uint32_t ret[static OV_ATOMS_MAX])
{
    size_t n = 0;

    for (uint32_t i = 0; i < atoms->n; i++)
        if (n == 0 || ret[n - 1] != atoms->at[i].cell)
            ret[n++] = atoms->at[i].cell;
    return n;
}

static enum ov_status write_program(struct ov_builder *b, struct ov_program *p,
                                    const uint32_t *cells, size_t n_cells)
{
    ov_buf_clear(&b->parts);
    for (uint32_t i = 0; i < b->form.n_parts; i++)
        write_part(b, p, i);
    OV_TRY(ov_buf_status(&b->code));
    OV_TRY(ov_buf_status(&b->parts));
    p->parts = ov_buf_span(&b->parts);

    ov_buf_clear(&b->code);
    if (p->flags & OV_PROGRAM_BACKWARD) {
        ov_atoms_write_back(&b->form, p->lead, cells, n_cells, &b->code);
        p->backward = ov_buf_span(&b->code);
    }
    OV_TRY(ov_buf_status(&b->code));
    ov_program_write(&b->programs, p);
    return ov_buf_status(&b->programs);
}

/* A short atom is avoided where the place is known anyway. */
static bool is_fixed(const struct ov_place *place, const struct ov_atoms *atoms)
{
    return (atoms->n == 0 || atoms->at[0].kind == OV_ATOM_SHORT) &&
           place->kind >= OV_PLACE_START &&
           place->kind <= OV_PLACE_LAST_SECTION &&
           place->shift <= FIXED_SHIFT_MAX;
}

static uint32_t flags_of(const struct ov_builder *b,
                         const struct ov_match_input *in, bool is_wide)
{
    uint32_t given = in->pattern.flags;
    bool has_parts = b->form.n_parts > 1;
    uint32_t flags = 0;

    flags |= given & OV_PATTERN_NOCASE ? OV_PROGRAM_NOCASE : 0u;
    flags |= given & OV_PATTERN_FULLWORD ? OV_PROGRAM_FULLWORD : 0u;
    flags |= is_wide ? OV_PROGRAM_WIDE : 0u;
    flags |= in->pattern.place.kind != OV_PLACE_ANY ? OV_PROGRAM_PLACED : 0u;
    flags |= has_parts ? OV_PROGRAM_PARTS : 0u;
    flags |= given & OV_PATTERN_XOR ? OV_PROGRAM_XOR : 0u;
    flags |= in->has_guard ? OV_PROGRAM_GUARDED : 0u;
    flags |= given & OV_PATTERN_PLACES ? OV_PROGRAM_PLACES : 0u;
    flags |= given & OV_PATTERN_EACH_START ? OV_PROGRAM_EACH_START : 0u;
    return flags;
}

enum ov_status ov_builder_add_atom(struct ov_builder *b,
                                   const struct ov_atom *atom,
                                   struct ov_near near, uint32_t program)
{
    struct ov_atom_entry e = {.hash = ov_atom_hash(atom->key, atom->kind),
                              .key = atom->key,
                              .where = b->where,
                              .program = program,
                              .near = near,
                              .kind = atom->kind};

    b->crowds[ov_atom_hash(e.key, OV_ATOM_LONG) >> (64 - CROWD_LOG)]++;
    return push(&b->atoms, e);
}

enum ov_status ov_builder_add_slow(struct ov_builder *b,
                                   const struct ov_class *bytes,
                                   uint32_t program)
{
    if (b->n_slow == b->slow_cap) {
        size_t cap = 2 * b->slow_cap + 16;
        struct ov_slow *slow = ov_realloc_array(b->slow, cap, sizeof(*slow));

        if (slow == NULL)
            return OV_NO_MEMORY;
        b->slow = slow;
        b->slow_cap = cap;
    }
    b->slow[b->n_slow++] = (struct ov_slow){*bytes, program, b->where};
    return OV_OK;
}

/* One that is tried at each place of a class of bytes. */
static enum ov_status add_slow(struct ov_builder *b, struct ov_program *p)
{
    uint32_t program = (uint32_t)b->programs.len;
    struct ov_class c;
    struct ov_extent_range before;

    ov_class_choose(&b->form, &c);
    before = ov_atoms_before(&b->form, c.part, c.cell);
    p->lead = c.part;
    p->flags |= OV_PROGRAM_SLOW;
    p->atom_at = before.min;
    if (before.min != before.max)
        p->flags |= OV_PROGRAM_BACKWARD;
    OV_TRY(ov_builder_add_slow(b, &c, program));
    return write_program(b, p, &c.cell, 1);
}

static enum ov_status add_fixed(struct ov_builder *b, struct ov_program *p)
{
    struct ov_atom_entry e = {.where = b->where,
                              .program = (uint32_t)b->programs.len};

    p->flags |= OV_PROGRAM_FIXED;
    OV_TRY(write_program(b, p, NULL, 0));
    return push(&b->fixed, e);
}

/* Takes a byte of the pattern if it is rarer than those before. */
static void offer_near(const struct ov_cell *c, int64_t distance,
                       uint32_t *most, struct ov_near *ret)
{
    uint8_t value = ov_lower(c->value);
    uint32_t bits = ov_atom_bits(&value, 1);

    if (c->mask != 0xff || c->is_negated || distance < OV_NEAR_MIN ||
        distance > OV_NEAR_MAX || bits <= *most)
        return;
    *most = bits;
    *ret = (struct ov_near){(int8_t)distance, value};
}

/* Whether what is behind a cell is always as far from what is before it, and
 * the two in the same alternative. */
static bool is_step(const struct ov_cell *c)
{
    return c->kind == OV_CELL_BYTE || c->kind == OV_CELL_BOUNDARY ||
           (c->kind == OV_CELL_GAP && c->gap_min == c->gap_max);
}

/* The rarest byte that is at one distance from the atom. */
static struct ov_near near_of(const struct ov_form *f, const struct ov_atom *a)
{
    const struct ov_form_part *part = &f->parts[a->part];
    struct ov_near near = {0};
    uint32_t most = 0;
    int64_t distance = 0;

    if (f->is_xor)
        return near;
    for (uint32_t i = a->cell;
         i < part->to && distance <= OV_NEAR_MAX && is_step(&f->cells[i]);
         i++) {
        const struct ov_cell *c = &f->cells[i];
        bool is_byte = c->kind == OV_CELL_BYTE;

        if (is_byte && distance >= (int64_t)ov_atom_len(a->kind))
            offer_near(c, distance, &most, &near);
        distance += is_byte ? 1 : c->kind == OV_CELL_GAP ? c->gap_min : 0;
    }
    distance = 0;
    for (uint32_t i = a->cell; i > part->from && distance >= OV_NEAR_MIN &&
                               is_step(&f->cells[i - 1]);) {
        const struct ov_cell *c = &f->cells[--i];
        bool is_byte = c->kind == OV_CELL_BYTE;

        distance -= is_byte ? 1 : c->kind == OV_CELL_GAP ? c->gap_min : 0;
        if (is_byte)
            offer_near(c, distance, &most, &near);
    }
    return near;
}

/* One that is found by atoms. */
static enum ov_status add_found(struct ov_builder *b, struct ov_program *p,
                                const struct ov_atoms *atoms)
{
    uint32_t cells[OV_ATOMS_MAX];
    uint32_t program = (uint32_t)b->programs.len;

    p->lead = atoms->part;
    if (atoms->is_spread)
        p->flags |= OV_PROGRAM_BACKWARD;
    else
        p->atom_at =
            ov_atoms_before(&b->form, atoms->part, atoms->at[0].cell).min;
    OV_TRY(write_program(b, p, cells, cells_of(atoms, cells)));
    for (uint32_t i = 0; i < atoms->n; i++)
        OV_TRY(ov_builder_add_atom(b, &atoms->at[i],
                                   near_of(&b->form, &atoms->at[i]), program));
    return OV_OK;
}

static enum ov_match_weakness weakness_of(const struct ov_atoms *atoms)
{
    for (uint32_t i = 0; i < atoms->n; i++)
        if (atoms->at[i].kind == OV_ATOM_SHORT)
            return OV_MATCH_SHORT;
    return atoms->bits < OV_ATOM_RARE ? OV_MATCH_COMMON : OV_MATCH_STRONG;
}

void ov_builder_note_weakness(struct ov_builder *b, enum ov_match_weakness w)
{
    if (w > b->weakness)
        b->weakness = w;
}

static enum ov_status add_form(struct ov_builder *b,
                               const struct ov_match_input *in, bool is_wide)
{
    struct ov_program p = {.targets = in->targets,
                           .id = b->n_patterns,
                           .rule = in->rule,
                           .guard = b->guard,
                           .xor_min = in->pattern.xor_min,
                           .xor_max = in->pattern.xor_max,
                           .place = in->pattern.place};
    struct ov_atoms *atoms = &b->chosen;
    bool has_atoms;

    if (in->pattern.regex.len > 0)
        return ov_builder_add_regex(b, in, is_wide);
    OV_TRY(ov_form_make(&b->form, &in->pattern, is_wide));
    has_atoms = ov_atoms_choose(&b->form, crowd_of, b, atoms);
    ov_builder_note_weakness(b, has_atoms ? weakness_of(atoms) : OV_MATCH_SLOW);
    p.n_parts = b->form.n_parts;
    p.flags = flags_of(b, in, is_wide);
    if (is_fixed(&p.place, atoms))
        return add_fixed(b, &p);
    return has_atoms ? add_found(b, &p, atoms) : add_slow(b, &p);
}

static enum ov_status add_pattern(struct ov_builder *b,
                                  const struct ov_match_input *in)
{
    uint32_t flags = in->pattern.flags;

    OV_TRY(ov_builder_begin_pattern(b, in));
    b->weakness = OV_MATCH_STRONG;
    if (!(flags & OV_PATTERN_WIDE) || flags & OV_PATTERN_ASCII)
        OV_TRY(add_form(b, in, false));
    if (flags & OV_PATTERN_WIDE)
        OV_TRY(add_form(b, in, true));
    b->n_patterns++;
    return OV_OK;
}

static int by_hash(const void *a, const void *b)
{
    const struct ov_atom_entry *x = a;
    const struct ov_atom_entry *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->program < y->program ? -1 : x->program > y->program;
}

/* The reference to the programs of entries [from, to), all of one hash. */
static uint32_t put_reference(struct ov_builder *b, size_t from, size_t to)
{
    uint32_t ref = (uint32_t)b->programs.len | OV_REF_LIST;

    if (to - from == 1)
        return b->atoms.at[from].program;
    ov_put_varint(&b->programs, to - from);
    for (size_t i = from; i < to; i++)
        ov_put_u32(&b->programs, b->atoms.at[i].program);
    return ref;
}

static void put_in_bucket(uint8_t *buckets, uint64_t n,
                          const struct ov_atom_entry *e, struct ov_near near,
                          uint32_t ref)
{
    uint8_t *at = buckets + OV_BUCKET_SIZE * ov_bucket_of(e->hash, n);
    uint8_t used;

    while (at[OV_BUCKET_USED] == OV_BUCKET_WAYS) {
        at[OV_BUCKET_MORE] = 1;
        at += OV_BUCKET_SIZE;
        if (at == buckets + OV_BUCKET_SIZE * n)
            at = buckets;
    }
    used = at[OV_BUCKET_USED]++;
    ov_put_le16(at + 2 * used, (uint16_t)e->hash);
    at[OV_BUCKET_NEAR + 2 * used] = (uint8_t)near.distance;
    at[OV_BUCKET_NEAR + 2 * used + 1] = near.value;
    ov_put_le32(at + OV_BUCKET_REFS + 4 * used, ref);
}

uint8_t *ov_builder_room(struct ov_buf *ret, uint64_t len, uint64_t *ret_off)
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

/* A program can have two atoms that fold to one; what is near them differs. */
static void drop_doubles(struct ov_atom_entries *e)
{
    size_t n = 0;

    for (size_t i = 0; i < e->n; i++)
        if (i == 0 || by_hash(&e->at[i], &e->at[n - 1]) != 0)
            e->at[n++] = e->at[i];
        else
            e->at[n - 1].near = (struct ov_near){0};
    e->n = n;
}

static size_t count_hashes(const struct ov_atom_entries *e)
{
    size_t n = 0;

    for (size_t i = 0; i < e->n; i++)
        n += i == 0 || e->at[i].hash != e->at[i - 1].hash;
    return n;
}

/* Buckets behind the header, then the programs. base: where the header is. */
static enum ov_status put_buckets(struct ov_builder *b, struct ov_buf *ret,
                                  size_t base)
{
    struct ov_atom_entries *e = &b->atoms;
    uint64_t n;
    uint64_t off;
    uint8_t *buckets;

    if (e->n > 0)
        qsort(e->at, e->n, sizeof(e->at[0]), by_hash);
    drop_doubles(e);
    n = count_hashes(e) / OV_BUCKET_LOAD + 1;
    buckets = ov_builder_room(ret, n * OV_BUCKET_SIZE, &off);
    if (buckets == NULL)
        return ov_buf_status(ret);
    for (size_t i = 0; i < e->n;) {
        size_t to = i + 1;

        while (to < e->n && e->at[to].hash == e->at[i].hash)
            to++;
        put_in_bucket(buckets, n, &e->at[i],
                      to - i == 1 ? e->at[i].near : (struct ov_near){0},
                      put_reference(b, i, to));
        i = to;
    }
    ov_put_le64(ret->ptr + base + 16, off - base);
    ov_put_le64(ret->ptr + base + 24, n);
    ov_put_align(ret, 64);
    off = ret->len;
    ov_put_span(ret, ov_buf_span(&b->programs));
    OV_TRY(ov_buf_status(&b->programs));
    OV_TRY(ov_buf_status(ret));
    ov_put_le64(ret->ptr + base + 32, off - base);
    ov_put_le64(ret->ptr + base + 40, b->programs.len);
    return OV_OK;
}

static enum ov_status put_all(struct ov_builder *b, struct ov_buf *ret)
{
    uint64_t base;

    if (ov_builder_room(ret, OV_COMPILED_HEADER, &base) == NULL)
        return ov_buf_status(ret);
    ov_put_le32(ret->ptr + base, OV_COMPILED_MAGIC);
    ov_put_le32(ret->ptr + base + 4, OV_COMPILED_VERSION);
    ov_put_le32(ret->ptr + base + 8, b->n_patterns);
    OV_TRY(put_buckets(b, ret, (size_t)base));
    OV_TRY(ov_builder_put_sets(b, ret, (size_t)base));
    ov_put_align(ret, 64);
    OV_TRY(ov_buf_status(ret));
    ov_put_le64(ret->ptr + base + 56, ret->len - base);
    return OV_OK;
}

static void builder_done(struct ov_builder *b)
{
    ov_form_done(&b->form);
    ov_buf_done(&b->programs);
    ov_buf_done(&b->code);
    ov_buf_done(&b->parts);
    ov_free(b->atoms.at);
    ov_free(b->fixed.at);
    ov_free(b->slow);
    ov_free(b->crowds);
    ov_free(b->wheres.at);
    ov_guards_done(&b->guards);
    ov_free(b);
}

static enum ov_status build(struct ov_builder *b,
                            const struct ov_match_input *in, size_t n,
                            struct ov_buf *ret, uint8_t *ret_weakness,
                            size_t *ret_bad)
{
    b->programs = ov_buf_with_max(PROGRAMS_MAX);
    b->code = ov_buf_with_max(PROGRAMS_MAX);
    b->parts = ov_buf_with_max(PROGRAMS_MAX);
    b->crowds = ov_alloc_array((size_t)1 << CROWD_LOG, sizeof(*b->crowds));
    if (b->crowds == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_builder_choose_classes(b, in, n));
    for (size_t i = 0; i < n; i++) {
        enum ov_status s = add_pattern(b, &in[i]);

        if (s == OV_UNSUPPORTED && ret_bad != NULL)
            *ret_bad = i;
        OV_TRY(s);
        if (ret_weakness != NULL)
            ret_weakness[i] = (uint8_t)b->weakness;
    }
    return put_all(b, ret);
}

enum ov_status ov_match_build(const struct ov_match_input *in, size_t n,
                              struct ov_buf *ret, uint8_t *ret_weakness,
                              size_t *ret_bad)
{
    struct ov_builder *b;
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

/* What is worked with to check one form. */
struct check {
    struct ov_form form;
    struct ov_atoms atoms;
};

static enum ov_match_weakness
check_form(struct check *c, const struct ov_pattern *p, bool is_wide)
{
    enum ov_status status;

    if (p->regex.len > 0)
        return ov_builder_check_regex(p, is_wide);
    status = ov_form_make(&c->form, p, is_wide);
    if (status != OV_OK)
        return status == OV_NO_MEMORY ? OV_MATCH_UNKNOWN : OV_MATCH_NONE;
    return ov_atoms_choose(&c->form, NULL, NULL, &c->atoms)
               ? weakness_of(&c->atoms)
               : OV_MATCH_SLOW;
}

static enum ov_status try_form(struct ov_form *f, const struct ov_pattern *p,
                               bool is_wide)
{
    return p->regex.len > 0 ? ov_builder_try_regex(p)
                            : ov_form_make(f, p, is_wide);
}

enum ov_status ov_match_try(const struct ov_pattern *p)
{
    struct ov_form *f = ov_alloc(sizeof(*f));
    enum ov_status s = f == NULL ? OV_NO_MEMORY : OV_OK;

    if (s == OV_OK &&
        (!(p->flags & OV_PATTERN_WIDE) || p->flags & OV_PATTERN_ASCII))
        s = try_form(f, p, false);
    if (s == OV_OK && p->flags & OV_PATTERN_WIDE)
        s = try_form(f, p, true);
    if (f != NULL)
        ov_form_done(f);
    ov_free(f);
    return s == OV_OK || s == OV_NO_MEMORY ? s : OV_UNSUPPORTED;
}

enum ov_match_weakness ov_match_check(const struct ov_pattern *p)
{
    struct check *c = ov_alloc(sizeof(*c));
    enum ov_match_weakness ascii = OV_MATCH_STRONG;
    enum ov_match_weakness wide = OV_MATCH_STRONG;

    if (c == NULL)
        return OV_MATCH_UNKNOWN;
    if (!(p->flags & OV_PATTERN_WIDE) || p->flags & OV_PATTERN_ASCII)
        ascii = check_form(c, p, false);
    if (p->flags & OV_PATTERN_WIDE)
        wide = check_form(c, p, true);
    ov_form_done(&c->form);
    ov_free(c);
    return ascii > wide ? ascii : wide;
}
