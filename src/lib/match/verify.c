/* SPDX-License-Identifier: Apache-2.0 */
#include "match/verify.h"

#include "base/reader.h"
#include "match/boundary.h"

/* Running the code of a part.
 *
 * Straight code has at most one match at a place: one position moves along.
 * With gaps that vary and alternatives there may be many; all of them move
 * along together as a set of distances, so that no text makes this take more
 * than code times spread. An operation on bytes takes those distances out of
 * the set where the bytes are others; a gap smears the set; alternatives run
 * one after the other from a copy of the set, and what they leave is united.
 * Backward, "behind" and "before" are exchanged, nothing else. */

/* A form's, and one around the ways back from several atoms. */
#define DEPTH_MAX 17

struct level {
    struct ov_distances before; /* the bracket */
    struct ov_distances all;    /* united so far */
    bool is_negated;
};

struct ov_verifier {
    uint64_t work;
    struct ov_distances now;
    struct level levels[DEPTH_MAX];
};

/* What stays the same during a run. */
struct run {
    struct ov_span view;
    uint64_t at;
    uint64_t avail; /* bytes from `at` to the view's end in this direction */
    bool is_nocase;
    bool is_backward;
};

/* One operation, taken apart. */
struct op {
    enum ov_op kind;
    uint64_t n;
    struct ov_span data;
    uint64_t width; /* of a gap */
};

struct ov_verifier *ov_verifier_new(void)
{
    return ov_alloc(sizeof(struct ov_verifier));
}

void ov_verifier_free(struct ov_verifier *v)
{
    ov_free(v);
}

uint64_t ov_verifier_work(struct ov_verifier *v)
{
    uint64_t work = v->work;

    v->work = 0;
    return work;
}

/* False at the end of the code, or where it is damaged. */
static bool next_op(struct ov_reader *r, struct op *ret)
{
    uint8_t first;
    uint64_t len = 0;

    if (!ov_reader_more(r))
        return false;
    first = ov_read_u8(r);
    *ret = (struct op){.kind = (enum ov_op)(first >> 5)};
    ret->n = first & OV_OP_COUNT;
    if (ret->n == OV_OP_COUNT)
        ret->n += ov_read_varint(r);
    ov_reader_require(r, ret->n < UINT32_MAX, OV_MALFORMED);
    ret->n++;
    if (ret->kind == OV_OP_BYTES)
        len = ret->n;
    else if (ret->kind == OV_OP_MASKED)
        len = 2 * ret->n;
    else if (ret->kind == OV_OP_SPECIAL && ret->n - 1 == OV_SPECIAL_NOT)
        len = 2;
    ov_reader_require(r, ret->kind != OV_OP_SPECIAL || ret->n <= OV_N_SPECIALS,
                      OV_MALFORMED);
    ret->data = ov_read_span(r, len);
    if (ret->kind == OV_OP_GAP) {
        ret->n = ov_read_varint(r);
        ret->width = ov_read_varint(r);
        ov_reader_require(r,
                          ret->n < UINT32_MAX && ret->width < OV_DISTANCES_MAX,
                          OV_MALFORMED);
    }
    return ov_reader_status(r) == OV_OK;
}

static bool bytes_equal(const uint8_t *at, const struct op *op, bool is_nocase)
{
    if (!is_nocase)
        return memcmp(at, op->data.ptr, op->data.len) == 0;
    for (size_t i = 0; i < op->data.len; i++)
        if (ov_lower(at[i]) != op->data.ptr[i])
            return false;
    return true;
}

static bool masked_equal(const uint8_t *at, const struct op *op)
{
    for (size_t i = 0; i < op->n; i++)
        if ((at[i] & op->data.ptr[2 * i]) != op->data.ptr[2 * i + 1])
            return false;
    return true;
}

static bool is_other(const uint8_t *at, const struct op *op, bool is_nocase)
{
    uint8_t c = *at;

    if (is_nocase && op->data.ptr[0] == 0xff)
        c = ov_lower(c);
    return (c & op->data.ptr[0]) != op->data.ptr[1];
}

/* How many bytes the operation takes up, and whether they are at `at`. */
static uint64_t width_of(const struct op *op)
{
    if (op->kind != OV_OP_SPECIAL)
        return op->n;
    return op->n - 1 == OV_SPECIAL_NOT;
}

static bool op_holds(const struct op *op, bool is_nocase, struct ov_span view,
                     uint64_t at)
{
    switch (op->kind) {
    case OV_OP_BYTES:
        return bytes_equal(view.ptr + at, op, is_nocase);
    case OV_OP_MASKED:
        return masked_equal(view.ptr + at, op);
    case OV_OP_ANY:
        return true;
    case OV_OP_SPECIAL:
        if (op->n - 1 == OV_SPECIAL_NOT)
            return is_other(view.ptr + at, op, is_nocase);
        return ov_boundary_holds((unsigned)(op->n - 1 - OV_SPECIAL_BOUNDARY),
                                 view, at);
    case OV_OP_GAP:
    case OV_OP_OPEN:
    case OV_OP_NEXT:
    case OV_OP_CLOSE:
        break;
    }
    return false;
}

bool ov_verify_straight(struct ov_span code, bool is_nocase,
                        struct ov_span view, uint64_t at, uint64_t *ret_end)
{
    struct ov_reader r = ov_reader_over(code);
    struct op op;

    if (at > view.len)
        return false;
    while (next_op(&r, &op)) {
        uint64_t width = width_of(&op);

        if (width > view.len - at || !op_holds(&op, is_nocase, view, at))
            return false;
        at += width;
    }
    if (ov_reader_status(&r) != OV_OK)
        return false;
    *ret_end = at;
    return true;
}

bool ov_verify_xor(struct ov_span code, uint8_t min, uint8_t max,
                   struct ov_span view, uint64_t at, uint64_t *ret_end)
{
    struct ov_reader r = ov_reader_over(code);
    struct op op;
    uint8_t key;

    if (!next_op(&r, &op) || op.kind != OV_OP_BYTES || ov_reader_more(&r) ||
        at > view.len || op.n > view.len - at)
        return false;
    key = view.ptr[at] ^ op.data.ptr[0];
    if (key < min || key > max)
        return false;
    for (size_t i = 1; i < op.data.len; i++)
        if ((view.ptr[at + i] ^ op.data.ptr[i]) != key)
            return false;
    *ret_end = at + op.n;
    return true;
}

static uint32_t n_words(const struct ov_distances *d)
{
    return (d->n_bits + 63) / 64;
}

uint32_t ov_distances_next(const struct ov_distances *d, uint32_t from)
{
    uint32_t i = from / 64;
    uint64_t word;

    if (from >= d->n_bits)
        return d->n_bits;
    word = d->words[i] & ~(uint64_t)0 << from % 64;
    while (word == 0) {
        if (++i >= n_words(d))
            return d->n_bits;
        word = d->words[i];
    }
    return i * 64 + (uint32_t)__builtin_ctzll(word);
}

static bool is_empty(const struct ov_distances *d)
{
    return ov_distances_next(d, 0) >= d->n_bits;
}

static void copy(struct ov_distances *to, const struct ov_distances *from)
{
    to->base = from->base;
    to->n_bits = from->n_bits;
    memcpy(to->words, from->words, n_words(from) * sizeof(to->words[0]));
}

/* Makes room for bits up to n, all zero where nothing was. */
static void widen(struct ov_distances *d, uint32_t n)
{
    uint32_t old = n_words(d);

    if (n <= d->n_bits)
        return;
    d->n_bits = n;
    memset(d->words + old, 0, (n_words(d) - old) * sizeof(d->words[0]));
}

/* to |= from << shift; what falls out at the top is lost. */
static void unite_shifted(struct ov_distances *to,
                          const struct ov_distances *from, uint64_t shift)
{
    uint64_t n = from->n_bits + shift;
    uint32_t up = (uint32_t)(shift / 64);
    uint32_t by = shift % 64;

    if (shift >= OV_DISTANCES_MAX)
        return;
    widen(to, n > OV_DISTANCES_MAX ? OV_DISTANCES_MAX : (uint32_t)n);
    for (uint32_t i = n_words(from); i-- > 0;) {
        uint64_t w = from->words[i];

        if (i + up < n_words(to))
            to->words[i + up] |= w << by;
        if (by > 0 && i + up + 1 < n_words(to))
            to->words[i + up + 1] |= w >> (64 - by);
    }
}

/* d |= d << 1 | ... | d << width, by doubling. */
static void smear(struct ov_distances *d, uint64_t width)
{
    uint64_t done = 1;

    while (done <= width) {
        uint64_t step = done < width + 1 - done ? done : width + 1 - done;

        unite_shifted(d, d, step);
        done += step;
    }
}

/* d <<= shift. */
static void shift_up(struct ov_distances *d, uint64_t shift)
{
    uint64_t n = d->n_bits + shift;
    uint32_t up = (uint32_t)(shift / 64);
    uint32_t by = shift % 64;

    widen(d, n > OV_DISTANCES_MAX ? OV_DISTANCES_MAX : (uint32_t)n);
    for (uint32_t i = n_words(d); i-- > 0;) {
        uint64_t w = i >= up ? d->words[i - up] << by : 0;

        if (by > 0 && i > up)
            w |= d->words[i - up - 1] >> (64 - by);
        d->words[i] = w;
    }
}

/* to |= from, whatever their bases. */
static void unite(struct ov_distances *to, const struct ov_distances *from)
{
    if (is_empty(from))
        return;
    if (is_empty(to)) {
        copy(to, from);
        return;
    }
    if (from->base < to->base) {
        shift_up(to, to->base - from->base);
        to->base = from->base;
    }
    unite_shifted(to, from, from->base - to->base);
}

static void drop(struct ov_distances *d, uint32_t i)
{
    d->words[i / 64] &= ~((uint64_t)1 << i % 64);
}

/* Takes out the distances where the operation does not hold, and moves the
 * others behind it. */
static void filter(struct ov_distances *d, const struct op *op,
                   const struct run *run)
{
    uint64_t width = width_of(op);

    for (uint32_t i = 0; (i = ov_distances_next(d, i)) < d->n_bits; i++) {
        uint64_t way = d->base + i;
        uint64_t at = run->is_backward ? run->at - way - width : run->at + way;

        if (way > run->avail || width > run->avail - way ||
            !op_holds(op, run->is_nocase, run->view, at))
            drop(d, i);
    }
    d->base += width;
}

/* What is left of the set after a negated bracket: where none of its
 * alternatives matched. They all have one length. */
static void negate(struct level *l, struct ov_distances *now)
{
    uint64_t base = now->base;

    copy(now, &l->before);
    now->base = base;
    for (uint32_t i = 0; (i = ov_distances_next(&l->all, i)) < l->all.n_bits;
         i++)
        if (i < now->n_bits)
            drop(now, i);
}

/* Opens, goes on in, or closes a bracket. */
static bool bracket(struct ov_verifier *v, uint32_t *depth, const struct op *op)
{
    struct level *l;

    if (op->kind == OV_OP_OPEN) {
        if (*depth == DEPTH_MAX)
            return false;
        l = &v->levels[(*depth)++];
        l->is_negated = op->n > 1;
        copy(&l->before, &v->now);
        l->all.n_bits = 0;
        return true;
    }
    if (*depth == 0)
        return false;
    l = &v->levels[*depth - 1];
    unite(&l->all, &v->now);
    if (op->kind == OV_OP_NEXT) {
        copy(&v->now, &l->before);
        return true;
    }
    if (l->is_negated)
        negate(l, &v->now);
    else
        copy(&v->now, &l->all);
    (*depth)--;
    return true;
}

/* Takes out what is beyond the end of the view. */
static void trim(struct ov_distances *d, uint64_t avail)
{
    for (uint32_t i = 0; (i = ov_distances_next(d, i)) < d->n_bits; i++)
        if (d->base + i > avail)
            drop(d, i);
}

static bool step(struct ov_verifier *v, const struct run *run, struct op *op,
                 uint32_t *depth)
{
    v->work += 4 + n_words(&v->now) + op->data.len / 8;
    switch (op->kind) {
    case OV_OP_BYTES:
    case OV_OP_MASKED:
    case OV_OP_SPECIAL:
        filter(&v->now, op, run);
        break;
    case OV_OP_ANY:
        v->now.base += op->n;
        break;
    case OV_OP_GAP:
        v->now.base += op->n;
        smear(&v->now, op->width);
        v->work += op->width;
        break;
    case OV_OP_OPEN:
    case OV_OP_NEXT:
    case OV_OP_CLOSE:
        return bracket(v, depth, op);
    }
    return *depth > 0 || !is_empty(&v->now);
}

const struct ov_distances *ov_verify_spread(struct ov_verifier *v,
                                            struct ov_span code, bool is_nocase,
                                            bool is_backward,
                                            struct ov_span view, uint64_t at)
{
    struct ov_reader r = ov_reader_over(code);
    struct run run = {view, at, 0, is_nocase, is_backward};
    uint32_t depth = 0;
    struct op op;

    if (at > view.len)
        return NULL;
    run.avail = is_backward ? at : view.len - at;
    v->now.base = 0;
    v->now.n_bits = 1;
    v->now.words[0] = 1;
    while (next_op(&r, &op))
        if (!step(v, &run, &op, &depth))
            return NULL;
    if (ov_reader_status(&r) != OV_OK || depth > 0)
        return NULL;
    trim(&v->now, run.avail);
    return is_empty(&v->now) ? NULL : &v->now;
}
