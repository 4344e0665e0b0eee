#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# A worker that does not come to an end is ended after --max-scantime.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
mkdir files
make_large files/a_large
make_eicar files/bad.com

overt_start scan -j 1 --max-scantime 2 --max-filesize 0 --max-scansize 0 \
    --rules rules files
wait_until is_scanning files/a_large
kill -STOP "$worker_pid"
overt_wait
expect_exit 1
expect_line out "files/a_large: INCONCLUSIVE timed-out"
expect_line out "files/bad.com: DETECTED Test.Eicar (test.ndb:1)"
