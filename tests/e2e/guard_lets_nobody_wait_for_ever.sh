#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Deadlines hold, and whoever waits goes on if the daemon hangs or dies, or the
# guard does.
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/guard.sh"

echo SLOW >guarded/slow
echo SLOW >guarded/slow2
echo good >guarded/good
echo EVIL >guarded/bad

# In time by policy: it goes on, and the daemon is told.
warden open 300
expect_open guarded/slow
wait_until has_text told "late open $guarded/slow "
expect_denied guarded/bad
warden_end

warden open 300 late=deny
expect_denied guarded/slow
wait_until has_text told "late open $guarded/slow "
expect_open guarded/good

# One who waits does not hold up the others.
(: <guarded/slow2) 2>/dev/null &
expect_open guarded/good
warden_end

# A daemon that hangs: the first wait their time, then nobody does; when it
# goes on, it is told, and asked as before.
warden open 1000
kill -STOP "$warden_pid"
expect_open guarded/bad
expect_open guarded/bad
before=$(date +%s)
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    expect_open guarded/bad
done
[ $(($(date +%s) - before)) -lt 15 ] || fail "each one waits for a dead daemon"
kill -CONT "$warden_pid"
wait_until has_text told "went on without a check"
expect_denied guarded/bad

# The guard is killed while somebody waits: the kernel lets him go.
kill -STOP "$warden_pid"
(: <guarded/good) &
waiter=$!
kill -KILL "$guard_pid"
wait "$waiter" || fail "the guard's end denies"
kill -CONT "$warden_pid"
wait_until has_line told gone
expect_open guarded/bad
wait "$warden_pid" || :

# The daemon is killed while somebody waits.
warden open 60000
(: <guarded/slow) &
waiter=$!
wait_until has_text told "ask open $guarded/slow "
warden_end
wait "$waiter" || fail "the daemon's end denies"
is_gone() { ! kill -0 "$guard_pid" 2>/dev/null; }
wait_until is_gone
expect_open guarded/bad
