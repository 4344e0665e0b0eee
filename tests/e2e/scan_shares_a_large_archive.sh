#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A large archive is scanned by several workers at once. What is told does not
# depend on how many: the first detection, all detections, limits.
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

command -v zip >/dev/null || skip "no zip"
make_rules
mkdir in
i=0
while [ "$i" -lt 24 ]; do
    # Not so well packed that it would look like a bomb.
    head -c 700000 /dev/urandom >"in/good$i"
    i=$((i + 1))
done
# Long enough to be packed: else it would be found in the archive's own bytes.
make_eicar in/late
head -c 9000 /dev/zero >>in/late
cp in/late in/bad
# In this order: bad is the 8th member and late the last one.
(
    cd in || exit
    zip -q ../large.zip good0 good1 good2 good3 good4 good5 good6 bad
    zip -q ../large.zip good[789] good1? good2? late
)

# Runs overt with one worker and with five; both must tell the same.
same_with_any_number() {
    overt scan --no-cache --quiet --rules rules -j 1 "$@" large.zip
    one=$exit_code
    sort out >one
    overt scan --no-cache --quiet --rules rules -j 5 "$@" large.zip
    [ "$exit_code" -eq "$one" ] || fail "exit $one with one worker: $*"
    sort out | cmp - one || fail "the number of workers shows: $*"
}

same_with_any_number
expect_exit 1
expect_line out "large.zip: DETECTED Test.Eicar in bad (test.ndb:1)"
expect_no_text out "late"
same_with_any_number --all-matches
expect_exit 1
expect_line out "large.zip: DETECTED Test.Eicar in late (test.ndb:1)"
expect_line out "large.zip: DETECTED Test.Eicar in bad (test.ndb:1)"
same_with_any_number --max-files 5
expect_exit 3
same_with_any_number --max-scansize 3M --max-filesize 0
expect_exit 3
same_with_any_number --max-recursion 1

zip -q -d large.zip bad late
overt scan --no-cache --quiet --rules rules -j 5 large.zip
expect_exit 0
