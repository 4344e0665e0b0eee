/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "host/outbound.h"
#include "json/json.h"

/* A line that is read is written and read again as the same, unless it is of a
 * kind that is not known. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OV_AUTO(arena) arena = ov_arena_new(OV_JSON_ARENA(2 * OUTBOUND_MAX_LINE));
    OV_AUTO_DONE(buf) back = ov_buf_with_max(8 * OUTBOUND_MAX_LINE);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(8 * OUTBOUND_MAX_LINE);
    struct outbound_line l;
    struct outbound_line m;
    uint8_t prev[OV_DIGEST_MAX];

    if (arena == NULL || size > OUTBOUND_MAX_LINE / 8 ||
        outbound_read(arena, ov_span_of(data, size), &l, prev) != OV_OK ||
        l.kind == OUTBOUND_OTHER)
        return 0;
    outbound_put(&back, &l, prev);
    FUZZ_CHECK(outbound_read(arena,
                             ov_span_clip(ov_buf_span(&back), 0, back.len - 1),
                             &m, prev) == OV_OK);
    outbound_put(&again, &m, prev);
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&back), ov_buf_span(&again)));
    return 0;
}
