/* SPDX-License-Identifier: Apache-2.0
 *
 * Films; test_archive has the other kinds of streams. */
#include <lzma.h>
#include <zlib.h>

#include "unpack_help.h"

static const uint8_t body[] = "the film's frames and tags";

static void put_head(struct ov_buf *film, const char *kind)
{
    ov_put_str(film, kind);
    ov_put_u8(film, 13);
    ov_put_u32(film, 8 + sizeof(body));
}

static void expect_film(struct ov_buf *film)
{
    struct ov_opened o;

    assert_int_equal(opened(&o, OV_TYPE_SWF, ov_buf_span(film)), OV_OK);
    take_member(&o);
    assert_int_equal(o.read_status, OV_OK);
    assert_int_equal(o.bytes.len, 8 + sizeof(body));
    assert_memory_equal(o.bytes.ptr, "FWS\x0d", 4);
    assert_memory_equal(o.bytes.ptr + 8, body, sizeof(body));
    expect_end(&o);
    closed(&o);
    ov_buf_done(film);
}

static void a_film_of_zlib_becomes_a_plain_one(void **state)
{
    struct ov_buf film = ov_buf_with_max(4096);
    uint8_t packed[256];
    uLongf len = sizeof(packed);

    (void)state;
    assert_int_equal(compress(packed, &len, body, sizeof(body)), Z_OK);
    put_head(&film, "CWS");
    ov_put_span(&film, ov_span_of(packed, len));
    expect_film(&film);
}

static void a_film_of_lzma_becomes_a_plain_one(void **state)
{
    struct ov_buf film = ov_buf_with_max(4096);
    lzma_stream lz = LZMA_STREAM_INIT;
    lzma_options_lzma options;
    uint8_t packed[512];

    (void)state;
    assert_false(lzma_lzma_preset(&options, 0));
    assert_int_equal(lzma_alone_encoder(&lz, &options), LZMA_OK);
    lz.next_in = body;
    lz.avail_in = sizeof(body);
    lz.next_out = packed;
    lz.avail_out = sizeof(packed);
    assert_int_equal(lzma_code(&lz, LZMA_FINISH), LZMA_STREAM_END);
    put_head(&film, "ZWS");
    ov_put_u32(&film, (uint32_t)lz.total_out - 13);
    ov_put_span(&film, ov_span_of(packed, 5));
    ov_put_span(&film, ov_span_of(packed + 13, lz.total_out - 13));
    lzma_end(&lz);
    expect_film(&film);
}

static void a_plain_film_has_no_member(void **state)
{
    struct ov_buf film = ov_buf_with_max(4096);
    struct ov_opened o;

    (void)state;
    put_head(&film, "FWS");
    assert_int_equal(opened(&o, OV_TYPE_SWF, ov_buf_span(&film)), OV_OK);
    expect_end(&o);
    closed(&o);
    ov_buf_done(&film);
}

OV_TEST_MAIN(OV_TEST(a_film_of_zlib_becomes_a_plain_one),
             OV_TEST(a_film_of_lzma_becomes_a_plain_one),
             OV_TEST(a_plain_film_has_no_member))
