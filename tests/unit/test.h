/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* cmocka wants these before it, in this order. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* main() of a test program over a list of functions. */
#define OV_TEST_MAIN(...)                                                      \
    int main(void)                                                             \
    {                                                                          \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                       \
        return cmocka_run_group_tests(tests, NULL, NULL);                      \
    }

#define OV_TEST(name) cmocka_unit_test(name)
