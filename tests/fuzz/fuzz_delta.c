/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "trust/delta.h"
#include "trust/pack.h"

/* A delta that is read is written back as the same bytes, and applied twice
 * it does what it does once. The same bytes are unpacked, too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ov_span bytes = ov_span_of(data, size);
    OV_AUTO(arena) arena = ov_arena_new((size_t)64 << 20);
    OV_AUTO(record_set) none = ov_record_set_new();
    OV_AUTO(record_set) once = NULL;
    OV_AUTO(record_set) twice = NULL;
    OV_AUTO_DONE(buf) back = ov_buf_with_max(size + 1);
    OV_AUTO_DONE(buf) unpacked = ov_buf_with_max((size_t)1 << 20);
    struct ov_delta d;

    if (arena == NULL || none == NULL)
        return 0;
    (void)!ov_unpack_any(bytes, &unpacked);
    if (ov_delta_read(bytes, arena, &d) != OV_OK)
        return 0;
    ov_put_delta(&back, &d);
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&back), bytes));
    FUZZ_CHECK(ov_delta_apply(none, &d, &once) == OV_OK);
    FUZZ_CHECK(ov_delta_apply(once, &d, &twice) == OV_OK);
    FUZZ_CHECK(ov_delta_trim(&d, once, arena, &d) == OV_OK);
    FUZZ_CHECK(d.n_puts == 0 && d.n_deletes == 0);
    return 0;
}
