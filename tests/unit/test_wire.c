/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/wire.h"
#include "sys/wire_sample.h"
#include "test.h"

static struct ov_wire_detection make_detection(void)
{
    struct ov_wire_detection d = {
        .rule = OV_SPAN_LIT("Some.Rule"),
        .source = OV_SPAN_LIT("some.ndb"),
        .line = 12,
        .flags = 3,
        .kind = OV_SPAN_LIT("body"),
        .type = OV_SPAN_LIT("pe"),
        .object_len = UINT64_MAX,
        .n_evidence = 1,
    };

    d.path.names[0] = OV_SPAN_LIT("a.zip");
    d.path.names[1] = OV_SPAN_LIT("");
    d.path.n = 2;
    d.evidence[0] = (struct ov_wire_evidence){1,
                                              2,
                                              3,
                                              OV_SPAN_LIT("\x00\xff"),
                                              OV_SPAN_LIT("raw"),
                                              OV_SPAN_LIT("$a")};
    d.notes[0] =
        (struct ov_rule_note){OV_SPAN_LIT("author"), d.rule, OV_NOTE_TEXT};
    d.n_notes = 1;
    return d;
}

static void a_detection_comes_back_as_it_was(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);
    struct ov_wire_detection d = make_detection();
    static struct ov_wire_detection got; /* large */

    (void)state;
    ov_wire_put_detection(&b, &d);
    assert_int_equal(ov_wire_read_detection(ov_buf_span(&b), &got), OV_OK);
    assert_true(ov_span_equal(got.rule, d.rule));
    assert_true(ov_span_equal(got.source, d.source));
    assert_int_equal(got.line, 12);
    assert_int_equal(got.flags, 3);
    assert_true(ov_span_equal(got.type, d.type));
    assert_true(got.object_len == UINT64_MAX);
    assert_int_equal(got.path.n, 2);
    assert_true(ov_span_equal(got.path.names[0], d.path.names[0]));
    assert_int_equal(got.n_evidence, 1);
    assert_int_equal(got.evidence[0].len, 3);
    assert_true(ov_span_equal(got.evidence[0].bytes, d.evidence[0].bytes));
    assert_true(ov_span_equal(got.evidence[0].name, d.evidence[0].name));
    assert_int_equal(got.n_notes, 1);
    assert_true(ov_span_equal(got.notes[0].key, d.notes[0].key));
    assert_true(ov_span_equal(got.notes[0].value, d.notes[0].value));
    ov_buf_done(&b);
}

static void every_cut_of_a_detection_is_refused(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);
    struct ov_wire_detection d = make_detection();
    static struct ov_wire_detection got; /* large */

    (void)state;
    ov_wire_put_detection(&b, &d);
    for (size_t len = 0; len < b.len; len++)
        assert_int_not_equal(
            ov_wire_read_detection(ov_span_of(b.ptr, len), &got), OV_OK);
    ov_put_u8(&b, 0);
    assert_int_not_equal(ov_wire_read_detection(ov_buf_span(&b), &got), OV_OK);
    ov_buf_done(&b);
}

static void the_largest_detection_fits_a_message(void **state)
{
    static uint8_t long_text[OV_MSG_MAX_BODY];
    struct ov_span text = ov_span_of(long_text, sizeof(long_text));
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);
    struct ov_wire_detection d = make_detection();
    struct ov_message m;

    (void)state;
    d.rule = d.source = d.kind = d.type = text;
    d.line = d.flags = UINT32_MAX;
    d.path.n = OV_WIRE_MAX_PATH;
    for (size_t i = 0; i < d.path.n; i++)
        d.path.names[i] = text;
    d.n_evidence = OV_WIRE_MAX_EVIDENCE;
    for (size_t i = 0; i < d.n_evidence; i++)
        d.evidence[i] = (struct ov_wire_evidence){
            UINT32_MAX, UINT64_MAX, UINT64_MAX, text, text, text};
    d.n_notes = OV_WIRE_MAX_NOTES;
    for (size_t i = 0; i < d.n_notes; i++)
        d.notes[i] = (struct ov_rule_note){text, text, OV_NOTE_TEXT};
    ov_msg_begin(&b, OV_MSG_DETECTION, 1);
    ov_wire_put_detection(&b, &d);
    assert_int_equal(ov_msg_end(&b), OV_OK);
    assert_int_equal(
        ov_msg_decode(ov_buf_span(&b), false, OV_FROM_WORKER, OV_PEER_OPEN, &m),
        OV_OK);
    assert_int_equal(ov_wire_read_detection(m.body, &d), OV_OK);
    ov_buf_done(&b);
}

static void matches_come_back_to_the_last_one(void **state)
{
    static uint8_t long_text[2 * OV_MATCH_BYTES_MAX];
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);
    const struct ov_string_match most = {
        .name = ov_span_of(long_text, sizeof(long_text)),
        .is_hex = true,
        .at = UINT64_MAX,
        .len = UINT64_MAX,
        .bytes = ov_span_of(long_text, sizeof(long_text))};
    const struct ov_string_match least = {.name = OV_SPAN_LIT("$")};
    struct ov_string_match got;
    struct ov_reader r;

    (void)state;
    ov_wire_put_match(&b, &most);
    assert_true(b.len <= OV_WIRE_MATCH_MAX);
    ov_wire_put_match(&b, &least);
    r = ov_reader_over(ov_buf_span(&b));
    assert_true(ov_wire_read_match(&r, &got));
    assert_true(got.is_hex && got.at == UINT64_MAX);
    assert_int_equal(got.bytes.len, OV_MATCH_BYTES_MAX);
    assert_true(ov_wire_read_match(&r, &got));
    assert_true(ov_span_equal(got.name, least.name) && !got.is_hex);
    assert_false(ov_wire_read_match(&r, &got));
    assert_int_equal(ov_reader_status(&r), OV_OK);
    r = ov_reader_over(ov_span_of(b.ptr, b.len - 1));
    while (ov_wire_read_match(&r, &got))
        ;
    assert_int_not_equal(ov_reader_status(&r), OV_OK);
    ov_buf_done(&b);
}

static void costs_come_back_to_the_last_one(void **state)
{
    static uint8_t long_text[2 * OV_WIRE_COST_MAX];
    struct ov_span text = ov_span_of(long_text, sizeof(long_text));
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);
    const struct ov_rule_cost most = {text,       text,       UINT32_MAX,
                                      UINT64_MAX, UINT64_MAX, UINT64_MAX};
    const struct ov_rule_cost least = {.rule = OV_SPAN_LIT("a"), .steps = 7};
    struct ov_rule_cost got;
    struct ov_reader r;

    (void)state;
    ov_wire_put_cost(&b, &most);
    assert_true(b.len <= OV_WIRE_COST_MAX);
    ov_wire_put_cost(&b, &least);
    r = ov_reader_over(ov_buf_span(&b));
    assert_true(ov_wire_read_cost(&r, &got));
    assert_true(got.line == UINT32_MAX && got.steps == UINT64_MAX);
    assert_true(ov_wire_read_cost(&r, &got));
    assert_true(ov_span_equal(got.rule, least.rule) && got.steps == 7);
    assert_false(ov_wire_read_cost(&r, &got));
    assert_int_equal(ov_reader_status(&r), OV_OK);
    r = ov_reader_over(ov_span_of(b.ptr, b.len - 1));
    while (ov_wire_read_cost(&r, &got))
        ;
    assert_int_not_equal(ov_reader_status(&r), OV_OK);
    ov_buf_done(&b);
}

static void options_come_back_as_they_were(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);
    struct ov_wire_open o = {.image_len = 1,
                             .flags = 2,
                             .max_depth = 3,
                             .max_object = 4,
                             .skip_types = {5, 6},
                             .defines = OV_SPAN_LIT("a=1\0")};
    struct ov_wire_open got;

    (void)state;
    for (size_t i = 0; i < OV_N_COST; i++)
        o.limits[i] = 100 + i;
    for (size_t i = 0; i < OV_N_BOUNDS; i++)
        o.bounds[i] = 200 + i;
    o.alerts = 7;
    o.unwanted_len = 3;
    memcpy(o.unwanted, ".A.", 3);
    ov_wire_put_open(&b, &o);
    assert_int_equal(ov_wire_read_open(ov_buf_span(&b), &got), OV_OK);
    assert_true(ov_span_equal(got.defines, o.defines));
    got.defines = o.defines;
    assert_memory_equal(&got, &o, sizeof(o));
    ov_buf_done(&b);
}

static void sources_come_back_with_what_they_include(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);
    const struct ov_wire_source source = {7, OV_SPAN_LIT("a.yar"),
                                          OV_SPAN_LIT("space")};
    const struct ov_wire_include include = {3, OV_SPAN_LIT("../b.yar")};
    const struct ov_wire_compile compile = {.n_threads = 2,
                                            .defines = OV_SPAN_LIT("a=1\0")};
    struct ov_wire_source got;
    struct ov_wire_include got_include;
    struct ov_wire_compile got_compile;

    (void)state;
    ov_wire_put_source(&b, &source);
    assert_int_equal(ov_wire_read_source(ov_buf_span(&b), &got), OV_OK);
    assert_true(ov_span_equal(got.name, source.name));
    assert_true(ov_span_equal(got.space, source.space));
    ov_buf_clear(&b);
    ov_wire_put_include(&b, &include);
    assert_int_equal(ov_wire_read_include(ov_buf_span(&b), &got_include),
                     OV_OK);
    assert_int_equal(got_include.file, 3);
    assert_true(ov_span_equal(got_include.path, include.path));
    ov_buf_clear(&b);
    ov_wire_put_compile(&b, &compile);
    assert_int_equal(ov_wire_read_compile(ov_buf_span(&b), &got_compile),
                     OV_OK);
    assert_true(ov_span_equal(got_compile.defines, compile.defines));
    ov_buf_done(&b);
}

static void what_is_said_of_a_sample_comes_back(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);
    const struct ov_wire_sample_facts facts = {3, true, OV_SPAN_LIT("elf")};
    struct ov_wire_sample_facts got;

    (void)state;
    ov_wire_put_sample_facts(&b, &facts);
    assert_int_equal(ov_wire_read_sample_facts(ov_buf_span(&b), &got), OV_OK);
    assert_int_equal(got.class, 3);
    assert_true(got.has_marker);
    assert_true(ov_span_equal(got.type, facts.type));
    for (size_t len = 0; len < b.len; len++)
        assert_int_not_equal(
            ov_wire_read_sample_facts(ov_span_of(b.ptr, len), &got), OV_OK);
    ov_buf_done(&b);
}

OV_TEST_MAIN(OV_TEST(sources_come_back_with_what_they_include),
             OV_TEST(what_is_said_of_a_sample_comes_back),
             OV_TEST(a_detection_comes_back_as_it_was),
             OV_TEST(every_cut_of_a_detection_is_refused),
             OV_TEST(the_largest_detection_fits_a_message),
             OV_TEST(matches_come_back_to_the_last_one),
             OV_TEST(costs_come_back_to_the_last_one),
             OV_TEST(options_come_back_as_they_were))
