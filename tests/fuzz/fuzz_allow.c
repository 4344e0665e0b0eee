/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "host/allow.h"

/* A list that is read is written and read again as the same; an entry never
 * allows what nothing is known of. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct allow_subject nothing = {.path = NULL};
    OV_AUTO_DONE(buf) back = ov_buf_with_max(ALLOW_MAX_FILE);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(ALLOW_MAX_FILE);
    struct allow_list l;
    struct allow_list m;
    struct ov_diag diag = {0};

    if (allow_read(ov_span_of(data, size), &l, &diag) != OV_OK) {
        FUZZ_CHECK(diag.status != OV_OK);
        return 0;
    }
    FUZZ_CHECK(allow_find(&l, &nothing, 0) == NULL);
    for (size_t i = 0; i < l.n; i++)
        allow_put(&back, &l.entries[i]);
    FUZZ_CHECK(allow_read(ov_buf_span(&back), &m, &diag) == OV_OK);
    FUZZ_CHECK(m.n == l.n);
    for (size_t i = 0; i < m.n; i++)
        allow_put(&again, &m.entries[i]);
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&back), ov_buf_span(&again)));
    allow_done(&l);
    allow_done(&m);
    return 0;
}
