/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/submission_policy.h"
#include "test.h"

#define ELF                                                                    \
    "\x7f"                                                                     \
    "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0"

static struct ov_submission_facts look(struct ov_span bytes)
{
    return ov_submission_look(bytes, NULL, 0);
}

static struct ov_submission_policy ask(void)
{
    return (struct ov_submission_policy){.mode = OV_SUBMIT_ASK};
}

static enum ov_submission_answer answer_to(struct ov_span bytes)
{
    struct ov_submission_policy p = ask();
    struct ov_submission_item item = {.facts = look(bytes)};

    return ov_submission_decide(&p, &item).answer;
}

static bool because(struct ov_submission_decision d,
                    enum ov_submission_reason r)
{
    return (d.reasons & UINT32_C(1) << r) != 0;
}

static void it_is_off_unless_said_otherwise(void **state)
{
    struct ov_submission_policy p = {.mode = OV_SUBMIT_NEVER};
    struct ov_submission_item item = {.facts = look(OV_SPAN_LIT(ELF)),
                                      .is_named = true,
                                      .is_approved_rule = true};
    struct ov_submission_decision d = ov_submission_decide(&p, &item);

    (void)state;
    assert_int_equal(d.answer, OV_SUBMISSION_REFUSE);
    assert_true(because(d, OV_SUBMISSION_BECAUSE_NEVER));
}

static void what_somebody_wrote_is_not_offered(void **state)
{
    const struct {
        struct ov_span bytes;
        enum ov_submission_class class;
    } cases[] = {
        {OV_SPAN_LIT("%PDF-1.4\n1 0 obj\n"), OV_SUBMISSION_DOCUMENT},
        {OV_SPAN_LIT("{\\rtf1\\ansi hello}"), OV_SUBMISSION_DOCUMENT},
        {OV_SPAN_LIT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0"),
         OV_SUBMISSION_DOCUMENT},
        {OV_SPAN_LIT("From: a@b\nTo: c@d\nSubject: x\nReceived: y\n\nhi\n"),
         OV_SUBMISSION_MAIL},
        {OV_SPAN_LIT("PK\x03\x04\x14\0\0\0\0\0 and so on"),
         OV_SUBMISSION_ARCHIVE},
        {OV_SPAN_LIT("7z\xbc\xaf\x27\x1c\0\4"), OV_SUBMISSION_ARCHIVE},
        {OV_SPAN_LIT("#include <stdio.h>\nint main(void)\n{\n}\n"),
         OV_SUBMISSION_SOURCE},
        {OV_SPAN_LIT("-----BEGIN CERTIFICATE-----\nMIIB\n"), OV_SUBMISSION_KEY},
        {OV_SPAN_LIT("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n"),
         OV_SUBMISSION_KEY},
        {OV_SPAN_LIT("SQLite format 3\0\x10\0\1\1"), OV_SUBMISSION_DATABASE},
        {OV_SPAN_LIT("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), OV_SUBMISSION_MEDIA},
        {OV_SPAN_LIT("\xff\xff\xff\xff\0\0\1"), OV_SUBMISSION_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(
            ov_submission_class_word(ov_submission_classify(cases[i].bytes)),
            ov_submission_class_word(cases[i].class));
        assert_int_equal(answer_to(cases[i].bytes), OV_SUBMISSION_NAME);
    }
}

/* A type that somebody adds is not offered before it is listed. */
static void only_listed_types_are_offered(void **state)
{
    unsigned n = 0;

    (void)state;
    for (unsigned c = 0; c < OV_N_SUBMISSION_CLASSES; c++)
        n += ov_submission_class_is_offered((enum ov_submission_class)c);
    assert_int_equal(n, 3);
    assert_false(ov_submission_class_is_offered(OV_SUBMISSION_OTHER));
}

static void a_program_is_asked_for(void **state)
{
    (void)state;
    assert_int_equal(ov_submission_classify(OV_SPAN_LIT(ELF)),
                     OV_SUBMISSION_PROGRAM);
    assert_int_equal(answer_to(OV_SPAN_LIT(ELF)), OV_SUBMISSION_ASK);
    assert_int_equal(answer_to(OV_SPAN_LIT(ELF "PK\x03\x04")),
                     OV_SUBMISSION_NAME);
    assert_int_equal(
        ov_submission_classify(OV_SPAN_LIT(ELF "-----BEGIN PRIVATE KEY-----")),
        OV_SUBMISSION_KEY);
}

static void auto_sends_its_classes_and_no_other(void **state)
{
    struct ov_submission_policy p = {.mode = OV_SUBMIT_AUTO,
                                     .auto_classes =
                                         1U << OV_SUBMISSION_PROGRAM |
                                         1U << OV_SUBMISSION_DOCUMENT};
    struct ov_submission_item item = {.facts = look(OV_SPAN_LIT(ELF))};

    (void)state;
    assert_int_equal(ov_submission_decide(&p, &item).answer,
                     OV_SUBMISSION_SEND);
    /* Whoever lists a class that is never offered has not listed a file. */
    item.facts = look(OV_SPAN_LIT("%PDF-1.4\n"));
    assert_int_equal(ov_submission_decide(&p, &item).answer,
                     OV_SUBMISSION_NAME);
    item.is_approved_rule = true;
    assert_int_equal(ov_submission_decide(&p, &item).answer,
                     OV_SUBMISSION_NAME);
    item.is_named = true;
    assert_int_equal(ov_submission_decide(&p, &item).answer,
                     OV_SUBMISSION_SEND);
    p.mode = OV_SUBMIT_ASK;
    item.is_named = false;
    item.facts = look(OV_SPAN_LIT(ELF));
    assert_int_equal(ov_submission_decide(&p, &item).answer,
                     OV_SUBMISSION_SEND);
    item.is_approved_rule = false;
    assert_int_equal(ov_submission_decide(&p, &item).answer, OV_SUBMISSION_ASK);
}

static void markers_are_found_in_both_spellings(void **state)
{
    const struct ov_span markers[] = {OV_SPAN_LIT("Project Heron"),
                                      OV_SPAN_LIT("x")};
    struct ov_submission_policy p = ask();
    struct ov_submission_item item = {
        .facts = ov_submission_look(OV_SPAN_LIT(ELF "..PROJECT heron.."),
                                    markers, 1)};
    struct ov_submission_decision d = ov_submission_decide(&p, &item);

    (void)state;
    assert_int_equal(d.answer, OV_SUBMISSION_NAME);
    assert_true(because(d, OV_SUBMISSION_BECAUSE_MARKER));
    item.facts = ov_submission_look(
        OV_SPAN_LIT(ELF "..p\0r\0o\0j\0e\0c\0t\0 \0h\0e\0r\0o\0n\0"), markers,
        1);
    assert_int_equal(ov_submission_decide(&p, &item).answer,
                     OV_SUBMISSION_NAME);
    item.facts =
        ov_submission_look(OV_SPAN_LIT(ELF "..project hero"), markers, 1);
    assert_int_equal(ov_submission_decide(&p, &item).answer, OV_SUBMISSION_ASK);
}

static void places_and_owners_count(void **state)
{
    struct ov_submission_policy p = ask();
    struct ov_submission_item item = {.facts = look(OV_SPAN_LIT(ELF)),
                                      .is_in_private_place = true};

    (void)state;
    assert_int_equal(ov_submission_decide(&p, &item).answer,
                     OV_SUBMISSION_NAME);
    item.is_in_private_place = false;
    item.is_of_others = true;
    assert_int_equal(ov_submission_decide(&p, &item).answer,
                     OV_SUBMISSION_NAME);
}

static void limits_hold_for_named_files_too(void **state)
{
    uint8_t *large = ov_alloc(OV_SAMPLE_MAX + 1);
    struct ov_submission_policy p = ask();
    struct ov_submission_item item = {.is_named = true};
    struct ov_submission_decision d;

    (void)state;
    assert_non_null(large);
    item.facts = look(ov_span_of(large, OV_SAMPLE_MAX + 1));
    d = ov_submission_decide(&p, &item);
    assert_int_equal(d.answer, OV_SUBMISSION_REFUSE);
    assert_true(because(d, OV_SUBMISSION_BECAUSE_SIZE));
    p.max_size = OV_SAMPLE_MAX + 1; /* more than an envelope holds */
    assert_int_equal(ov_submission_decide(&p, &item).answer,
                     OV_SUBMISSION_REFUSE);
    item.facts = look(ov_span_of(large, OV_SAMPLE_MAX));
    assert_int_equal(ov_submission_decide(&p, &item).answer,
                     OV_SUBMISSION_SEND);
    item.bytes_today = OV_SUBMISSION_MAX_BYTES - OV_SAMPLE_MAX;
    assert_int_equal(ov_submission_decide(&p, &item).answer,
                     OV_SUBMISSION_SEND);
    item.bytes_today++;
    d = ov_submission_decide(&p, &item);
    assert_true(because(d, OV_SUBMISSION_BECAUSE_BYTES_TODAY));
    item.bytes_today = 0;
    item.count_today = OV_SUBMISSION_MAX_COUNT - 1;
    assert_int_equal(ov_submission_decide(&p, &item).answer,
                     OV_SUBMISSION_SEND);
    item.count_today++;
    d = ov_submission_decide(&p, &item);
    assert_true(because(d, OV_SUBMISSION_BECAUSE_COUNT_TODAY));
    item.facts = look(ov_span_of(NULL, 0));
    d = ov_submission_decide(&p, &item);
    assert_true(because(d, OV_SUBMISSION_BECAUSE_EMPTY));
    ov_free(large);
}

static void classes_have_words(void **state)
{
    enum ov_submission_class c;

    (void)state;
    assert_true(ov_submission_class_from_word(OV_SPAN_LIT("mail"), &c));
    assert_int_equal(c, OV_SUBMISSION_MAIL);
    assert_false(ov_submission_class_from_word(OV_SPAN_LIT("Mail"), &c));
    for (unsigned i = 0; i < OV_N_SUBMISSION_REASONS; i++)
        assert_true(strlen(ov_submission_reason_words(
                        (enum ov_submission_reason)i)) > 5);
}

OV_TEST_MAIN(OV_TEST(it_is_off_unless_said_otherwise),
             OV_TEST(what_somebody_wrote_is_not_offered),
             OV_TEST(only_listed_types_are_offered),
             OV_TEST(a_program_is_asked_for),
             OV_TEST(auto_sends_its_classes_and_no_other),
             OV_TEST(markers_are_found_in_both_spellings),
             OV_TEST(places_and_owners_count),
             OV_TEST(limits_hold_for_named_files_too),
             OV_TEST(classes_have_words))
