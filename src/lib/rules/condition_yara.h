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

/* LOOP_END, added to the quantifier: if a round's value is undefined, so is the
 * loop ("none of them in (0..uint8(9999))"). */
#define OV_QUANTIFIER_STRICT 8u

/* READ: how a number lies in the object. The low bits are its size. */
enum ov_read_as {
    OV_READ_SIZE_MASK = 15, /* 1 to 8 bytes */
    OV_READ_SIGNED = 16,
    OV_READ_BIG_ENDIAN = 32,
    OV_READ_FLOAT = 64, /* IEEE 754, 4 or 8 bytes */
};

/* Loops in loops, rules in rules included. */
#define OV_LOOPS_MAX 16
