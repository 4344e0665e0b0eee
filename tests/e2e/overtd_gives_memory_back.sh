#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Workers that have nothing to do end; the next request, and the next rules, start
# one, and nobody calls that a crash.
# shellcheck disable=SC2154 # lib.sh sets overtd_pid
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

has_workers() {
    pgrep -P "$overtd_pid" overt-worker >pids
}
has_none() {
    ! has_workers
}

make_rules
make_eicar bad
overtd_start <<END
[daemon]
idle-after = 1s
END
wait_until has_none
expect_answer "nSCAN $PWD/bad\\n" "$PWD/bad: Test.Eicar.UNOFFICIAL FOUND\\n"
has_workers || fail 'who has found it?'
wait_until has_none

# Nobody is there who could try the new rules; so somebody is started.
printf 'Other:0:*:%08d\n' 1 >rules/other.ndb
clamd_ask 'nRELOAD\n' >/dev/null
wait_until grep -q 'other rules are in use' overtd.log
wait_until has_none

# Rules that cannot be used are found out, too, and the others stay.
echo nonsense >rules/other.ndb
clamd_ask 'nRELOAD\n' >/dev/null
expect_answer "nSCAN $PWD/bad\\n" "$PWD/bad: Test.Eicar.UNOFFICIAL FOUND\\n"
wait_until has_none

overt status --json --control "$PWD/control"
expect_exit 0
expect_text out '"worker_crashes":0'
expect_no_text overtd.log crash
overtd_stop
