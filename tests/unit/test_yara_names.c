/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "rules/yara_names.h"
#include "test.h"

static void every_name_keeps_its_number_as_the_table_grows(void **state)
{
    static char text[3000][8];
    struct ov_yara_names names = {0};
    uint32_t number = 0;

    (void)state;
    for (uint32_t i = 0; i < 3000; i++) {
        (void)snprintf(text[i], sizeof(text[i]), "r%u", i);
        assert_false(ov_yara_names_find(&names, ov_span_str(text[i]), &number));
        assert_int_equal(ov_yara_names_add(&names, ov_span_str(text[i]), i),
                         OV_OK);
    }
    for (uint32_t i = 0; i < 3000; i++) {
        assert_true(ov_yara_names_find(&names, ov_span_str(text[i]), &number));
        assert_int_equal(number, i);
    }
    ov_yara_names_done(&names);
}

static void a_cleared_table_knows_nothing_and_is_small(void **state)
{
    struct ov_yara_names names = {0};
    uint32_t number = 7;

    (void)state;
    for (int round = 0; round < 2; round++) {
        ov_yara_names_clear(&names);
        assert_false(ov_yara_names_find(&names, OV_SPAN_LIT("a"), &number));
        assert_int_equal(ov_yara_names_add(&names, OV_SPAN_LIT("a"), 1), OV_OK);
        assert_true(ov_yara_names_find(&names, OV_SPAN_LIT("a"), &number));
        assert_int_equal(number, 1);
    }
    assert_false(ov_yara_names_find(&names, OV_SPAN_LIT(""), &number));
    ov_yara_names_done(&names);
}

OV_TEST_MAIN(OV_TEST(every_name_keeps_its_number_as_the_table_grows),
             OV_TEST(a_cleared_table_knows_nothing_and_is_small))
