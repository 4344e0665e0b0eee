/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "reputation/fuse_filter.h"

/* A shard that opens can be asked for anything. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ov_fuse f;
    size_t n = 0;

    if (ov_fuse_open(ov_span_of(data, size), &f) != OV_OK)
        return 0;
    FUZZ_CHECK(f.fingerprints.len + OV_FUSE_HEADER == size);
    for (uint64_t i = 0; i < 1000; i++)
        n += ov_fuse_has(&f, i * 0x9e3779b97f4a7c15);
    FUZZ_CHECK(f.count > 0 || n == 0);
    return 0;
}
