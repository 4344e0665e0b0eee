#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# overtd looks up programs that no rule finds, if it is told to: here, and in the
# cloud where only that knows; each request is in the ledger, and an answer that
# does not come in time holds nobody up.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/cloud_client.sh"

trust_publisher
make_rules
printf '\177ELF evil' >evil
printf '\177ELF of no interest' >other
printf 'evil text' >text
digest_of() {
    sha256sum "$1" | cut -c -64
}
make_cloud cloud 1 "bad=$(digest_of evil)" "bad=$(digest_of text)"
python3 "$tests/mirror.py" . &
servers=$!
wait_until test -e port
at=http://127.0.0.1:$(cat port)
cloud update --from "$at/plain/cloud"
expect_exit 0
cloud mode prefix --yes
rm -f requests

ask() {
    clamd_ask "zSCAN $folder/$1\\0" >answer
}
expect_answer() {
    ask "$1"
    expect_line answer "$folder/$1: $2"
}
metric() {
    curl -s --unix-socket control http://overt/metrics |
        sed -n "s/^overt_cloud_$1 //p"
}
restart() {
    kill "$overtd_pid"
    wait "$overtd_pid" || :
    servers=${servers%% *}
    rm -f overtd.log
    overtd_start
}

# Not unless it is wanted.
overtd_start </dev/null
expect_answer evil OK
[ ! -e requests ] || fail 'a request that nobody wanted'

# Looked up; what is in no filter, and what is no program, is asked nowhere.
restart <<END
[cloud]
server = $at/plain/cloud
[daemon]
cloud = yes
cloud-wait = 20s
END
expect_answer text OK
expect_answer other OK
[ ! -e requests ] || fail 'asks for what it knows'
expect_answer evil 'Cloud.malicious.Example.Family.UNOFFICIAL FOUND'
[ "$(grep -c '^GET' requests)" -eq 1 ] || fail "not one request"
[ "$(metric 'lookups_total{answer="bad"}')" -eq 1 ] || fail "metric bad"
[ "$(metric 'lookups_total{answer="good"}')" -eq 1 ] || fail "metric good"
overt outbound list --state state --json
expect_text out '"process":"overtd"'
overt outbound verify --state state
expect_exit 0
expect_text overtd.log 'Cloud.malicious.Example.Family'

# The owner says no more: nobody is asked.
cloud mode off
rm requests
touch state/reputation/current
expect_answer evil OK
[ ! -e requests ] || fail 'asks though the mode is off'
cloud mode prefix --yes

# No answer comes: inconclusive in time, and not remembered as clean.
restart <<END
[cloud]
server = $at/silent/cloud
[daemon]
cloud = yes
cloud-wait = 300ms
END
ask evil
grep -q 'ERROR$' answer || fail "not inconclusive: $(cat answer)"
expect_answer other OK
[ "$(metric late_total)" -eq 1 ] || fail "not late"
