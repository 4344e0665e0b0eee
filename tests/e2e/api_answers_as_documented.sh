#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whatever the HTTP API answers is what docs/openapi.json says, and only who may
# change something can.
# shellcheck disable=SC2154 # lib.sh sets folder and the like
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

python3 -c 'import jsonschema' 2>/dev/null || skip "no python3-jsonschema"
root=$(dirname "$(dirname "$(dirname "$scenario_path")")")

make_rules
echo 'Test.Two:0:*:74776f20746869726473' >>rules/test.ndb
make_eicar eicar
printf 'two thirds' >two
zip -q -0 two.zip eicar two
truncate -s 40M zeros
zip -q bomb.zip zeros
overtd_start <<END
[daemon]
on-detection = quarantine
[scan]
max-filesize = 30M
[api]
socket = $folder/api
socket-mode = 600
admin-socket = $folder/admin
max-body = 1M
END

# Three items of one place.
is_taken() {
    [ ! -e bad ] && [ "$(find state/quarantine -name '*.item' | wc -l)" -eq "$1" ]
}
for n in 1 2 3; do
    cp eicar bad
    clamd_ask "zSCAN $folder/bad\\0" >out
    wait_until is_taken "$n"
done
python3 "$(dirname "$scenario_path")/api_check.py" "$root/docs/openapi.json" \
    "$root/src/programs/http/http_route.c" "$folder/api" "$folder/admin" \
    "$folder" || fail "it is not as documented"
expect_text overtd.log "from quarantine for good: by the HTTP API"
expect_text overtd.log "a client of the HTTP API: admin-socket is for changes"
[ "$(stat -c %a api)" = 600 ] || fail "the socket's mode is another"
[ "$(stat -c %a admin)" = 600 ] || fail "admin-socket is open to others"

# Its processes end, and others take their place; a client sees no more than a
# wait.
old=$(pgrep -P "$overtd_pid" overt-http)
[ "$(echo "$old" | wc -l)" -eq 2 ] || fail "there are not two processes: $old"
# shellcheck disable=SC2086 # both
kill -KILL $old
curl -s -m 60 --unix-socket api --data-binary @two.zip http://x/v1/scan >out
expect_text out '"verdict":"detected"'
# The entry says why and by whom.
expect_text state/allow '"reason":"our own: a&b","by":"the HTTP API"'
[ "$(wc -l <state/allow)" -eq 1 ] || fail "there are other entries"
overtd_stop
