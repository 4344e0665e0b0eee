#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A folder with one bad file among good ones: it is named, with the rule and
# where that was written, and the exit code tells.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
mkdir -p files/deep/er
make_eicar files/deep/er/bad.com
echo good >files/good.txt
: >files/empty

overt scan --rules rules files
expect_exit 1
expect_line out "files/deep/er/bad.com: DETECTED Test.Eicar (test.ndb:1)"
expect_no_text out "good.txt"
expect_text out "3 files looked at"

overt scan --rules rules files/good.txt
expect_exit 0

# The same rules as an image.
overt rules build rules -o rules.img
expect_exit 0
overt scan --quiet --rules rules.img files/deep
expect_exit 1
expect_line out "files/deep/er/bad.com: DETECTED Test.Eicar (test.ndb:1)"

# From standard input.
overt scan --rules rules.img - <files/deep/er/bad.com
expect_exit 1
expect_line out "-: DETECTED Test.Eicar (test.ndb:1)"
