/* SPDX-License-Identifier: Apache-2.0 */
#include "host/option.h"
#include "test.h"

struct seen {
    bool is_deep;
    const char *name;
};

static const char *set_deep(void *data, const char *value)
{
    ((struct seen *)data)->is_deep = value == NULL;
    return NULL;
}

static const char *set_name(void *data, const char *value)
{
    ((struct seen *)data)->name = value;
    return value[0] == '-' ? "a name starts with a letter" : NULL;
}

static const struct option_row rows[] = {
    {.help = "a heading"},
    {"deep", 'd', NULL, "all of it", set_deep},
    {"name", 'n', "NAME", "what it is called", set_name},
};

static const struct option_list lists[] = {
    {"overt cloud status", "", NULL, 0},
    {"overt cloud look", "[OPTION]... PATH...", rows, 3},
};

static const struct option_list *list_of(size_t i)
{
    return i < 2 ? &lists[i] : NULL;
}

static bool parse(int *argc, char **argv, struct seen *seen)
{
    bool is_help = false;
    bool is_ok = options_parse(&lists[1], argc, argv, seen, &is_help);

    assert_false(is_help);
    return is_ok;
}

static void options_stand_anywhere_before_two_dashes(void **state)
{
    char *argv[] = {(char *)"look",
                    (char *)"a",
                    (char *)"--name=x",
                    (char *)"-d",
                    (char *)"--",
                    (char *)"--deep",
                    NULL};
    struct seen seen = {0};
    int argc = 6;

    (void)state;
    assert_true(parse(&argc, argv, &seen));
    assert_true(seen.is_deep);
    assert_string_equal(seen.name, "x");
    assert_int_equal(argc, 3);
    assert_string_equal(argv[1], "a");
    assert_string_equal(argv[2], "--deep");
}

static void a_wrong_option_is_refused(void **state)
{
    static char wrong[][16] = {"--depp", "-x", "--name=-", "--deep=1",
                               "--name"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char *argv[] = {(char *)"look", wrong[i], NULL};
        struct seen seen = {0};
        int argc = 2;

        assert_false(parse(&argc, argv, &seen));
    }
}

static void a_word_is_what_the_command_ends_with(void **state)
{
    char *look[] = {(char *)"cloud", (char *)"look", NULL};
    char *part[] = {(char *)"cloud", (char *)"loo", NULL};
    char *none[] = {(char *)"cloud", NULL};
    bool is_help = true;

    (void)state;
    assert_int_equal(option_word_find(list_of, 2, look, &is_help), 1);
    assert_false(is_help);
    assert_int_equal(option_word_find(list_of, 2, part, &is_help), SIZE_MAX);
    assert_int_equal(option_word_find(list_of, 1, none, &is_help), SIZE_MAX);
    assert_false(is_help);
}

static void help_is_no_word(void **state)
{
    char *help[] = {(char *)"cloud", (char *)"--help", NULL};
    bool is_help = false;

    (void)state;
    assert_int_equal(option_word_find(list_of, 2, help, &is_help), SIZE_MAX);
    assert_true(is_help);
}

OV_TEST_MAIN(OV_TEST(options_stand_anywhere_before_two_dashes),
             OV_TEST(a_wrong_option_is_refused),
             OV_TEST(a_word_is_what_the_command_ends_with),
             OV_TEST(help_is_no_word))
