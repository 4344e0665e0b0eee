/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "intel/intel_import.h"
#include "test.h"

#define MD5 "d41d8cd98f00b204e9800998ecf8427e"
#define SHA1 "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256                                                                 \
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define PATTERN "\"pattern\":\"[file:hashes.'SHA-256' = '" SHA256 "']\""
#define INDICATOR "\"type\":\"indicator\",\"id\":\"indicator--1\""
#define NOW UINT64_C(1795000000000000) /* in November 2026 */

/* What came of documents. */
struct result {
    enum ov_status status;
    size_t n;
    struct ov_intel_item last;
    char name[128];
    size_t skipped[OV_N_INTEL_SKIP];
};

static enum ov_status take(void *data, const struct ov_intel_item *item)
{
    struct result *r = data;

    r->n++;
    r->last = *item;
    ov_escape_words(r->name, sizeof(r->name), item->name);
    return OV_OK;
}

static void leave(void *data, enum ov_intel_skip why, struct ov_span id)
{
    struct result *r = data;

    (void)id;
    r->skipped[why]++;
}

static struct result read_two(const char *first, const char *second,
                              enum ov_tlp most)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    const struct ov_intel_options options = {.now = NOW, .most = most};
    struct ov_intel_import *i = ov_intel_import_new(a, &options);
    struct result r = {.n = 0};
    const struct ov_intel_sink sink = {take, leave, &r};

    assert_non_null(i);
    r.status = ov_intel_import_add(i, ov_span_str(first));
    if (r.status == OV_OK && second != NULL)
        r.status = ov_intel_import_add(i, ov_span_str(second));
    if (r.status == OV_OK)
        r.status = ov_intel_import_run(i, &sink);
    return r;
}

static struct result read_one(const char *text)
{
    return read_two(text, NULL, OV_TLP_CLEAR);
}

static void assert_skipped(const char *text, enum ov_intel_skip why)
{
    struct result r = read_one(text);

    assert_int_equal(r.status, OV_OK);
    assert_int_equal(r.n, 0);
    assert_int_equal(r.skipped[why], 1);
}

static void assert_taken(const char *text)
{
    struct result r = read_one(text);

    assert_int_equal(r.status, OV_OK);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.last.kind, OV_SHA256);
}

static void indicators_are_found_in_every_form(void **state)
{
    (void)state;
    assert_taken("{\"type\":\"bundle\",\"objects\":[{" INDICATOR "," PATTERN
                 "}]}");
    assert_taken("{\"more\":false,\"objects\":[{" INDICATOR "," PATTERN "}]}");
    assert_taken("{" INDICATOR "," PATTERN "}");
    assert_taken("{\"Event\":{\"info\":\"x\",\"Attribute\":[{\"type\":"
                 "\"sha256\",\"to_ids\":true,\"value\":\"" SHA256 "\"}]}}");
    assert_taken("{\"response\":[{\"Event\":{\"info\":\"x\",\"Attribute\":[{"
                 "\"type\":\"filename|sha256\",\"to_ids\":\"1\",\"value\":"
                 "\"a|b|" SHA256 "\"}]}}]}");
    assert_int_equal(read_one("{\"more\":false}").status, OV_OK);
    assert_int_equal(read_one("{}").status, OV_UNSUPPORTED);
    assert_int_equal(read_one("[1]").status, OV_UNSUPPORTED);
    assert_int_equal(read_one("7").status, OV_UNSUPPORTED);
    assert_int_equal(read_one("{\"objects\":7}").status, OV_UNSUPPORTED);
    assert_int_equal(read_one("{\"objects\"").status, OV_MALFORMED);
}

static void what_the_source_took_back_is_not_taken(void **state)
{
    (void)state;
    assert_skipped("{" INDICATOR ",\"revoked\":true," PATTERN "}",
                   OV_INTEL_SKIP_REVOKED);
    assert_skipped("{" INDICATOR
                   ",\"valid_until\":\"2026-01-01T00:00:00Z\"," PATTERN "}",
                   OV_INTEL_SKIP_NOT_VALID);
    assert_skipped("{" INDICATOR
                   ",\"valid_from\":\"2027-01-01T00:00:00Z\"," PATTERN "}",
                   OV_INTEL_SKIP_NOT_VALID);
    assert_skipped("{" INDICATOR ",\"valid_until\":\"soon\"," PATTERN "}",
                   OV_INTEL_SKIP_DAMAGED);
    assert_taken("{" INDICATOR
                 ",\"valid_until\":\"2027-01-01T00:00:00Z\"," PATTERN "}");
    assert_skipped("{" INDICATOR ",\"indicator_types\":[\"benign\"]," PATTERN
                   "}",
                   OV_INTEL_SKIP_HARMLESS);
    assert_skipped("{" INDICATOR ",\"pattern_type\":\"snort\"," PATTERN "}",
                   OV_INTEL_SKIP_OTHER_LANGUAGE);
}

static void the_newest_version_counts_wherever_it_stands(void **state)
{
    const char *old =
        "{" INDICATOR ",\"modified\":\"2026-01-01T00:00:00Z\"," PATTERN "}";
    const char *new = "{" INDICATOR ",\"modified\":\"2026-01-01T00:00:00.5Z\","
                      "\"revoked\":true," PATTERN "}";

    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        struct result r = read_two(turn == 0 ? old : new, turn == 0 ? new : old,
                                   OV_TLP_CLEAR);

        assert_int_equal(r.n, 0);
        assert_int_equal(r.skipped[OV_INTEL_SKIP_OLD_VERSION], 1);
        assert_int_equal(r.skipped[OV_INTEL_SKIP_REVOKED], 1);
    }
}

#define MARKED(ref)                                                            \
    "{" INDICATOR ",\"object_marking_refs\":[\"marking-definition--" ref       \
    "\"]," PATTERN "}"

static void traffic_lights_are_obeyed(void **state)
{
    const char *amber = MARKED("f88d31f6-486f-44da-b317-01333bde0b82");
    const char *strict = MARKED("939a9414-2ddd-4d32-a0cd-375ea402b003");

    (void)state;
    assert_taken(MARKED("613f2e26-407d-48c7-9eca-b8e91df99dc9"));
    assert_taken(MARKED("94868c89-83c2-464b-929b-a1a8aa3c8487"));
    assert_skipped(MARKED("bab4a63c-aed9-4cf5-a766-dfca5abac2bb"),
                   OV_INTEL_SKIP_MARKED);
    assert_skipped(amber, OV_INTEL_SKIP_MARKED);
    assert_int_equal(read_two(amber, NULL, OV_TLP_AMBER).n, 1);
    assert_int_equal(read_two(strict, NULL, OV_TLP_AMBER).n, 0);
    assert_int_equal(read_two(strict, NULL, OV_TLP_RED).n, 1);
    assert_skipped("{" INDICATOR ",\"granular_markings\":[{\"selectors\":"
                   "[\"pattern\"],\"marking_ref\":\"marking-definition--"
                   "5e57c739-391a-4eb3-b6be-7d15ca92d5ed\"}]," PATTERN "}",
                   OV_INTEL_SKIP_MARKED);
}

static void a_marking_that_is_not_here_keeps_us_out(void **state)
{
    const char *marked = MARKED("00000000-0000-4000-8000-000000000000");
    struct result r;

    (void)state;
    assert_skipped(marked, OV_INTEL_SKIP_UNKNOWN_MARK);
    r = read_two(marked,
                 "{\"type\":\"marking-definition\",\"id\":\"marking-definition"
                 "--00000000-0000-4000-8000-000000000000\","
                 "\"definition_type\":\"statement\"}",
                 OV_TLP_CLEAR);
    assert_int_equal(r.n, 1);
    r = read_two(marked,
                 "{\"type\":\"marking-definition\",\"id\":\"marking-definition"
                 "--00000000-0000-4000-8000-000000000000\",\"extensions\":{"
                 "\"x\":{\"tlp_2_0\":\"amber\"}}}",
                 OV_TLP_CLEAR);
    assert_int_equal(r.n, 0);
    assert_int_equal(r.skipped[OV_INTEL_SKIP_MARKED], 1);
}

static void what_misp_does_not_mean_for_detection_is_not_taken(void **state)
{
    (void)state;
    assert_skipped("{\"Event\":{\"info\":\"x\",\"Attribute\":[{\"type\":"
                   "\"sha256\",\"to_ids\":false,\"value\":\"" SHA256 "\"}]}}",
                   OV_INTEL_SKIP_NOT_FOR_DETECTION);
    assert_skipped("{\"Event\":{\"info\":\"x\",\"Attribute\":[{\"type\":"
                   "\"sha256\",\"value\":\"" SHA256 "\"}]}}",
                   OV_INTEL_SKIP_NOT_FOR_DETECTION);
    assert_skipped("{\"Event\":{\"info\":\"x\",\"Attribute\":[{\"type\":"
                   "\"sha256\",\"to_ids\":true,\"deleted\":true,\"value\":"
                   "\"" SHA256 "\"}]}}",
                   OV_INTEL_SKIP_REVOKED);
    assert_skipped("{\"Event\":{\"info\":\"x\",\"Attribute\":[{\"type\":"
                   "\"domain\",\"to_ids\":true,\"value\":\"a.example\"}]}}",
                   OV_INTEL_SKIP_OTHER_ATTRIBUTE);
    assert_skipped("{\"Event\":{\"info\":\"x\",\"Tag\":[{\"name\":"
                   "\"tlp:amber\"}],\"Attribute\":[{\"type\":\"sha256\","
                   "\"to_ids\":true,\"value\":\"" SHA256 "\"}]}}",
                   OV_INTEL_SKIP_MARKED);
    assert_skipped("{\"Event\":{\"info\":\"x\",\"Attribute\":[{\"type\":"
                   "\"sha256\",\"Tag\":[{\"name\":\"tlp:unclear\"}],"
                   "\"to_ids\":true,\"value\":\"" SHA256 "\"}]}}",
                   OV_INTEL_SKIP_UNKNOWN_MARK);
    assert_skipped("{\"Event\":{\"info\":\"x\",\"Attribute\":[{\"type\":"
                   "\"sha256\",\"to_ids\":true,\"value\":\"" SHA1 "\"}]}}",
                   OV_INTEL_SKIP_DAMAGED);
}

static void an_object_is_one_file_with_its_size(void **state)
{
    struct result r = read_one(
        "{\"Event\":{\"info\":\"Some Thing\",\"Object\":[{\"name\":\"file\","
        "\"Attribute\":[{\"type\":\"md5\",\"to_ids\":true,\"value\":\"" MD5
        "\"},{\"type\":\"size-in-bytes\",\"to_ids\":false,\"value\":\"68\"},"
        "{\"type\":\"sha1\",\"to_ids\":true,\"value\":\"" SHA1 "\"}]}]}}");

    (void)state;
    assert_int_equal(r.n, 1);
    assert_int_equal(r.last.kind, OV_SHA1);
    assert_int_equal(r.last.size, 68);
    assert_string_equal(r.name, "Some Thing");
    assert_int_equal(r.skipped[OV_INTEL_SKIP_SAME_FILE], 1);
    assert_int_equal(r.skipped[OV_INTEL_SKIP_OTHER_ATTRIBUTE], 1);
}

static void names_keep_what_a_rules_name_can_have(void **state)
{
    static const struct {
        const char *name;
        const char *want;
    } names[] = {
        {"Win.Trojan.Agent-1_x", "Win.Trojan.Agent-1_x"},
        {"  Emotet: \"new\" / wave\n", "Emotet_new_wave"},
        {"\xd0\x96", "Unnamed"},
        {"", "Unnamed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(256);

        ov_put_intel_name(&b, ov_span_str(names[i].name));
        assert_true(ov_span_equal(ov_buf_span(&b), ov_span_str(names[i].want)));
    }
}

static void a_lack_of_memory_is_told(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(256);
    const struct ov_intel_options options = {.now = NOW};
    struct ov_intel_import *i = ov_intel_import_new(a, &options);

    (void)state;
    assert_non_null(i);
    assert_int_equal(
        ov_intel_import_add(i, OV_SPAN_LIT("{\"objects\":[1,2,3,4]}")),
        OV_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indicators_are_found_in_every_form),
        cmocka_unit_test(what_the_source_took_back_is_not_taken),
        cmocka_unit_test(the_newest_version_counts_wherever_it_stands),
        cmocka_unit_test(traffic_lights_are_obeyed),
        cmocka_unit_test(a_marking_that_is_not_here_keeps_us_out),
        cmocka_unit_test(what_misp_does_not_mean_for_detection_is_not_taken),
        cmocka_unit_test(an_object_is_one_file_with_its_size),
        cmocka_unit_test(names_keep_what_a_rules_name_can_have),
        cmocka_unit_test(a_lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
