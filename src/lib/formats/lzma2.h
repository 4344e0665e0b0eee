/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/alloc.h"
#include "base/span.h"
#include "base/status.h"

/* LZMA2 data from memory to memory. */

/* How long the data at the start of in are, their end marker included, and
 * what comes out, as the heads of their chunks say. False if these do not lead
 * to an end; then nothing is written. No more of in is read than the heads. */
OV_MUST_USE bool ov_lzma2_measure(struct ov_span in, size_t *ret_packed,
                                  size_t *ret_size);

/* What one thread needs to decode, 100 KB; one after the other. */
struct ov_lzma2;

/* Returns owned: ov_lzma2_free; NULL: no memory. */
struct ov_lzma2 *ov_lzma2_new(void);
void ov_lzma2_free(struct ov_lzma2 *z);
OV_DEFINE_AUTO(lzma2)

/* All of in, which was measured, to out, where there is room for size bytes.
 * dict_size: how far back matches may reach. False if anything is unusual or
 * damaged; then any of the size bytes may have been written. */
OV_MUST_USE bool ov_lzma2_decode(struct ov_lzma2 *z, struct ov_span in,
                                 uint64_t dict_size, uint8_t *out, size_t size);
