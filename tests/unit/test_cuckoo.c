/* SPDX-License-Identifier: Apache-2.0 */
#include "match/re.h"
#include "module_help.h"

/* What a sandbox's report says, asked by regular expressions. */

static const char report[] =
    "{\"info\": {\"score\": 6.4}, \"network\": {"
    "\"http\": [{\"uri\": \"http://a.example/x\", \"method\": \"GET\","
    "            \"user-agent\": \"curl/7\"},"
    "           {\"uri\": \"http://b.example/y\", \"method\": \"post\"},"
    "           {\"uri\": 5}, \"no object\"],"
    "\"domains\": [{\"ip\": \"1.2.3.4\", \"domain\": \"evil.example\"},"
    "              {\"domain\": \"no.address\"}],"
    "\"dns\": [{\"ip\": \"1.2.3.4\", \"hostname\": \"old.example\"}],"
    "\"hosts\": [\"10.0.0.1\", 7],"
    "\"tcp\": [{\"dst\": \"10.0.0.2\", \"dport\": 443}],"
    "\"udp\": [{\"dst\": \"10.0.0.3\", \"dport\": 53}]},"
    "\"behavior\": {\"summary\": {\"keys\": [\"HKLM\\\\Run\"],"
    "\"files\": [\"C:\\\\a.exe\"], \"mutexes\": [\"only-one\"]}}}";

/* What a function of a structure gives; port < 0: it takes none. */
static int64_t ask(struct ov_span json, const char *part, const char *name,
                   const char *expression, int64_t port)
{
    struct module_case c = {.in = {.reports = json}};
    OV_AUTO_DONE(buf) code = ov_buf_with_max(1 << 16);
    struct ov_datum arguments[2] = {{.kind = OV_DATUM_REGEX},
                                    ov_datum_integer(port)};
    struct ov_module_call call = {.arguments = arguments};
    const struct ov_structure *s;
    struct ov_datum value;
    int64_t at;

    assert_int_equal(ov_re_compile(ov_span_str(expression), 0, &code, NULL),
                     OV_OK);
    arguments[0].text = ov_buf_span(&code);
    open_module(&c, "cuckoo", OV_SPAN_LIT("file"));
    call.run = c.run;
    at = ov_field_find(&c.run->module->root, ov_span_str(part));
    assert_true(at >= 0);
    s = c.run->module->root.fields[at].structure;
    at = ov_field_find(s, ov_span_str(name));
    assert_true(at >= 0);
    assert_string_equal(s->fields[at].functions[0].arguments,
                        port < 0 ? "r" : "ri");
    for (int i = 0; i < 2; i++) /* the report is read once */
        assert_int_equal(s->fields[at].functions[0].call(&call, &value), OV_OK);
    close_module(&c);
    assert_int_equal(value.kind, OV_DATUM_INTEGER);
    return value.number;
}

static void finds_what_the_report_says(void **state)
{
    static const struct {
        const char *part, *name, *expression;
        int64_t port, expected;
    } cases[] = {
        {"network", "http_request", "a\\.example", -1, 1},
        {"network", "http_request", "b\\.example", -1, 1},
        {"network", "http_request", "c\\.example", -1, 0},
        {"network", "http_get", "a\\.example", -1, 1},
        {"network", "http_get", "b\\.example", -1, 0},
        {"network", "http_post", "b\\.example", -1, 1},
        {"network", "http_post", "a\\.example", -1, 0},
        {"network", "http_user_agent", "^curl", -1, 1},
        {"network", "http_user_agent", "wget", -1, 0},
        {"network", "dns_lookup", "evil", -1, 1},
        {"network", "dns_lookup", "no\\.address", -1, 0},
        {"network", "dns_lookup", "old", -1, 0},
        {"network", "host", "^10\\.", -1, 1},
        {"network", "tcp", "10.0.0.2", 443, 1},
        {"network", "tcp", "10.0.0.2", 80, 0},
        {"network", "udp", "10.0.0.3", 53, 1},
        {"registry", "key_access", "\\\\Run$", -1, 1},
        {"filesystem", "file_access", "\\.exe", -1, 1},
        {"sync", "mutex", "only", -1, 1},
        {"sync", "mutex", "other", -1, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t got = ask(ov_span_str(report), cases[i].part, cases[i].name,
                          cases[i].expression, cases[i].port);

        if (got != cases[i].expected)
            fail_msg("%s.%s(/%s/)", cases[i].part, cases[i].name,
                     cases[i].expression);
    }
}

static void older_reports_have_only_dns(void **state)
{
    static const char old[] = "{\"network\": {\"dns\": [{\"ip\": \"1.2.3.4\","
                              "\"hostname\": \"old.example\"}]}}";

    (void)state;
    assert_int_equal(ask(ov_span_str(old), "network", "dns_lookup", "old", -1),
                     1);
}

static void without_a_report_nothing_matches(void **state)
{
    (void)state;
    assert_int_equal(
        ask((struct ov_span){0}, "network", "http_request", "a", -1), 0);
    assert_int_equal(
        ask(OV_SPAN_LIT("{\"network\": "), "network", "host", "1", -1), 0);
    assert_int_equal(ask(OV_SPAN_LIT("[]"), "sync", "mutex", "x", -1), 0);
}

OV_TEST_MAIN(OV_TEST(finds_what_the_report_says),
             OV_TEST(older_reports_have_only_dns),
             OV_TEST(without_a_report_nothing_matches))
