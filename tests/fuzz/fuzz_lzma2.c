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
    lzma_options_lzma options = {.dict_size = MAX_LEN};
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options},
                             {LZMA_VLI_UNKNOWN, NULL}};
    struct ov_budget budget = ov_budget_default();
    OV_AUTO_DONE(buf) into = ov_buf_with_max(MAX_LEN);
    size_t used = 0;
    size_t at = 0;
    size_t n = 0;

    if (!ov_lzma2_decode(ov_span_of(data, len), MAX_LEN, &budget, &into, &used))
        return 0;
    FUZZ_CHECK(used <= len);
    FUZZ_CHECK(lzma_raw_buffer_decode(filters, NULL, data, &at, used, out, &n,
                                      MAX_LEN) == LZMA_OK);
    FUZZ_CHECK(at == used && n == into.len);
    FUZZ_CHECK(n == 0 || memcmp(out, into.ptr, n) == 0);
    FUZZ_CHECK(budget.spent[OV_COST_BYTES] == into.len);
    return 0;
}
