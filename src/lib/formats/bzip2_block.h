/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "base/buf.h"

/* Blocks of bzip2, which depend on nothing but where they begin. */

#define OV_BZIP2_BLOCK_MAGIC UINT64_C(0x314159265359)
#define OV_BZIP2_END_MAGIC UINT64_C(0x177245385090)
#define OV_BZIP2_MAGIC_BITS 48

/* Bits, the highest of a byte first. Behind the end there are zeros, and
 * ov_bits_is_over tells that some of them were taken. */
struct ov_bzip2_bits {
    struct ov_span all;
    uint64_t next;  /* the next bits, at its top */
    unsigned n;     /* of them */
    size_t at;      /* the byte that is read next */
    unsigned n_far; /* bits in next, at its end, that are behind the end */
};

struct ov_bzip2_bits ov_bzip2_bits_at(struct ov_span all, uint64_t bit);
/* n of 1 to 32. */
uint32_t ov_bzip2_take(struct ov_bzip2_bits *b, unsigned n);
uint64_t ov_bzip2_place(const struct ov_bzip2_bits *b);
bool ov_bzip2_is_over(const struct ov_bzip2_bits *b);

/* The sum over what comes out, eight bytes at a time. */
struct ov_bzip2_sums {
    uint32_t of[8][256];
};

void ov_bzip2_sums_init(struct ov_bzip2_sums *s);

/* One block on its way; made once for many. */
struct ov_bzip2_block;

struct ov_bzip2_block *ov_bzip2_block_new(uint32_t max_len) OV_ALLOC;
void ov_bzip2_block_free(struct ov_bzip2_block *b);

/* Reads the block behind its magic up to the bit behind its end. False if it is
 * not sound, or of the kind that no packer makes since 1997 ("randomised"). */
OV_MUST_USE bool ov_bzip2_block_read(struct ov_bzip2_block *b,
                                     struct ov_bzip2_bits *bits);

/* Undoes the transformation of 1 to OV_BZIP2_TOGETHER blocks: some at a time
 * take hardly longer than one, since each step waits for memory. */
#define OV_BZIP2_TOGETHER 4
void ov_bzip2_block_undo(struct ov_bzip2_block *const *blocks, unsigned n);

/* Appends what is in an undone block; spends OV_COST_BYTES. False if there is
 * no room, or the sum is another than the block says. */
OV_MUST_USE bool ov_bzip2_block_put(const struct ov_bzip2_block *b,
                                    const struct ov_bzip2_sums *sums,
                                    struct ov_budget *budget,
                                    struct ov_buf *into);
uint32_t ov_bzip2_block_sum(const struct ov_bzip2_block *b);
