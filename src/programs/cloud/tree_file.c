/* SPDX-License-Identifier: Apache-2.0 */
#include "tree_file.h"

#include "base/text.h"

bool tree_path_parse(struct ov_span path, char ret_name[static TREE_PATH_MAX])
{
    int before = '/';

    if (path.len < 2 || path.len > TREE_PATH_MAX ||
        ov_span_byte(path, 0) != '/' || ov_span_byte(path, path.len - 1) == '/')
        return false;
    for (size_t i = 1; i < path.len; i++) {
        int c = ov_span_byte(path, i);

        if ((c == '.' || c == '/') && before == '/')
            return false;
        if (!ov_is_alnum((uint8_t)c) && c != '/' && c != '.' && c != '-')
            return false;
        before = c;
    }
    memcpy(ret_name, path.ptr + 1, path.len - 1);
    ret_name[path.len - 1] = '\0';
    return true;
}

/* "-LAST": that many bytes of the end. */
static enum tree_range last_bytes(struct ov_span text, uint64_t size,
                                  uint64_t *ret_from, uint64_t *ret_to)
{
    uint64_t n;

    if (!ov_parse_uint(text, UINT64_MAX, &n))
        return TREE_ALL;
    if (n == 0 || size == 0)
        return TREE_OUTSIDE;
    *ret_from = n < size ? size - n : 0;
    *ret_to = size - 1;
    return TREE_PART;
}

enum tree_range tree_range_parse(struct ov_span header, uint64_t size,
                                 uint64_t *ret_from, uint64_t *ret_to)
{
    struct ov_span unit;
    struct ov_span first;
    uint64_t from;
    uint64_t to = UINT64_MAX;

    if (!ov_span_cut(&header, '=', &unit) ||
        !ov_span_equal(unit, OV_SPAN_LIT("bytes")) ||
        !ov_span_cut(&header, '-', &first))
        return TREE_ALL;
    if (first.len == 0)
        return last_bytes(header, size, ret_from, ret_to);
    if (!ov_parse_uint(first, UINT64_MAX, &from) ||
        (header.len > 0 && !ov_parse_uint(header, UINT64_MAX, &to)) ||
        to < from)
        return TREE_ALL;
    if (from >= size)
        return TREE_OUTSIDE;
    *ret_from = from;
    *ret_to = to < size ? to : size - 1;
    return TREE_PART;
}

bool tree_is_immutable(const char *name)
{
    return !ov_span_ends(ov_span_str(name), OV_SPAN_LIT("head")) &&
           !ov_span_ends(ov_span_str(name), OV_SPAN_LIT("checkpoint")) &&
           !ov_span_starts(ov_span_str(name), OV_SPAN_LIT("intel/misp/")) &&
           !ov_span_starts(ov_span_str(name), OV_SPAN_LIT("v1/history/"));
}
