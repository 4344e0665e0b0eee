#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# So many rules that each thread's memory grows and shrinks again: nothing that
# the C library then asks of the kernel ends the jailed compiler.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

mkdir rules
awk 'BEGIN {
    for (i = 0; i < 40000; i++) {
        printf "Body-%d:0:*:%08x%08x{4-9}aa", i, i * 2654435, i * 97 + 5
        for (k = i % 40; k >= 0; k--)
            printf "%04x??", (i * 31 + k * 7919) % 65536
        print "bbcc"
    }
}' >rules/many.ndb
awk 'BEGIN {
    for (i = 0; i < 20000; i++)
        printf "Logical-%d;Engine:51-255,Target:0;0&1;%08x%08x;%08x%08x\n", i,
            i * 7919, i * 31 + 7, i * 104729, i
}' >rules/many.ldb
overt rules build rules -o many.img
expect_exit 0
overt rules list many.img
expect_exit 0
expect_text out "Body-39999"
expect_text out "Logical-19999"
