/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "host/event.h"
#include "test.h"

/* The catalogue, and how each format takes what an attacker may call a file. */

static const struct event_teller teller = {"overtd", "1.2|3", "host=one", 77};

static struct ov_buf text;

static const char *finish(void)
{
    ov_put_u8(&text, 0);
    assert_int_equal(ov_buf_status(&text), OV_OK);
    return (const char *)text.ptr;
}

static void begin(void)
{
    ov_buf_done(&text);
    text = ov_buf_with_max(65536);
}

static struct event found(const char *path)
{
    struct event e = event_of(EVENT_ID_DETECTION);

    e.time_ms = 1795435200123;
    event_text(&e, EVENT_PATH, path);
    event_text(&e, EVENT_RULE, "Eicar");
    event_number(&e, EVENT_SIZE, 68);
    return e;
}

static const char *sentence(const struct event *e)
{
    begin();
    event_put_sentence(&text, e);
    return finish();
}

static const char *cef(const struct event *e)
{
    begin();
    event_put_cef(&text, &teller, e);
    return finish();
}

static const char *json(const struct event *e)
{
    begin();
    event_put_json(&text, &teller, e);
    return finish();
}

static void has(const char *haystack, const char *needle)
{
    if (strstr(haystack, needle) == NULL)
        fail_msg("no \"%s\" in: %s", needle, haystack);
}

static void has_not(const char *haystack, const char *needle)
{
    if (strstr(haystack, needle) != NULL)
        fail_msg("\"%s\" in: %s", needle, haystack);
}

static void says_what_is_known_and_no_more(void **state)
{
    struct event e = found("/a");

    (void)state;
    assert_string_equal(sentence(&e), "found Eicar in /a");
    event_text(&e, EVENT_PROCESS, "/bin/sh");
    assert_string_equal(sentence(&e), "found Eicar in /a, for /bin/sh");
    event_text(&e, EVENT_MEMBER, "x");
    assert_string_equal(sentence(&e),
                        "found Eicar in /a, member x, for /bin/sh");
    e = event_of(EVENT_ID_DETECTION);
    assert_string_equal(sentence(&e), "found ? in ?");
}

static void names_in_sentences_are_no_templates(void **state)
{
    struct event e = found("/{rule}[\n]\x1b");

    (void)state;
    assert_string_equal(sentence(&e), "found Eicar in /{rule}[\\x0a]\\x1b");
}

static void each_event_has_all_its_columns(void **state)
{
    (void)state;
    for (unsigned i = 0; i < EVENT_N_IDS; i++) {
        const struct event_about *a = event_about((enum event_id)i);
        struct event e = event_of((enum event_id)i);

        assert_int_equal(strlen(a->message_id), 32);
        assert_true(strlen(a->sentence) > 0);
        assert_true(e.time_ms > 0);
        for (unsigned j = 0; j < EVENT_N_FIELDS; j++)
            event_text(&e, (enum event_field)j, "known");
        has_not(sentence(&e), "?");
        has_not(sentence(&e), "{");
        has_not(sentence(&e), "[");
        for (unsigned j = 0; j < i; j++) {
            const struct event_about *b = event_about((enum event_id)j);

            assert_string_not_equal(a->word, b->word);
            assert_string_not_equal(a->message_id, b->message_id);
        }
    }
}

static void cef_is_as_its_specification_has_it(void **state)
{
    struct event e = found("/a b");

    (void)state;
    assert_string_equal(
        cef(&e), "CEF:0|Overt|Overt|1.2\\|3|detection|detection|9|"
                 "rt=1795435200123 dvchost=host\\=one dvcpid=77 "
                 "msg=found Eicar in /a b filePath=/a b fsize=68 cs1=Eicar "
                 "cs1Label=rule");
}

static void cef_values_cannot_begin_another(void **state)
{
    struct event e = found("/a=b|c\\d\ncs1=Clean");

    (void)state;
    has(cef(&e), " filePath=/a\\=b|c\\\\d\\ncs1\\=Clean ");
    has(cef(&e), " msg=found Eicar in /a\\=b|c\\\\x5cd\\\\x0acs1\\=Clean ");
    has_not(cef(&e), "\n");
    e = found("/\xff\x01\xe2\x80\xae");
    has(cef(&e), " filePath=/\\\\xff\\\\x01\\\\xe2\\\\x80\\\\xae ");
}

static void json_tells_exact_names_beside(void **state)
{
    struct event e = found("/\"\\\n");

    (void)state;
    has(json(&e), "{\"type\":\"event\",\"event\":\"detection\","
                  "\"time\":\"2026-11-23T12:00:00.123Z\","
                  "\"severity\":\"alert\",\"host\":\"host=one\","
                  "\"program\":\"overtd\",\"message\":");
    has(json(&e), ",\"path\":\"/\\\"\\\\\\u000a\",\"size\":68,");
    has_not(json(&e), "_bytes");
    e = found("/\xff");
    has(json(&e), ",\"path\":\"/\xef\xbf\xbd\",\"path_bytes\":\"2fff\"");
}

static void ecs_nests_its_objects(void **state)
{
    struct event e = found("/a");

    (void)state;
    event_text(&e, EVENT_SHA256, "00");
    event_number(&e, EVENT_UID, 5);
    begin();
    event_put_ecs(&text, &teller, &e);
    has(finish(), "{\"@timestamp\":\"2026-11-23T12:00:00.123Z\",\"ecs\":{"
                  "\"version\":\"8.11.0\"},\"event\":{\"kind\":\"alert\","
                  "\"category\":[\"malware\"],\"type\":[\"info\"],"
                  "\"action\":\"detection\",");
    has((char *)text.ptr,
        ",\"file\":{\"path\":\"/a\",\"size\":68,\"hash\":{\"sha256\":\"00\"}},"
        "\"rule\":{\"name\":\"Eicar\"},\"user\":{\"id\":5}}");
}

static void journal_fields_cannot_be_made_by_a_name(void **state)
{
    static const uint8_t framed[] = "OVERT_PATH\n\x0d\0\0\0\0\0\0\0"
                                    "/a\nPRIORITY=7\n";
    struct event e = found("/a\nPRIORITY=7");

    (void)state;
    begin();
    event_put_journal(&text, &teller, &e);
    (void)finish();
    has((char *)text.ptr, "MESSAGE=found Eicar in /a\\x0aPRIORITY=7\n"
                          "MESSAGE_ID=");
    has((char *)text.ptr, "\nPRIORITY=1\nSYSLOG_IDENTIFIER=overtd\n");
    has((char *)text.ptr, "\nOVERT_EVENT=detection\n");
    assert_non_null(memmem(text.ptr, text.len, framed, sizeof(framed) - 1));
}

static void syslog_has_a_host_for_others(void **state)
{
    struct event e = found("/a");

    (void)state;
    begin();
    event_put_syslog(&text, &teller, &e, true);
    assert_string_equal(finish(), "<25>Nov 23 12:00:00 host=one ");
    begin();
    event_put_syslog(&text, &teller, &e, false);
    assert_string_equal(finish(), "<25>Nov 23 12:00:00 overtd[77]: ");
}

static void environment_has_exact_names(void **state)
{
    static const char path[] = "OVERT_PATH=/a\n\xff$(id)";
    struct event e = found("/a\n\xff$(id)");

    (void)state;
    begin();
    event_put_environment(&text, &e);
    (void)finish();
    assert_non_null(memmem(text.ptr, text.len, path, sizeof(path)));
    event_span(&e, EVENT_RULE, OV_SPAN_LIT("a\0OVERT_PATH=/b"));
    begin();
    event_put_environment(&text, &e);
    (void)finish();
    assert_null(memmem(text.ptr, text.len, "\0OVERT_PATH=/b", 14));
}

static void long_names_are_cut(void **state)
{
    static char name[10000];
    struct event e;

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    e = found(name);
    assert_int_equal(e.fields[EVENT_PATH].text.len, 4096);
}

static int done(void **state)
{
    (void)state;
    ov_buf_done(&text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OV_TEST(says_what_is_known_and_no_more),
        OV_TEST(names_in_sentences_are_no_templates),
        OV_TEST(each_event_has_all_its_columns),
        OV_TEST(cef_is_as_its_specification_has_it),
        OV_TEST(cef_values_cannot_begin_another),
        OV_TEST(json_tells_exact_names_beside),
        OV_TEST(ecs_nests_its_objects),
        OV_TEST(journal_fields_cannot_be_made_by_a_name),
        OV_TEST(syslog_has_a_host_for_others),
        OV_TEST(environment_has_exact_names),
        OV_TEST(long_names_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, done);
}
