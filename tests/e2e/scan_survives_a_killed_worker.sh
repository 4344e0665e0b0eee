#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# A worker that dies costs the file it was at, which is inconclusive, and no
# other: what was queued behind it is scanned.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
mkdir files
make_large files/a_large
make_eicar files/bad.com
for i in 1 2 3 4 5 6 7 8 9; do echo "$i" >"files/good$i"; done

overt_start scan -j 1 --max-filesize 0 --max-scansize 0 --rules rules files
wait_until is_scanning files/a_large
kill -9 "$worker_pid"
overt_wait
expect_exit 1
expect_line out "files/a_large: INCONCLUSIVE crashed"
expect_line out "files/bad.com: DETECTED Test.Eicar (test.ndb:1)"
expect_text out "11 files looked at"
expect_text out "9 clean"
