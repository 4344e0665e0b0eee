/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/image_hash.h"
#include "fuzz.h"

/* A picture of any kind has a hash or a reason why not; the same twice. Few
 * steps are allowed, so that large pictures do not take the fuzzer's time. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span bytes = ov_span_of(data, len);
    enum ov_type type = ov_type_identify(bytes);
    uint8_t first[OV_IMAGE_HASH_SIZE] = {0};
    uint8_t second[OV_IMAGE_HASH_SIZE] = {0};
    enum ov_status status[2];

    for (int i = 0; i < 2; i++) {
        struct ov_budget budget = ov_budget_default();

        budget.limit[OV_COST_STEPS] = 1 << 22;
        status[i] =
            ov_image_hash(type, bytes, &budget, i == 0 ? first : second);
    }
    if (status[0] == OV_NO_MEMORY || status[1] == OV_NO_MEMORY)
        return 0;
    FUZZ_CHECK(status[0] == status[1]);
    for (size_t i = 0; i < sizeof(first); i++)
        FUZZ_CHECK(first[i] == second[i]);
    return 0;
}
