#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What overtd does shows: in events, in its status, in metrics, in what costs
# most; and its settings can be read anew.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

folder=$PWD
command -v curl >/dev/null || skip "curl is not installed"
make_rules
mkdir -p tree events
make_eicar "$(printf 'tree/bad\nname')"
make_eicar tree/bad
echo clean >tree/good
cat >hook <<END
#!/bin/sh
printf '%s|' "\$OVERT_EVENT" "\$OVERT_RULE" >>"$folder/hooked"
END
chmod 755 hook tree
overtd_start <<END
[events]
journal = no
json = $folder/events/json
cef = $folder/events/cef
ecs = $folder/events/ecs
command = $folder/hook
END

# ask METHOD PAGE: into the file page; the status is $status.
ask() {
    status=$(curl -s -o page -w '%{http_code}' --unix-socket control \
        -X "$1" "http://overt$2")
}

clamd_ask "SCAN $folder/tree/good\n" >answer
clamd_ask "SCAN $folder/tree/bad\n" >answer
expect_text answer FOUND

# Events: each of the formats has one line an event.
expect_text overtd.log "overtd: found Test.Eicar in $folder/tree/bad"
wait_until test -s hooked
expect_text hooked 'detection|Test.Eicar|'
python3 - "$folder" <<'END' || fail 'events differ'
import json, sys
folder = sys.argv[1]
events = [json.loads(line) for line in open("events/json")]
assert [e["event"] for e in events] == ["start", "ready", "detection"], events
found = events[2]
assert found["path"] == folder + "/tree/bad" and found["rule"] == "Test.Eicar"
assert found["size"] == 68 and found["source"] == "clamd"
assert "python" in found["process"] and found["severity"] == "alert"
ecs = [json.loads(line) for line in open("events/ecs")][2]
assert ecs["event"]["category"] == ["malware"], ecs
assert ecs["file"]["path"] == found["path"]
assert ecs["process"]["pid"] == found["pid"]
cef = open("events/cef").read().splitlines()
assert len(cef) == 3
assert cef[2].startswith("CEF:0|Overt|Overt|") and " cs1=Test.Eicar " in cef[2]
END

# A name with a line end is one event. (Only MULTISCAN of the folder gets to it.)
clamd_ask "MULTISCAN $folder/tree\n" >answer
expect_text events/json 'tree/bad\u000aname'
[ "$(grep -c '|detection|' events/cef)" -eq 3 ] || fail 'not three in CEF'

# Status, metrics, top.
ask GET /status
[ "$status" -eq 200 ] || fail "status $status"
expect_text page '"ready":true'
expect_text page '"detected":3'
expect_text page '"clean":2'
ask GET /metrics
expect_line page 'overt_scans_total{source="clamd",verdict="detected"} 3'
expect_line page 'overt_scan_seconds_count 5'
expect_text page 'overt_memory_bytes{process="workers"} '
expect_no_text page 'overt_memory_bytes{process="overtd"} 0'
ask GET /top
expect_text page "{\"name\":\"$folder/tree\",\"n\":5,"
ask GET /nothing
[ "$status" -eq 404 ] || fail "not 404: $status"
ask POST /status
[ "$status" -eq 405 ] || fail "not 405: $status"

# The same for people.
overt top --once --control control
expect_exit 0
expect_text out 'FOLDER'
expect_text out "  $folder/tree"
overt top --json --control control
python3 -m json.tool <out >/dev/null || fail 'top is no JSON'
overt status --control control
expect_text out 'overtd   '
expect_text out '5 scans: 3 detected, 0 inconclusive'
overt status --json --control control
python3 -c 'import json, sys
assert json.load(sys.stdin)["overtd"]["ready"] is True' <out || fail 'status'
overt top --control nothing
expect_exit 2
expect_text err 'overtd does not run here'

# Settings anew: those that may change do, wrong ones change nothing.
sed -i 's/^json = .*/json = other.json/' overt.conf
ask POST /reload
expect_line page '{"reloaded":false}'
expect_text overtd.log 'not a place; write /a/file'
expect_text events/json '"event":"settings-refused"'
sed -i "s|^json = .*|json = $folder/events/other|; s/^workers = .*/workers = 1/" overt.conf
ask POST /reload
expect_line page '{"reloaded":true}'
expect_text events/other '"event":"reloaded"'
expect_text events/other 'workers, memory-ceiling'
clamd_ask "SCAN $folder/tree/bad\n" >answer
expect_text events/other '"event":"detection"'

# SIGHUP does the same.
: >events/other
# shellcheck disable=SC2154 # lib.sh sets it
kill -HUP "$overtd_pid"
wait_until grep -q '"event":"reloaded"' events/other

overtd_stop
expect_text events/other '"event":"stop"'
