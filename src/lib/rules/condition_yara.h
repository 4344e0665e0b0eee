/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Operands of the YARA operations in condition.def. */

/* LOOP_END: when the loop over n rounds, of which `held` held, is true. A loop
 * without a round never is. */
enum ov_quantifier {
    OV_QUANTIFIER_ALL,
    OV_QUANTIFIER_ANY,
    OV_QUANTIFIER_NONE,
    OV_QUANTIFIER_COUNT,    /* at least the integer below the loop; undefined:
                               all */
    OV_QUANTIFIER_COUNT_OF, /* the same, but 0 means none: "0 of them" */
    OV_QUANTIFIER_PERCENT,  /* at least so many hundredths, rounded up */
    OV_N_QUANTIFIERS
};

/* READ: how an integer lies in the object. The low bits are its size. */
enum ov_read_as {
    OV_READ_SIZE = 7, /* mask: 1, 2 or 4 bytes */
    OV_READ_SIGNED = 8,
    OV_READ_BIG_ENDIAN = 16,
};

/* Loops in loops, rules in rules included. */
#define OV_LOOPS_MAX 16
