/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/prefilter.h"

/* What a way of prefiltering consists of. A look-up goes over the offsets 0,
 * stride, 2 * stride ... below n of folded bytes and may read up to 128 bytes
 * behind them; it may write up to 64 results more than it returns. */
struct ov_prefilter_kernels {
    void (*fold)(const uint8_t *from, uint8_t *to, size_t n);
    size_t (*every)(const struct ov_filter *f, const uint8_t *bytes, size_t n,
                    uint16_t *ret); /* windows of 4, stride 1 */
    /* stride 4; meanwhile n bytes from `ahead` on are brought nearer */
    size_t (*fourth)(const struct ov_filter *f, const uint8_t *bytes, size_t n,
                     const uint8_t *ahead, uint16_t *ret);
    size_t (*pairs)(const struct ov_filter *f, const uint8_t *bytes, size_t n,
                    uint16_t *ret); /* bitmap of 2 bytes, stride 1 */
    size_t (*starts)(const struct ov_check *c, const uint8_t *bytes,
                     const uint16_t *offsets, size_t n, uint16_t *ret);
};

/* One offset at a time. */
static inline bool ov_window_passes(const struct ov_filter *f,
                                    const uint8_t *at)
{
    uint32_t h = ov_filter_hash(ov_load32le(at) ^ f->salt);
    uint32_t mask = ov_filter_bits(h);
    uint32_t word = ov_load32le(f->bits.ptr + 4 * (size_t)(h >> (32 - f->log)));

    return (word & mask) == mask;
}

static inline bool ov_pair_passes(const struct ov_filter *f, const uint8_t *at)
{
    return f->bits.ptr[ov_load16le(at) >> 3] >> (at[0] & 7) & 1;
}

static inline bool ov_screen_passes(const struct ov_filter *f,
                                    const uint8_t *at, size_t n)
{
    uint8_t groups = 0xff;

    for (size_t i = 0; i < n; i++)
        groups &= f->screen[OV_SCREEN_ROW * i + (at[i] & 0x7f)];
    return groups != 0;
}

/* The key of a LONG atom at `at`. */
#define OV_LONG_MASK 0x00ffffffffffffffu

extern const struct ov_prefilter_kernels ov_prefilter_plain;
#if defined(__x86_64__)
extern const struct ov_prefilter_kernels ov_prefilter_avx2;
extern const struct ov_prefilter_kernels ov_prefilter_avx512;
#endif
