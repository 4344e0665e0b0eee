/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "json/canonical.h"
#include "json/json.h"

/* Any bytes are parsed or refused. What is taken has one canonical form, and
 * that form, where it is JSON at all, means the same. */
#define MAX_INPUT 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    OV_AUTO(arena) a = ov_arena_new(5 * OV_JSON_ARENA(MAX_INPUT));
    OV_AUTO_DONE(buf) first = ov_buf_with_max(4 * MAX_INPUT);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(4 * MAX_INPUT);
    const struct ov_json *v = NULL;
    const struct ov_json *any = NULL;
    enum ov_status status =
        ov_json_parse(a, ov_span_of(data, len), MAX_INPUT, &v);

    FUZZ_CHECK(status != OV_NO_MEMORY);
    FUZZ_CHECK(ov_json_parse_any(a, ov_span_of(data, len), MAX_INPUT, &any) ==
                   OV_OK ||
               status != OV_OK);
    if (status != OV_OK)
        return 0;
    ov_put_canonical(&first, v);
    FUZZ_CHECK(ov_buf_status(&first) == OV_OK);
    /* Control characters in strings stay as they are. */
    if (ov_json_parse(a, ov_buf_span(&first), 4 * MAX_INPUT, &v) != OV_OK)
        return 0;
    ov_put_canonical(&again, v);
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&first), ov_buf_span(&again)));
    return 0;
}
