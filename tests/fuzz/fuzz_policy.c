/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "log/policy.h"

/* A policy that is read asks of its quorum what it says: all witnesses always
 * suffice, none only with "quorum none", and more never make it worse. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    struct ov_diag diag = {.line = 0};
    struct ov_policy p;
    uint64_t mask = 0;

    FUZZ_CHECK(a != NULL);
    if (ov_policy_parse(a, ov_span_of(data, len), &p, &diag) != OV_OK) {
        FUZZ_CHECK(diag.text[0] != 0);
        return 0;
    }
    FUZZ_CHECK(ov_policy_quorum(&p, 0) == (p.quorum == OV_QUORUM_NONE));
    FUZZ_CHECK(ov_policy_quorum(&p, UINT64_MAX));
    for (size_t w = 0; w < p.n_witnesses; w++) {
        bool before = ov_policy_quorum(&p, mask);

        mask |= UINT64_C(1) << w;
        FUZZ_CHECK(!before || ov_policy_quorum(&p, mask));
    }
    FUZZ_CHECK(ov_policy_quorum(&p, mask));
    return 0;
}
