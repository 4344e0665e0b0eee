#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Thousands of patterns and of members: the C library's sort, which asks the
# kernel for the size of the memory, is used inside the jail and survives it.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
awk 'BEGIN {
    for (i = 0; i < 5000; i++)
        printf "Many.%d:0:*:%08x%08x5a%08x\n", i, i * 7919, i * 104729, i
}' >rules/many.ndb
overt rules build rules -o rules.img
expect_exit 0
expect_text out '5001 rules'

make_eicar bad.com
python3 - <<'END'
import zipfile
with zipfile.ZipFile("many.zip", "w") as archive:
    for number in range(3000):
        archive.writestr("%d.txt" % number, "member %d" % number)
    archive.write("bad.com")
END
overt scan --rules rules.img many.zip
expect_exit 1
expect_text out 'Test.Eicar'
expect_text out '0 inconclusive'
