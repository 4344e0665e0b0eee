/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "fuzz.h"
#include "log/merkle.h"

/* Numbers and hashes of anybody's choice: checking ends, and what is accepted
 * is of a possible length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_reader r = ov_reader_over(ov_span_of(data, len));
    uint64_t first = ov_read_u64le(&r);
    uint64_t size = ov_read_u64le(&r);
    uint8_t proof[2 * OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH] = {{0}};
    uint8_t fixed[2][OV_MERKLE_HASH] = {{0}};
    struct ov_span rest;
    size_t n;

    for (size_t i = 0; i < 2; i++) {
        struct ov_span hash = ov_read_span(&r, OV_MERKLE_HASH);

        if (hash.len > 0)
            memcpy(fixed[i], hash.ptr, hash.len);
    }
    rest = ov_span_clip(ov_reader_rest(&r), 0, sizeof(proof));
    n = rest.len / OV_MERKLE_HASH;
    if (n > 0)
        memcpy(proof, rest.ptr, n * OV_MERKLE_HASH);
    if (ov_merkle_check_inclusion(fixed[0], first, size, proof, n, fixed[1]) ==
        OV_OK)
        FUZZ_CHECK(first < size && n < OV_MERKLE_MAX_PROOF);
    if (ov_merkle_check_consistency(first, fixed[0], size, fixed[1], proof,
                                    n) == OV_OK)
        FUZZ_CHECK(first <= size && n <= OV_MERKLE_MAX_PROOF);
    return 0;
}
