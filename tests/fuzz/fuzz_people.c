/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "trust/people.h"

/* A people file that parses prints as the very same bytes, and at no index does
 * it hold one public key twice. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span all = ov_span_of(data, len);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(OV_PEOPLE_MAX_SIZE);
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    struct ov_diag diag = {0};
    struct ov_people p;

    if (ov_people_parse(a, all, &p, &diag) != OV_OK)
        return 0;
    ov_put_people(&again, &p);
    FUZZ_CHECK(ov_buf_status(&again) == OV_OK);
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&again), all));
    for (size_t i = 0; i < p.n_keys; i++) {
        for (size_t j = 0; j < i; j++)
            FUZZ_CHECK(memcmp(p.keys[i].key.key, p.keys[j].key.key, 32) != 0 ||
                       p.keys[i].to <= p.keys[j].from ||
                       p.keys[j].to <= p.keys[i].from);
    }
    return 0;
}
