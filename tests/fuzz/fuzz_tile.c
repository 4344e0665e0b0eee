/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "fuzz.h"
#include "log/tile.h"

/* A path that is accepted is the one that would be written; a bundle is read to
 * its end or refused. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span all = ov_span_of(data, len);
    struct ov_reader r = ov_reader_over(all);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(len + OV_TILE_PATH_MAX);
    struct ov_tile t = {0};
    size_t used = 0;

    if (ov_tile_path_parse(all, &t) == OV_OK) {
        FUZZ_CHECK(t.width >= 1 && t.width <= OV_TILE_WIDTH);
        FUZZ_CHECK(t.level <= OV_TILE_MAX_LEVEL);
        ov_put_tile_path(&again, &t);
        FUZZ_CHECK(ov_span_equal(ov_buf_span(&again), all));
        ov_buf_clear(&again);
    }
    while (ov_reader_more(&r)) {
        struct ov_span entry = ov_bundle_read(&r);

        if (ov_reader_status(&r) != OV_OK)
            break;
        used += entry.len + 2;
        ov_put_bundle_entry(&again, entry);
    }
    FUZZ_CHECK(ov_buf_status(&again) == OV_OK);
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&again), ov_span_clip(all, 0, used)));
    return 0;
}
