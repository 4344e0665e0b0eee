/* SPDX-License-Identifier: Apache-2.0 */
#include "programs/overtd/clamd_parse.h"
#include "test.h"

static struct clamd_line whole(const char *text, size_t len)
{
    struct clamd_line line = {.command = CLAMD_UNKNOWN};

    assert_int_equal(clamd_parse(ov_span_of(text, len), &line), CLAMD_WHOLE);
    return line;
}

#define WHOLE(text) whole(text, sizeof(text) - 1)

static void three_framings_are_read(void **state)
{
    struct clamd_line line = WHOLE("zPING\0nPING\n");

    (void)state;
    assert_int_equal(line.command, CLAMD_PING);
    assert_int_equal(line.end, 0);
    assert_int_equal(line.len, 6);
    assert_false(line.is_old);
    line = WHOLE("nPING\nx");
    assert_int_equal(line.command, CLAMD_PING);
    assert_int_equal(line.end, '\n');
    assert_int_equal(line.len, 6);
    line = WHOLE("PING\n");
    assert_int_equal(line.command, CLAMD_PING);
    assert_true(line.is_old);
    line = WHOLE("nPING\r\r\n");
    assert_int_equal(line.command, CLAMD_PING);
    line = WHOLE("PING\0x");
    assert_int_equal(line.command, CLAMD_PING);
    assert_int_equal(line.len, 5);
}

static void an_argument_is_all_behind_one_byte(void **state)
{
    struct clamd_line line = WHOLE("nSCAN /a b \r\n");

    (void)state;
    assert_int_equal(line.command, CLAMD_SCAN);
    assert_true(ov_span_equal(line.argument, OV_SPAN_LIT("/a b ")));
    line = WHOLE("zCONTSCAN /a\nb\r\0");
    assert_int_equal(line.command, CLAMD_CONTSCAN);
    assert_true(ov_span_equal(line.argument, OV_SPAN_LIT("/a\nb\r")));
    line = WHOLE("nSCAN/tmp\n");
    assert_true(ov_span_equal(line.argument, OV_SPAN_LIT("tmp")));
    line = WHOLE("nSCAN \n");
    assert_int_equal(line.command, CLAMD_SCAN);
    assert_int_equal(line.argument.len, 0);
    line = WHOLE("nSCAN /a\0b\n");
    assert_true(ov_span_equal(line.argument, OV_SPAN_LIT("/a")));
}

static void what_is_no_command_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(WHOLE("nSCAN\n").command, CLAMD_UNKNOWN);
    assert_int_equal(WHOLE("nPING x\n").command, CLAMD_UNKNOWN);
    assert_int_equal(WHOLE("nping\n").command, CLAMD_UNKNOWN);
    assert_int_equal(WHOLE("n\n").command, CLAMD_UNKNOWN);
    assert_int_equal(WHOLE("\n").command, CLAMD_UNKNOWN);
    assert_int_equal(WHOLE("z\0").command, CLAMD_UNKNOWN);
    assert_int_equal(WHOLE("STATS\n").command, CLAMD_UNKNOWN);
    assert_int_equal(WHOLE("nSTATS\n").command, CLAMD_STATS);
    assert_int_equal(WHOLE("nVERSIONCOMMANDS\n").command,
                     CLAMD_VERSIONCOMMANDS);
    assert_int_equal(WHOLE("nVERSION\n").command, CLAMD_VERSION);
    assert_int_equal(WHOLE("nSTREAM\n").command, CLAMD_UNKNOWN);
}

static void what_is_not_whole_is_waited_for(void **state)
{
    static uint8_t longest[CLAMD_MAX_COMMAND + 2];
    struct clamd_line line;

    (void)state;
    assert_int_equal(clamd_parse(OV_SPAN_LIT(""), &line), CLAMD_MORE);
    assert_int_equal(clamd_parse(OV_SPAN_LIT("nPING"), &line), CLAMD_MORE);
    assert_int_equal(clamd_parse(OV_SPAN_LIT("zPING\n"), &line), CLAMD_MORE);
    assert_int_equal(clamd_parse(OV_SPAN_LIT("PING"), &line), CLAMD_MAYBE);
    assert_int_equal(line.command, CLAMD_PING);
    assert_int_equal(clamd_parse(OV_SPAN_LIT("PIN"), &line), CLAMD_MAYBE);
    assert_int_equal(line.command, CLAMD_UNKNOWN);
    memset(longest, 'n', sizeof(longest));
    assert_int_equal(clamd_parse(ov_span_of(longest, CLAMD_MAX_COMMAND), &line),
                     CLAMD_MORE);
    assert_int_equal(clamd_parse(ov_span_of(longest, sizeof(longest)), &line),
                     CLAMD_LONG);
    memset(longest, 'x', sizeof(longest));
    assert_int_equal(clamd_parse(ov_span_of(longest, sizeof(longest)), &line),
                     CLAMD_LONG);
}

OV_TEST_MAIN(OV_TEST(three_framings_are_read),
             OV_TEST(an_argument_is_all_behind_one_byte),
             OV_TEST(what_is_no_command_is_unknown),
             OV_TEST(what_is_not_whole_is_waited_for))
