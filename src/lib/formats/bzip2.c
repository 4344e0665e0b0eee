/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams of bzip2.
 *
 * Only what is right down to its last sum is decoded here. Whatever else comes
 * (a damaged file, a limit) makes all of it undone, and libbz2 decodes it again
 * and says what is wrong. So there is one place that knows about damage, and a
 * hostile file costs twice at most.
 *
 * Some blocks are undone at a time (bzip2_block.c). With a crew the blocks of a
 * large stream are found by their magic before they are reached, each helper
 * gets some of them, and what came out is put in their order. A block is only
 * believed if it ends just where the next was found: so a magic that stands in
 * a block by chance makes the library do the whole.
 *
 * Format: as in bzip2_block.c. */
#include "formats/bzip2.h"

#include "base/assert.h"
#include "formats/bzip2_block.h"

#define LEVEL_LEN 100000
#define HEADER_LEN 4
#define JOBS_MAX 8
/* So many bytes are worth a helper's while. */
#define WORTH ((uint64_t)1 << 20)

/* Some blocks in a row. */
struct batch {
    struct ov_span in;
    struct ov_bzip2_block *blocks[OV_BZIP2_TOGETHER];
    uint64_t
        from[OV_BZIP2_TOGETHER]; /* bits, behind the magic; with a crew only */
    uint64_t to[OV_BZIP2_TOGETHER];
    unsigned n;
    bool is_sound;
};

struct bzip2 {
    struct ov_bzip2_bits bits;
    struct ov_budget *budget;
    struct ov_buf *into;
    struct ov_crew *crew;
    struct ov_bzip2_sums sums;
    uint32_t block_len;
    uint32_t sum; /* of the blocks' sums */
    struct batch batches[JOBS_MAX];
};

static bool read_header(struct bzip2 *z)
{
    struct ov_span in = z->bits.all;
    int level = ov_span_byte(in, 3) - '0';

    if (!ov_span_starts(in, OV_SPAN_LIT("BZh")) || level < 1 || level > 9)
        return false;
    z->block_len = (uint32_t)level * LEVEL_LEN;
    z->bits = ov_bzip2_bits_at(in, (uint64_t)HEADER_LEN * 8);
    return true;
}

static uint64_t take_magic(struct ov_bzip2_bits *b)
{
    uint64_t high = ov_bzip2_take(b, 24);

    return high << 24 | ov_bzip2_take(b, 24);
}

static bool has_block(struct bzip2 *z, struct batch *p, unsigned i)
{
    if (p->blocks[i] == NULL)
        p->blocks[i] = ov_bzip2_block_new(z->block_len);
    return p->blocks[i] != NULL;
}

static bool put_batch(struct bzip2 *z, struct batch *p)
{
    for (unsigned i = 0; i < p->n; i++) {
        if (!ov_bzip2_block_put(p->blocks[i], &z->sums, z->budget, z->into))
            return false;
        z->sum =
            (z->sum << 1 | z->sum >> 31) ^ ov_bzip2_block_sum(p->blocks[i]);
    }
    p->n = 0;
    return true;
}

static void undo(struct batch *p)
{
    if (p->n > 0)
        ov_bzip2_block_undo(p->blocks, p->n);
}

/* ---- alone ---- */

/* Blocks up to the end's magic. */
static bool read_blocks(struct bzip2 *z)
{
    struct batch *p = &z->batches[0];

    for (;;) {
        uint64_t magic = take_magic(&z->bits);
        bool is_block = magic == OV_BZIP2_BLOCK_MAGIC;

        if (!is_block && magic != OV_BZIP2_END_MAGIC)
            return false;
        if (is_block && (!has_block(z, p, p->n) ||
                         !ov_bzip2_block_read(p->blocks[p->n], &z->bits)))
            return false;
        p->n += is_block;
        if (is_block && p->n < OV_BZIP2_TOGETHER)
            continue;
        undo(p);
        if (!put_batch(z, p))
            return false;
        if (!is_block)
            return true;
    }
}

/* ---- with a crew ---- */

/* A byte that is wholly part of a magic stands two bytes behind the magic's
 * begin; which one it is tells how many bits further on that lies. */
static bool may_be_third(int byte)
{
    for (unsigned shift = 0; shift < 8; shift++)
        if (byte == (int)(OV_BZIP2_BLOCK_MAGIC >> (24 + shift) & 255) ||
            byte == (int)(OV_BZIP2_END_MAGIC >> (24 + shift) & 255))
            return true;
    return false;
}

/* The bit at which the next magic begins, from byte `from` on. */
static bool find_magic(struct ov_span in, uint64_t from, uint64_t *ret)
{
    bool is_third[256];

    for (int i = 0; i < 256; i++)
        is_third[i] = may_be_third(i);
    for (uint64_t at = from; at + 6 <= in.len; at++) {
        if (!is_third[(uint8_t)ov_span_byte(in, at + 2)])
            continue;
        for (unsigned bit = 0; bit < 8; bit++) {
            struct ov_bzip2_bits b = ov_bzip2_bits_at(in, at * 8 + bit);
            uint64_t magic = take_magic(&b);

            *ret = at * 8 + bit;
            if ((magic == OV_BZIP2_BLOCK_MAGIC ||
                 magic == OV_BZIP2_END_MAGIC) &&
                !ov_bzip2_is_over(&b))
                return true;
        }
    }
    return false;
}

static void work(void *data)
{
    struct batch *p = data;

    p->is_sound = true;
    for (unsigned i = 0; i < p->n && p->is_sound; i++) {
        struct ov_bzip2_bits bits = ov_bzip2_bits_at(p->in, p->from[i]);

        p->is_sound = ov_bzip2_block_read(p->blocks[i], &bits) &&
                      ov_bzip2_place(&bits) == p->to[i];
    }
    if (p->is_sound)
        undo(p);
}

/* The next blocks; z->bits goes on to what is behind them. */
static bool plan_batch(struct bzip2 *z, struct batch *p, bool *ret_is_end)
{
    p->in = z->bits.all;
    for (p->n = 0; p->n < OV_BZIP2_TOGETHER; p->n++) {
        uint64_t magic = take_magic(&z->bits);
        uint64_t from = ov_bzip2_place(&z->bits);

        *ret_is_end = magic == OV_BZIP2_END_MAGIC;
        if (*ret_is_end)
            return true;
        if (magic != OV_BZIP2_BLOCK_MAGIC || !has_block(z, p, p->n) ||
            !find_magic(p->in, from / 8, &p->to[p->n]))
            return false;
        p->from[p->n] = from;
        z->bits = ov_bzip2_bits_at(p->in, p->to[p->n]);
    }
    return true;
}

/* What was planned is done by all; then it is put in order. */
static bool do_batches(struct bzip2 *z, unsigned n)
{
    struct ov_crew *crew = z->crew;
    bool is_given[JOBS_MAX] = {false};
    bool is_sound = true;

    for (unsigned i = 1; i < n; i++) {
        is_given[i] = crew->is_idle(crew, i - 1);
        if (is_given[i])
            crew->start(crew, i - 1, work, &z->batches[i]);
    }
    for (unsigned i = 0; i < n; i++)
        if (!is_given[i])
            work(&z->batches[i]);
    for (unsigned i = 0; i < n; i++) {
        if (is_given[i])
            crew->wait(crew, i - 1);
        is_sound =
            is_sound && z->batches[i].is_sound && put_batch(z, &z->batches[i]);
    }
    return is_sound;
}

static bool read_blocks_together(struct bzip2 *z)
{
    unsigned most = z->crew->n + 1 < JOBS_MAX ? z->crew->n + 1 : JOBS_MAX;
    bool is_end = false;

    while (!is_end) {
        unsigned n = 0;

        for (; n < most && !is_end; n++)
            if (!plan_batch(z, &z->batches[n], &is_end))
                return false;
        if (!do_batches(z, n))
            return false;
    }
    return true;
}

/* ---- a stream ---- */

static bool is_worth_a_crew(const struct bzip2 *z)
{
    return z->crew != NULL && z->crew->n > 0 &&
           z->bits.all.len >=
               (z->crew->stretch != 0 ? z->crew->stretch : WORTH);
}

static bool read_stream(struct bzip2 *z)
{
    return read_header(z) &&
           (is_worth_a_crew(z) ? read_blocks_together(z) : read_blocks(z)) &&
           ov_bzip2_take(&z->bits, 32) == z->sum && !ov_bzip2_is_over(&z->bits);
}

static void free_state(struct bzip2 *z)
{
    for (size_t i = 0; i < JOBS_MAX; i++)
        for (size_t k = 0; k < OV_BZIP2_TOGETHER; k++)
            ov_bzip2_block_free(z->batches[i].blocks[k]);
    ov_free(z);
}

bool ov_bzip2_decode(struct ov_span in, struct ov_budget *budget,
                     struct ov_crew *crew, struct ov_buf *into,
                     size_t *ret_used)
{
    struct ov_budget budget_before = *budget;
    size_t before = into->len;
    struct bzip2 *z = ov_alloc(sizeof(*z));
    uint64_t used;
    bool is_done;

    if (z == NULL)
        return false;
    z->bits.all = in;
    z->budget = budget;
    z->into = into;
    z->crew = crew;
    ov_bzip2_sums_init(&z->sums);
    is_done = read_stream(z);
    used = (ov_bzip2_place(&z->bits) + 7) / 8;
    free_state(z);
    if (is_done && ov_budget_spend(budget, OV_COST_STEPS, used) == OV_OK) {
        OV_ASSERT(used <= in.len);
        *ret_used = (size_t)used;
        return true;
    }
    *budget = budget_before;
    ov_buf_clear(into);
    into->len = before;
    return false;
}
