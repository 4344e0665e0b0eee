#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# One large file is looked at by all cores. What is told, down to places and
# counts, does not depend on how many there are; and a worker that dies in the
# midst of it, with all who help it, costs that file and no other.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
cat >rules/more.ldb <<'END'
Test.Parts;Engine:51-255,Target:0;0&1;6d61726b6572*7365636f6e64;7468697264
Test.Count;Engine:51-255,Target:0;0=3;6d61726b6572
Test.NotSoMany;Engine:51-255,Target:0;0>3;6d61726b6572
END
printf 'Test.End:0:EOF-5:7468697264\nTest.NotThere:0:EOF-6:7468697264\n' \
    >rules/end.ndb
mkdir files
# Zeros, and what is looked for at the border of a stretch, or far apart.
{
    head -c 1048573 /dev/zero
    printf marker
    head -c 20000000 /dev/zero
    printf marker
    head -c 17000000 /dev/zero
    printf 'marker and second'
    head -c 3000000 /dev/zero
    printf third
} >files/large

overt scan --no-cache --rules rules --all-matches --explain -j 1 files
expect_exit 1
expect_text out "Test.Parts"
expect_text out "Test.Count"
expect_text out "Test.End"
expect_no_text out "Test.NotThere"
expect_no_text out "Test.NotSoMany"
grep large out >alone
for n in 2 3 16; do
    overt scan --no-cache --rules rules --all-matches --explain -j "$n" files
    expect_exit 1
    grep large out | cmp - alone || fail "the number of cores shows: $n"
done

make_eicar files/bad.com
for i in 1 2 3 4 5; do echo "$i" >"files/good$i"; done
rm files/large
make_large files/a_large
overt_start scan -j 4 --max-filesize 0 --max-scansize 0 --rules rules files
wait_until is_scanning files/a_large
kill -9 "$worker_pid"
overt_wait
expect_exit 1
expect_line out "files/a_large: INCONCLUSIVE crashed"
expect_line out "files/bad.com: DETECTED Test.Eicar (test.ndb:1)"
expect_text out "7 files looked at"
expect_text out "5 clean"
