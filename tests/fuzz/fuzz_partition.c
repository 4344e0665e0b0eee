/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/partition.h"
#include "fuzz_members.h"

/* The first byte chooses the kind of table, what follows is the image. What
 * begins in the image is a partition, at most so many of them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const enum ov_type types[] = {OV_TYPE_MBR, OV_TYPE_GPT, OV_TYPE_APM};
    struct ov_budget budget = ov_budget_default();
    struct ov_span image;
    struct ov_partitions disk;
    enum ov_type type;

    if (len == 0)
        return 0;
    image = ov_span_of(data + 1, len - 1);
    type = types[data[0] % (sizeof(types) / sizeof(*types))];
    if (ov_partitions_read(image, type, &budget, &disk) == OV_OK) {
        FUZZ_CHECK(disk.n <= OV_PARTITIONS_MAX);
        for (size_t i = 0; i < disk.n; i++)
            FUZZ_CHECK(disk.parts[i].at < image.len);
    }
    fuzz_members(type, image);
    return 0;
}
