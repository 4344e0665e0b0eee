/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "fuzz.h"

/* The first half of the input is a program of read operations, the second half
 * is what they read. Whatever they do, the reader stays inside, keeps its
 * first failure and moves nothing after it. */
static void step(struct ov_reader *r, uint8_t op, uint64_t arg)
{
    struct ov_span part = {NULL, 0};

    switch (op % 12) {
    case 0:
        (void)ov_read_u8(r);
        break;
    case 1:
        (void)ov_read_u16le(r);
        break;
    case 2:
        (void)ov_read_u32be(r);
        break;
    case 3:
        (void)ov_read_u64le(r);
        break;
    case 4:
        (void)ov_read_varint(r);
        break;
    case 5:
        part = ov_read_block(r);
        break;
    case 6:
        part = ov_read_span(r, arg);
        break;
    case 7:
        ov_reader_skip(r, arg);
        break;
    case 8:
        ov_reader_seek(r, arg);
        break;
    case 9:
        part = ov_reader_rest(r);
        break;
    case 10:
        ov_reader_require(r, arg != 17, OV_UNSUPPORTED);
        break;
    default:
        ov_reader_skip(r, UINT64_MAX - arg);
        break;
    }
    for (size_t i = 0; i < part.len; i++)
        FUZZ_CHECK(part.ptr + i >= r->all.ptr &&
                   part.ptr + i < r->all.ptr + r->all.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span all = ov_span_of(data, len);
    struct ov_reader ops = ov_reader_over(ov_span_clip(all, 0, len / 2));
    struct ov_reader r = ov_reader_over(ov_span_clip(all, len / 2, len));

    while (ov_reader_more(&ops)) {
        struct ov_reader before = r;
        uint8_t op = ov_read_u8(&ops);

        step(&r, op, ov_read_u8(&ops));
        FUZZ_CHECK(r.at <= r.all.len);
        if (before.status != OV_OK)
            FUZZ_CHECK(r.status == before.status && r.at == before.at);
        if (r.status != OV_OK && before.status == OV_OK)
            FUZZ_CHECK(r.at == before.at);
    }
    return 0;
}
