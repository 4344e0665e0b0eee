#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names shared with lib.sh
# overtd updates by itself: what is new is used without a pause, and what is
# refused or out of reach is told once and changes nothing.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${MAKE_REPO:?set MAKE_REPO to the test program}"
command -v curl >/dev/null || skip 'curl is not installed'
folder=$PWD
now=$(date +%s)
"$MAKE_REPO" first 2 $((now - 300))
"$MAKE_REPO" second 3 $((now - 200))
"$MAKE_REPO" bad 4 $((now - 150)) forged
"$MAKE_REPO" last 4 $((now - 100))
make_eicar eicar
printf 'overttest\001\003' >new
chmod 755 .
overt --state "$folder/state" update --from first --root first/1.root.json
expect_exit 0

# offer REPOSITORY: from now on that is what the mirror has.
offer() {
    ln -sfn "$1" mirror.new
    mv -T mirror.new mirror
}
# configure PLACE INTERVAL
configure() {
    cat >overt.conf <<END
[scan]
state = $folder/state
[update]
from = $1
interval = $2
[daemon]
control = $folder/control
workers = 1
[clamd]
socket = $folder/clamd.sock
[events]
journal = no
json = $folder/events
END
    chmod 600 overt.conf
}
reload() {
    curl -s --unix-socket control -X POST http://overt/reload >page
    expect_line page '{"reloaded":true}'
}
# counted RESULT LEAST: so many updates ended so, or more.
counted() {
    curl -s --unix-socket control http://overt/metrics >page
    [ "$(sed -n "s/^overt_updates_total{result=\"$1\"} //p" page)" -ge "$2" ]
}
told() { # EVENT: how often
    grep -c "\"event\":\"$1\"" events || :
}
expect_told() {
    [ "$(told "$1")" -eq "$2" ] || fail "$1 is told $(told "$1") times"
}
finds_eicar() {
    clamd_ask "SCAN $folder/eicar\n" >answer
    expect_text answer 'Test.Eicar FOUND'
}

offer first
configure "$folder/mirror" 300ms
"$OVERTD" --check --config "$folder/overt.conf" >out 2>err || fail "$(cat err)"
"$OVERTD" --config "$folder/overt.conf" 2>overtd.log &
overtd_pid=$!
servers=$overtd_pid
wait_until grep -q 'overtd: ready' overtd.log
expect_text events '"release":2'

# Nothing new is nothing to tell.
wait_until counted current 2
expect_told updated 0
clamd_ask "SCAN $folder/new\n" >answer
expect_line answer "$folder/new: OK"

# A new release is in use, and nobody waits for it.
offer second
wait_until grep -q '"event":"rules-loaded".*"release":3' events
expect_told updated 1
clamd_ask "SCAN $folder/new\n" >answer
expect_text answer 'Test.Rule3 FOUND'
counted installed 1 || fail 'the release is not counted'
[ "$(stat -c %a state/current/image.1)" = 644 ] || fail 'others cannot read it'

# One that is refused is told once, however often it is offered.
offer bad
wait_until counted refused 3
expect_told update-refused 1
expect_text events '"reason":"not-signed"'
finds_eicar
expect_text events '"release":3'
overt --state state status --control control
expect_text out 'updates: next '
expect_text out '(not-signed)'

# So is one that cannot be had. The mirror's place is a setting as others.
configure http://127.0.0.1:9 300ms
reload
wait_until counted failed 3
expect_told update-failed 1
expect_text events '"reason":"unreachable"'
finds_eicar

# All is well again, and that is told, too.
offer last
configure "$folder/mirror" 300ms
reload
wait_until grep -q '"event":"rules-loaded".*"release":4' events
expect_told update-recovered 1
expect_told updated 2
finds_eicar

# 0 is never.
configure "$folder/mirror" 0
reload
expect_line page '{"reloaded":true}'
is_off() {
    curl -s --unix-socket control http://overt/status >page
    grep -q '"update_interval":0' page && grep -q '"update_next":0' page
}
wait_until is_off

# Its end ends an update that is under way, and the state is as it was.
cat >slow.py <<'END'
import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
open("port", "w").write(str(s.getsockname()[1]))
kept = []
while True:
    kept.append(s.accept())
    open("asked", "w")
END
python3 slow.py &
servers="$servers $!"
silent=$!
wait_until test -s port
configure "http://127.0.0.1:$(cat port)" 300ms
reload
wait_until test -e asked
kill "$overtd_pid"
wait "$overtd_pid" || fail 'overtd did not end well'
servers=$silent
! pgrep -f "$folder/overt.conf update" >/dev/null || fail 'an update goes on'
overt --state state verify
expect_exit 0
overt --config "$folder/none.conf" --state state update
expect_exit 2
expect_text err 'there is no such file'
overt --config "$folder/overt.conf" --state state update --from last
expect_exit 0
expect_line out 'release 4 is the newest'
