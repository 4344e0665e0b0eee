/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "reputation/shard_list.h"

/* A list of shards is written back as the same bytes; a list of families that
 * is right has a name for each number that it has at all. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OV_AUTO_DONE(buf) again = ov_buf_with_max(OV_SHARD_LIST_SIZE);
    struct ov_span bytes = ov_span_of(data, size);
    static struct ov_shard_list list;

    if (ov_shard_list_read(bytes, OV_FILTER_FUSE16, &list) == OV_OK) {
        ov_put_shard_list(&again, &list);
        FUZZ_CHECK(ov_span_equal(ov_buf_span(&again), bytes));
    }
    for (uint32_t i = 0; i < 10; i++) {
        struct ov_span name = ov_family_list_find(bytes, i);

        FUZZ_CHECK(ov_family_list_check(bytes) != OV_OK || name.len == 0 ||
                   ov_family_name_is_valid(name));
    }
    return 0;
}
