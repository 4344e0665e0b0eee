/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "reputation/verdict_delta.h"

#define MOST 100

/* A segment that is read is written back as the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OV_AUTO_DONE(buf) again = ov_buf_with_max(size + 1);
    struct ov_verdict_change changes[MOST];
    struct ov_family families[MOST];
    struct ov_verdict_delta_parts parts = {.changes = changes,
                                           .families = families};
    struct ov_verdict_delta d;
    struct ov_span rest;

    if (ov_verdict_delta_read(ov_span_of(data, size), &d) != OV_OK ||
        d.n > MOST || d.n_families > MOST)
        return 0;
    for (; parts.n < d.n; parts.n++)
        ov_verdict_delta_at(&d, parts.n, &changes[parts.n]);
    rest = d.families;
    while (ov_verdict_delta_family(&rest, &families[parts.n_families]))
        if (++parts.n_families == MOST)
            break;
    FUZZ_CHECK(parts.n_families == d.n_families);
    parts.seq = d.seq;
    parts.time = d.time;
    memcpy(parts.previous, d.previous, 32);
    FUZZ_CHECK(ov_put_verdict_delta(&again, &parts) == OV_OK);
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&again), ov_span_of(data, size)));
    return 0;
}
