/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/status.h"
#include "test.h"

static void every_status_has_words_and_a_class(void **state)
{
    (void)state;
    assert_int_equal(ov_status_class(OV_OK), OV_CLASS_OK);
    for (int i = 0; i < OV_N_STATUS; i++) {
        assert_true(strlen(ov_status_name((enum ov_status)i)) > 1);
        assert_true(i == OV_OK ||
                    ov_status_class((enum ov_status)i) != OV_CLASS_OK);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(ov_status_name((enum ov_status)i),
                                    ov_status_name((enum ov_status)k));
    }
}

static void a_value_from_elsewhere_is_not_ok(void **state)
{
    enum ov_status odd = (enum ov_status)1000;

    (void)state;
    assert_string_equal(ov_status_name(odd), "unknown status");
    assert_int_equal(ov_status_class(odd), OV_CLASS_MACHINE);
}

static enum ov_status tries(enum ov_status s, int *reached)
{
    OV_TRY(s);
    *reached = 1;
    return OV_OK;
}

static void try_returns_what_is_not_ok(void **state)
{
    int reached = 0;

    (void)state;
    assert_int_equal(tries(OV_ENCRYPTED, &reached), OV_ENCRYPTED);
    assert_int_equal(reached, 0);
    assert_int_equal(tries(OV_OK, &reached), OV_OK);
    assert_int_equal(reached, 1);
}

static void a_diagnosis_is_cut_not_overrun(void **state)
{
    struct ov_diag diag = {0};

    (void)state;
    assert_int_equal(ov_diag_set(&diag, OV_MALFORMED, 7, "%500d", 1),
                     OV_MALFORMED);
    assert_int_equal(diag.status, OV_MALFORMED);
    assert_int_equal(diag.line, 7);
    assert_int_equal(strlen(diag.text), sizeof(diag.text) - 1);
    assert_int_equal(ov_diag_set(NULL, OV_IO, 0, "x"), OV_IO);
}

OV_TEST_MAIN(OV_TEST(every_status_has_words_and_a_class),
             OV_TEST(a_value_from_elsewhere_is_not_ok),
             OV_TEST(try_returns_what_is_not_ok),
             OV_TEST(a_diagnosis_is_cut_not_overrun))
