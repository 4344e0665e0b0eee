#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# A file that is changed while it is scanned is inconclusive: what was looked
# at is not what is there now.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
make_large large 300M

overt_start scan -j 1 --max-filesize 0 --max-scansize 0 --rules rules large
wait_until is_scanning large
kill -STOP "$worker_pid"
touch large
kill -CONT "$worker_pid"
overt_wait
expect_exit 3
expect_line out "large: INCONCLUSIVE changed during the scan"
