/* SPDX-License-Identifier: Apache-2.0 */
#include "host/path_pattern.h"

static bool is_part_byte(int byte)
{
    return byte == '-' || (byte >= 0 && ov_is_alnum((uint8_t)byte));
}

bool path_matches(const char *pattern, struct ov_span path,
                  struct ov_span *ret_part)
{
    struct ov_span p = ov_span_str(pattern);
    size_t star = ov_span_find_byte(p, '*', 0);
    size_t len = 0;

    *ret_part = ov_span_of(NULL, 0);
    if (star == SIZE_MAX)
        return ov_span_equal(p, path);
    if (!ov_span_starts(path, ov_span_clip(p, 0, star)))
        return false;
    while (is_part_byte(ov_span_byte(path, star + len)))
        len++;
    *ret_part = ov_span_clip(path, star, len);
    return len > 0 && len <= PATH_PART_MAX &&
           ov_span_equal(ov_span_clip(path, star + len, path.len),
                         ov_span_clip(p, star + 1, p.len));
}
