/* SPDX-License-Identifier: Apache-2.0
 *
 * The fast reader of .xz beside liblzma: what it takes, liblzma takes, and
 * makes the same bytes of it. What it leaves it leaves as it was. */
#include <lzma.h>

#include "formats/xz.h"
#include "fuzz.h"

#define MAX_LEN ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t out[MAX_LEN];
    struct ov_budget budget = ov_budget_default();
    OV_AUTO_DONE(buf) into = ov_buf_with_max(MAX_LEN);
    uint64_t memory = (uint64_t)1 << 30;
    size_t used = 0;
    size_t at = 0;
    size_t n = 0;

    if (!ov_xz_decode(ov_span_of(data, len), &budget, &into, &used)) {
        FUZZ_CHECK(into.len == 0 && budget.spent[OV_COST_BYTES] == 0);
        return 0;
    }
    FUZZ_CHECK(used <= len);
    FUZZ_CHECK(lzma_stream_buffer_decode(&memory, 0, NULL, data, &at, used, out,
                                         &n, MAX_LEN) == LZMA_OK);
    FUZZ_CHECK(n == into.len);
    FUZZ_CHECK(n == 0 || memcmp(out, into.ptr, n) == 0);
    FUZZ_CHECK(budget.spent[OV_COST_BYTES] == into.len);
    return 0;
}
