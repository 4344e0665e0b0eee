/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "rules/clamav.h"

/* ClamAV's containers, without asking for signatures: header, archive, list of
 * digests. All that comes out must be readable. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ov_clamav_trust trust = {.allow_unsigned = true};
    struct ov_arena *arena = ov_arena_new((size_t)256 << 20);
    struct ov_clamav_container c = {0};
    struct ov_diag diag = {0};
    unsigned sum = 0;

    if (arena == NULL)
        return 0;
    if (ov_clamav_unpack(ov_span_of(data, size), OV_CLAMAV_CLD, &trust, arena,
                         &c, &diag) == OV_OK)
        for (size_t i = 0; i < c.n_members; i++) {
            FUZZ_CHECK(c.members[i].name.len > 0);
            for (size_t j = 0; j < c.members[i].text.len; j++)
                sum += (unsigned)ov_span_byte(c.members[i].text, j);
        }
    ov_arena_free(arena);
    return sum == 1;
}
