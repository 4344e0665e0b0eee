/* SPDX-License-Identifier: Apache-2.0 */
#include "host/outbound.h"
#include "json/json.h"
#include "test.h"

static const uint8_t zero[OV_DIGEST_MAX];

static struct outbound_line a_request(uint64_t seq)
{
    struct outbound_line l;

    outbound_begin(&l, OUTBOUND_REQUEST);
    l.seq = seq;
    l.time = 1795000000;
    l.process = OV_SPAN_LIT("overt \"update\"\n");
    l.pid = 7;
    l.purpose = OV_SPAN_LIT("bucket");
    l.to = OV_SPAN_LIT("https://h");
    l.path = OV_SPAN_LIT("/v1/x?y");
    l.range = OV_SPAN_LIT("0-9");
    l.max = 0;
    l.words = OV_SPAN_LIT("of a result only");
    return l;
}

static void a_line_is_read_as_it_was_written(void **state)
{
    OV_AUTO(arena) arena = ov_arena_new(OV_JSON_ARENA(OUTBOUND_MAX_LINE));
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OUTBOUND_MAX_LINE);
    const struct outbound_line l = a_request(3);
    struct outbound_line back;
    uint8_t prev[OV_DIGEST_MAX];

    (void)state;
    memset(prev, 0xab, sizeof(prev));
    outbound_put(&text, &l, prev);
    memset(prev, 0, sizeof(prev));
    assert_int_equal(text.ptr[text.len - 1], '\n');
    assert_int_equal(
        outbound_read(arena, ov_span_clip(ov_buf_span(&text), 0, text.len - 1),
                      &back, prev),
        OV_OK);
    assert_int_equal(back.kind, OUTBOUND_REQUEST);
    assert_int_equal(back.seq, 3);
    assert_int_equal(back.time, l.time);
    assert_true(ov_span_equal(back.process, l.process));
    assert_true(ov_span_equal(back.path, l.path));
    assert_true(ov_span_equal(back.range, l.range));
    assert_int_equal(back.max, 0);
    assert_true(back.uid == OUTBOUND_NONE);
    assert_int_equal(back.words.len, 0);
    assert_int_equal(prev[31], 0xab);
}

static void a_kind_of_later_versions_keeps_the_chain(void **state)
{
    static const char line[] =
        "{\"seq\":5,\"time\":9,\"kind\":\"wonder\",\"size\":{\"x\":[]},"
        "\"prev\":\"00000000000000000000000000000000"
        "00000000000000000000000000000000\"}";
    OV_AUTO(arena) arena = ov_arena_new(OV_JSON_ARENA(OUTBOUND_MAX_LINE));
    struct outbound_line l;
    uint8_t prev[OV_DIGEST_MAX];

    (void)state;
    assert_int_equal(outbound_read(arena, ov_span_str(line), &l, prev), OV_OK);
    assert_int_equal(l.kind, OUTBOUND_OTHER);
    assert_int_equal(l.seq, 5);
}

static void what_is_no_line_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "{\"seq\":1}",
        "{\"seq\":0,\"time\":9,\"kind\":\"note\",\"prev\":\"00\"}",
        "{\"seq\":1,\"time\":9,\"kind\":\"note\",\"prev\":\"00\"}"};
    OV_AUTO(arena) arena = ov_arena_new(OV_JSON_ARENA(OUTBOUND_MAX_LINE));
    struct outbound_line l;
    uint8_t prev[OV_DIGEST_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_not_equal(
            outbound_read(arena, ov_span_str(bad[i]), &l, prev), OV_OK);
}

/* Three lines, each behind the one before; `change` is flipped in one. */
static enum ov_status follow_three(size_t line, size_t byte, size_t left_out)
{
    OV_AUTO(arena) arena = ov_arena_new(OV_JSON_ARENA(OUTBOUND_MAX_LINE));
    struct outbound_chain chain = {.has_begun = false};
    enum ov_status worst = OV_OK;
    uint8_t prev[OV_DIGEST_MAX] = {0};

    for (size_t i = 0; i < 3; i++) {
        OV_AUTO_DONE(buf) text = ov_buf_with_max(OUTBOUND_MAX_LINE);
        struct outbound_line l = a_request(i + 1);
        struct ov_span s;
        enum ov_status status;

        outbound_put(&text, &l, prev);
        s = ov_span_clip(ov_buf_span(&text), 0, text.len - 1);
        assert_int_equal(ov_digest(OV_SHA256, s, prev), OV_OK);
        if (i == line)
            text.ptr[byte] ^= 1;
        if (i == left_out)
            continue;
        status = outbound_follow(&chain, arena, s, &l);
        if (status != OV_OK)
            worst = status;
    }
    return worst;
}

static void each_change_breaks_the_chain(void **state)
{
    (void)state;
    assert_int_equal(follow_three(9, 0, 9), OV_OK);
    for (size_t byte = 7; byte < 200; byte++)
        assert_int_not_equal(follow_three(1, byte, 9), OV_OK);
    assert_int_equal(follow_three(9, 0, 1), OV_BAD_DIGEST);
    /* What an owner put away from the start is no damage. */
    assert_int_equal(follow_three(9, 0, 0), OV_OK);
}

static void bytes_are_added_up(void **state)
{
    OV_AUTO(arena) arena = ov_arena_new(OV_JSON_ARENA(OUTBOUND_MAX_LINE));
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OUTBOUND_MAX_LINE);
    struct outbound_chain chain = {.has_begun = false};
    struct outbound_line l;

    (void)state;
    outbound_begin(&l, OUTBOUND_RESULT);
    l.seq = 1;
    l.up = 10;
    l.down = 20;
    outbound_put(&text, &l, zero);
    assert_int_equal(
        outbound_follow(&chain, arena,
                        ov_span_clip(ov_buf_span(&text), 0, text.len - 1), &l),
        OV_OK);
    assert_int_equal(chain.up, 10);
    assert_int_equal(chain.down, 20);
    assert_int_equal(chain.n_results, 1);
    assert_int_equal(chain.n_unknown, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_as_it_was_written),
        cmocka_unit_test(a_kind_of_later_versions_keeps_the_chain),
        cmocka_unit_test(what_is_no_line_is_refused),
        cmocka_unit_test(each_change_breaks_the_chain),
        cmocka_unit_test(bytes_are_added_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
