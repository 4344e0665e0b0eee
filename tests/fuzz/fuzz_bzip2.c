/* SPDX-License-Identifier: Apache-2.0
 *
 * The fast reader of .bz2 beside libbz2: what it takes, libbz2 takes, and makes
 * the same bytes of it. What it leaves it leaves as it was. With a crew (of
 * one, which works at once) it takes nothing that it does not take without. */
#include <bzlib.h>

#include "formats/bzip2.h"
#include "fuzz.h"
#include "fuzz_crew.h"

#define MAX_LEN ((size_t)1 << 20)

static bool take(struct ov_span in, struct ov_crew *by, struct ov_buf *into,
                 size_t *ret_used)
{
    struct ov_budget budget = ov_budget_default();
    bool is_done = ov_bzip2_decode(in, &budget, by, into, ret_used);

    FUZZ_CHECK(budget.spent[OV_COST_BYTES] == into->len);
    FUZZ_CHECK(is_done ? *ret_used <= in.len : into->len == 0);
    return is_done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static char out[MAX_LEN];
    OV_AUTO_DONE(buf) alone = ov_buf_with_max(MAX_LEN);
    OV_AUTO_DONE(buf) together = ov_buf_with_max(MAX_LEN);
    struct ov_span in = ov_span_of(data, len);
    unsigned n = MAX_LEN;
    size_t used = 0;
    size_t used_together = 0;
    bool is_taken = take(in, NULL, &alone, &used);

    if (take(in, &crew, &together, &used_together)) {
        /* once more, if it was memory that it had not */
        if (!is_taken)
            is_taken = take(in, NULL, &alone, &used);
        FUZZ_CHECK(is_taken && used == used_together);
        FUZZ_CHECK(ov_span_equal(ov_buf_span(&alone), ov_buf_span(&together)));
    }
    if (!is_taken)
        return 0;
    FUZZ_CHECK(BZ2_bzBuffToBuffDecompress(out, &n, (char *)(uintptr_t)data,
                                          (unsigned)used, 0, 0) == BZ_OK);
    FUZZ_CHECK(n == alone.len);
    FUZZ_CHECK(n == 0 || memcmp(out, alone.ptr, n) == 0);
    return 0;
}
