/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/shard_list.h"

#include "base/text.h"

/*
 * Two lists that go with a snapshot (docs/protocol-reputation.md, "Filters" and
 * "Families"):
 *
 *     0 4  "OVL1"                  1 Eicar-Test
 *     4 1  number of the filter    2 Win.Trojan.Agent
 *     5 3  zeros                   ...
 *     8 36n  length, SHA-256
 */

#define MAGIC 0x4f564c31U /* "OVL1" */

void ov_put_shard_list(struct ov_buf *b, const struct ov_shard_list *l)
{
    ov_put_u32be(b, MAGIC);
    ov_put_u8(b, (uint8_t)l->filter);
    ov_put_u24be(b, 0);
    for (size_t i = 0; i < OV_SHARDS; i++) {
        ov_put_u32be(b, l->shards[i].len);
        ov_put_span(b, ov_span_of(l->shards[i].digest, 32));
    }
}

enum ov_status ov_shard_list_read(struct ov_span bytes, enum ov_filter filter,
                                  struct ov_shard_list *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    uint8_t number;

    ov_reader_require(&r, ov_read_u32be(&r) == MAGIC, OV_MALFORMED);
    number = ov_read_u8(&r);
    ov_reader_require(&r, ov_read_u24be(&r) == 0, OV_MALFORMED);
    ov_reader_require(&r, bytes.len >= OV_SHARD_LIST_SIZE, OV_TRUNCATED);
    ov_reader_require(&r, bytes.len == OV_SHARD_LIST_SIZE, OV_MALFORMED);
    OV_TRY(ov_reader_status(&r));
    if (number != (uint8_t)filter)
        return OV_MISMATCH;
    ret->filter = filter;
    for (size_t i = 0; i < OV_SHARDS; i++) {
        ret->shards[i].len = ov_read_u32be(&r);
        memcpy(ret->shards[i].digest, ov_read_span(&r, 32).ptr, 32);
    }
    return ov_reader_end(&r);
}

uint64_t ov_shard_list_bytes(const struct ov_shard_list *l)
{
    uint64_t n = 0;

    for (size_t i = 0; i < OV_SHARDS; i++)
        n += l->shards[i].len;
    return n;
}

/* The next line of *list; false unless it is "NUMBER NAME" and complete. */
static bool next_family(struct ov_span *list, uint64_t *ret_number,
                        struct ov_span *ret_name)
{
    struct ov_span line;
    struct ov_span word;

    if (!ov_span_cut(list, '\n', &line) || !ov_span_cut(&line, ' ', &word) ||
        ov_span_byte(word, 0) == '0' ||
        !ov_parse_uint(word, OV_FAMILY_MAX, ret_number))
        return false;
    *ret_name = line;
    return true;
}

struct ov_span ov_family_list_find(struct ov_span list, uint32_t number)
{
    uint64_t at;
    struct ov_span name;

    while (list.len > 0 && next_family(&list, &at, &name)) {
        if (at == number)
            return name;
    }
    return (struct ov_span){NULL, 0};
}

enum ov_status ov_family_list_check(struct ov_span list)
{
    uint64_t last = 0;

    while (list.len > 0) {
        uint64_t at;
        struct ov_span name;

        if (!next_family(&list, &at, &name) || at <= last ||
            !ov_family_name_is_valid(name))
            return OV_MALFORMED;
        last = at;
    }
    return OV_OK;
}
