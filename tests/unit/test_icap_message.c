/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "programs/icap/icap_message.h"
#include "test.h"

static enum ov_status read_head(const char *text, struct icap_head *ret)
{
    return icap_read_head(ov_span_str(text), ret);
}

static void assert_text(struct ov_span s, const char *expected)
{
    assert_int_equal(s.len, strlen(expected));
    assert_memory_equal(s.ptr, expected, s.len);
}

static void a_response_is_read_with_its_parts(void **state)
{
    struct icap_head h;

    (void)state;
    assert_int_equal(
        read_head("RESPMOD icap://127.0.0.1:1344/scan?x=1 ICAP/1.0\r\n"
                  "Host: a\r\nAllow: 204, 206\r\nPreview: 1024\r\n"
                  "Connection: Close\r\n"
                  "Encapsulated: req-hdr=0, res-hdr=137, res-body=296\r\n\r\n",
                  &h),
        OV_OK);
    assert_int_equal(h.method, ICAP_RESPMOD);
    assert_text(h.service, "scan");
    assert_true(h.allows_204 && h.has_preview && h.closes && h.has_body);
    assert_int_equal(h.preview, 1024);
    assert_int_equal(h.request_len, 137);
    assert_int_equal(h.response_len, 159);
}

static void a_request_without_a_body_has_none(void **state)
{
    struct icap_head h;

    (void)state;
    assert_int_equal(read_head("REQMOD /scan ICAP/1.0\n"
                               "encapsulated: req-hdr=0, null-body=170\n\n",
                               &h),
                     OV_OK);
    assert_int_equal(h.method, ICAP_REQMOD);
    assert_false(h.has_body || h.allows_204 || h.has_preview || h.closes);
    assert_int_equal(h.request_len, 170);
    assert_int_equal(h.response_len, 0);
}

static void parts_out_of_order_are_malformed(void **state)
{
    static const char *const lists[] = {
        "req-hdr=10, null-body=20",
        "req-hdr=0, res-hdr=50, res-body=40",
        "req-hdr=0",
        "req-body=0, res-hdr=5",
        "some-hdr=0, null-body=1",
        "req-hdr=x, null-body=1",
        "req-hdr, null-body=1",
        "",
    };
    char text[256];
    struct icap_head h;

    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        (void)snprintf(text, sizeof(text),
                       "REQMOD /a ICAP/1.0\r\nEncapsulated: %s\r\n\r\n",
                       lists[i]);
        assert_int_equal(read_head(text, &h), OV_MALFORMED);
    }
    assert_int_equal(read_head("REQMOD /a ICAP/1.0\r\nEncapsulated: "
                               "req-hdr=0, null-body=200000\r\n\r\n",
                               &h),
                     OV_LIMIT_SIZE);
}

static void what_is_no_icap_is_told_apart(void **state)
{
    struct icap_head h;

    (void)state;
    assert_int_equal(read_head("GET / HTTP/1.1\r\n\r\n", &h), OV_UNSUPPORTED);
    assert_int_equal(read_head("OPTIONS\r\n\r\n", &h), OV_MALFORMED);
    assert_int_equal(read_head("RESPMOD /a ICAP/1.0\r\n\r\n", &h),
                     OV_MALFORMED);
    assert_int_equal(read_head("BREW /a ICAP/1.0\r\n\r\n", &h), OV_OK);
    assert_int_equal(h.method, ICAP_OTHER);
}

static void a_header_ends_with_an_empty_line(void **state)
{
    (void)state;
    assert_int_equal(icap_head_len(OV_SPAN_LIT("a\r\nb\r\n")), 0);
    assert_int_equal(icap_head_len(OV_SPAN_LIT("a\r\nb\r\n\r\nmore")), 8);
    assert_int_equal(icap_head_len(OV_SPAN_LIT("a\n\nmore")), 3);
}

/* The body of chunks that come in pieces of `step` bytes. */
static enum ov_status read_chunks(const char *text, size_t step,
                                  struct icap_chunks *c, struct ov_buf *body)
{
    struct ov_span all = ov_span_str(text);

    *c = (struct icap_chunks){0};
    for (size_t at = 0; at < all.len; at += step) {
        struct ov_span in = ov_span_clip(all, at, step);
        struct ov_span piece;

        while (in.len > 0 && c->state != ICAP_CHUNK_END) {
            OV_TRY(icap_chunks_take(c, &in, &piece));
            ov_put_span(body, piece);
        }
    }
    return ov_buf_status(body);
}

static void chunks_are_joined_however_they_come(void **state)
{
    static const char text[] = "4\r\nWiki\r\n5;name=value\r\npedia\r\n"
                               "E\r\n in\r\n\r\nchunks.\r\n0\r\n\r\n";
    struct icap_chunks c;

    (void)state;
    for (size_t step = 1; step < sizeof(text); step++) {
        OV_AUTO_DONE(buf) body = ov_buf_with_max(100);

        assert_int_equal(read_chunks(text, step, &c, &body), OV_OK);
        assert_int_equal(c.state, ICAP_CHUNK_END);
        assert_false(c.is_last);
        assert_text(ov_buf_span(&body), "Wikipedia in\r\n\r\nchunks.");
    }
}

static void a_preview_may_be_all(void **state)
{
    OV_AUTO_DONE(buf) body = ov_buf_with_max(100);
    struct icap_chunks c;

    (void)state;
    assert_int_equal(
        read_chunks("1\r\nx\r\n0; ieof\r\nTrailer: a\r\n\r\n", 3, &c, &body),
        OV_OK);
    assert_int_equal(c.state, ICAP_CHUNK_END);
    assert_true(c.is_last);
}

/* Longer than the room for one. */
#define LONG_LINE                                                              \
    "1;"                                                                       \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"

static void bad_chunks_are_malformed(void **state)
{
    static const char *const texts[] = {
        "\r\n",        "x\r\n",   "-1\r\n", "fffffffffffffffff\r\n",
        "1\r\nab\r\n", LONG_LINE,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        OV_AUTO_DONE(buf) body = ov_buf_with_max(100);
        struct icap_chunks c;

        assert_int_equal(read_chunks(texts[i], 2, &c, &body), OV_MALFORMED);
    }
}

OV_TEST_MAIN(OV_TEST(a_response_is_read_with_its_parts),
             OV_TEST(a_request_without_a_body_has_none),
             OV_TEST(parts_out_of_order_are_malformed),
             OV_TEST(what_is_no_icap_is_told_apart),
             OV_TEST(a_header_ends_with_an_empty_line),
             OV_TEST(chunks_are_joined_however_they_come),
             OV_TEST(a_preview_may_be_all), OV_TEST(bad_chunks_are_malformed))
