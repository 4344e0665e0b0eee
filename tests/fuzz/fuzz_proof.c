/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "log/proof.h"

/* A proof that is read is written the same, and proves nothing to a policy
 * without logs. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span all = ov_span_of(data, len);
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(2 * len + 4096);
    const struct ov_policy nobody = {.quorum = OV_QUORUM_NONE};
    struct ov_policy_result r;
    struct ov_proof p;

    FUZZ_CHECK(a != NULL);
    if (ov_proof_parse(a, all, &p) != OV_OK)
        return 0;
    ov_put_proof(&again, &p);
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&again), all));
    FUZZ_CHECK(ov_proof_verify(a, &p, all, &nobody, NULL, &r) != OV_OK);
    return 0;
}
