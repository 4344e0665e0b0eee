#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# Ctrl-C: workers are ended, the summary tells what was not scanned, and the
# exit code is an error's.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
make_large large

overt_start scan --max-filesize 0 --max-scansize 0 --rules rules large
wait_until is_scanning large
kill -INT "$overt_pid"
overt_wait
expect_exit 2
expect_text out "INTERRUPTED: 1 files"
expect_text out "0 clean"
if pgrep -P "$overt_pid" >/dev/null; then fail "a worker is left"; fi
