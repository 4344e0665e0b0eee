/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav_tar.h"

/* POSIX.1-2017, pax, "ustar Interchange Format": a header block of 512 bytes
 * for each member, its bytes, and zeros up to the next block; a zero block ends
 * the archive. */

#define BLOCK 512
#define NAME_LEN 100
#define SIZE_AT 124
#define SIZE_LEN 12
#define SUM_AT 148
#define SUM_LEN 8
#define TYPE_AT 156
#define MAX_MEMBERS 4096

/* Octal digits, then blanks or zeros. */
static bool read_octal(struct ov_span field, uint64_t *ret)
{
    uint64_t value = 0;
    size_t n = 0;

    while (ov_span_byte(field, n) == ' ')
        n++;
    for (int c; (c = ov_span_byte(field, n)) >= '0' && c <= '7'; n++)
        value = value << 3 | (uint64_t)(c - '0');
    for (; n < field.len; n++)
        if (ov_span_byte(field, n) > 0 && ov_span_byte(field, n) != ' ')
            return false;
    *ret = value;
    return true;
}

static bool is_sum_right(struct ov_span block)
{
    uint64_t wanted;
    uint64_t sum = 0;

    for (size_t i = 0; i < BLOCK; i++) {
        bool is_field = i >= SUM_AT && i < SUM_AT + SUM_LEN;

        sum += is_field ? ' ' : (uint64_t)ov_span_byte(block, i);
    }
    return read_octal(ov_span_clip(block, SUM_AT, SUM_LEN), &wanted) &&
           wanted == sum;
}

static bool is_zero(struct ov_span block)
{
    for (size_t i = 0; i < block.len; i++)
        if (ov_span_byte(block, i) != 0)
            return false;
    return true;
}

static enum ov_status read_header(struct ov_span block,
                                  struct ov_clamav_member *ret,
                                  uint64_t *ret_size, struct ov_diag *diag)
{
    int type = ov_span_byte(block, TYPE_AT);
    struct ov_span rest = ov_span_clip(block, 0, NAME_LEN);
    struct ov_span name;

    if (!is_sum_right(block) ||
        !read_octal(ov_span_clip(block, SIZE_AT, SIZE_LEN), ret_size))
        return ov_diag_set(diag, OV_MALFORMED, 0,
                           "the container's archive is damaged");
    (void)ov_span_cut(&rest, 0, &name);
    if ((type != '0' && type != 0) || name.len == 0 ||
        ov_span_find_byte(name, '/', 0) != SIZE_MAX)
        return ov_diag_set(diag, OV_MALFORMED, 0,
                           "the container holds something else than files");
    ret->name = name;
    return OV_OK;
}

enum ov_status ov_clam_tar(struct ov_span tar, struct ov_arena *arena,
                           const struct ov_clamav_member **ret, size_t *ret_n,
                           struct ov_diag *diag)
{
    struct ov_clamav_member *members =
        ov_arena_array(arena, MAX_MEMBERS, sizeof(*members));
    struct ov_span block;
    uint64_t at = 0;
    size_t n = 0;

    if (members == NULL)
        return OV_NO_MEMORY;
    while (ov_span_sub(tar, at, BLOCK, &block) && !is_zero(block)) {
        uint64_t size = 0;

        if (n == MAX_MEMBERS)
            return ov_diag_set(diag, OV_LIMIT_COUNT, 0,
                               "the container holds too many files");
        OV_TRY(read_header(block, &members[n], &size, diag));
        at += BLOCK;
        if (!ov_span_sub(tar, at, size, &members[n].text))
            return ov_diag_set(diag, OV_TRUNCATED, 0,
                               "the container is cut off");
        at += (size + BLOCK - 1) / BLOCK * BLOCK;
        n++;
    }
    *ret = members;
    *ret_n = n;
    return OV_OK;
}
