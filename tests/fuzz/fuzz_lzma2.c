/* SPDX-License-Identifier: Apache-2.0
 *
 * The fast decoder beside liblzma: what it takes, liblzma takes, and makes the
 * same bytes of it. */
#include <lzma.h>

#include "formats/lzma2.h"
#include "fuzz.h"

#define MAX_LEN ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t out[MAX_LEN];
    static uint8_t made[MAX_LEN];
    lzma_options_lzma options = {.dict_size = MAX_LEN};
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options},
                             {LZMA_VLI_UNKNOWN, NULL}};
    OV_AUTO(lzma2) z = ov_lzma2_new();
    size_t size = 0;
    size_t used = 0;
    size_t at = 0;
    size_t n = 0;

    if (z == NULL || !ov_lzma2_measure(ov_span_of(data, len), &used, &size) ||
        size > MAX_LEN ||
        !ov_lzma2_decode(z, ov_span_of(data, used), MAX_LEN, made, size))
        return 0;
    FUZZ_CHECK(used <= len);
    FUZZ_CHECK(lzma_raw_buffer_decode(filters, NULL, data, &at, used, out, &n,
                                      MAX_LEN) == LZMA_OK);
    FUZZ_CHECK(at == used && n == size);
    FUZZ_CHECK(n == 0 || memcmp(out, made, n) == 0);
    return 0;
}
