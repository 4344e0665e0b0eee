#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# overtd denies what its rules find, on opening and on execution; takes other
# rules and settings; and whatever dies, openings go on and the guard comes back.
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/guard.sh"

make_rules
make_eicar guarded/bad
printf '#!/bin/sh\nexit 5\n' >guarded/run
{
    printf '#!/bin/sh\n# '
    cat guarded/bad
    printf '\nexit 5\n'
} >guarded/run_bad
chmod 755 guarded/run guarded/run_bad
echo 'later found, now clean' >guarded/later
mkdir guarded/skipped
make_eicar guarded/skipped/bad
wait_settled

overtd_guard <<END
mode = all
deadline = 20s
END
expect_open guarded/later
expect_denied guarded/bad
expect_denied guarded/skipped/bad
code=0
guarded/run || code=$?
[ "$code" -eq 5 ] || fail "a good program cannot be executed"
code=0
guarded/run_bad 2>/dev/null || code=$?
[ "$code" -eq 126 ] || fail "a bad program can be executed"
wait_until grep -q "from opening $guarded/bad: Test.Eicar" overtd.log

# Both are counted.
curl -s --unix-socket control http://overt/metrics >page
expect_line page 'overt_guard_deadlines_total 0'
expect_line page 'overt_guard_starts_total 1'
expect_no_text page 'overt_guard_asked_total 0'
denied=$(sed -n 's/^overt_guard_denied_total //p' page)
[ "$denied" -ge 3 ] || fail "$denied denied, not three at least"

# So is what the kernel asked the guard about; an empty file is let go.
: >"$guarded/empty"
cat "$guarded/empty"
is_counted() {
    curl -s --unix-socket control http://overt/top | python3 -c '
import json, sys
guard = json.load(sys.stdin)["guard"]
sys.exit(not (guard["ignored"] and guard["allowed"] and guard["denied"] >= 3))'
}
wait_until is_counted

# What was written is looked at, though nobody opens it.
make_eicar guarded/written
wait_until grep -q "found Test.Eicar in $guarded/written" overtd.log

# Other rules: what was remembered as clean is asked about again.
printf 'Test.Later:0:*:%s\n' "$(printf 'later found' | od -An -tx1 | tr -d ' ')" \
    >>rules/test.ndb
clamd_ask 'nRELOAD\n' >/dev/null
is_denied() { ! can_open "$1"; }
wait_until is_denied guarded/later

# Other settings, without a restart.
sed -i "s|^mode = all|mode = open\nexclude-path = $guarded/skipped|" overt.conf
kill -HUP "$overtd_pid"
wait_until can_open guarded/skipped/bad
wait_until is_denied guarded/bad

# The guard is killed: openings go on, and it comes back.
old=$(guard_of)
kill -KILL "$old"
can_open guarded/bad || :
wait_until grep -q "guards nothing any more" overtd.log
wait_until is_denied guarded/bad
[ "$(guard_of)" != "$old" ] || fail "it is the same guard"

# So do workers that are killed while files are looked at.
pkill -KILL -P "$overtd_pid" overt-worker
wait_until is_denied guarded/bad

# The daemon hangs, then is killed: nobody waits.
sed -i 's/^deadline.*/deadline = 500ms/' overt.conf
kill -HUP "$overtd_pid"
wait_until is_denied guarded/bad
guard=$(guard_of)
kill -STOP "$overtd_pid"
expect_open guarded/bad
expect_open guarded/bad
kill -CONT "$overtd_pid"
wait_until is_denied guarded/bad
kill -KILL "$overtd_pid"
is_gone() { ! kill -0 "$1" 2>/dev/null; }
wait_until is_gone "$guard"
expect_open guarded/bad
