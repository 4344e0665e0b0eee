#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Under load: rules change, workers are killed, signals come in storms,
# descriptors run out, clients are slow or send garbage. Every request that is
# asked properly is answered, and rightly; nothing of it stays behind.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
make_eicar bad
echo clean >good
folder=$PWD
load=$(dirname "$0")/clamd_load.py
# shellcheck disable=SC3045 # dash and bash have it
ulimit -n 256
overtd_start <<END
idle-timeout = 60
max-connections = 200
END

ask() {
    python3 "$load" "$folder/clamd.sock" ask "$1" "$2" "$folder/bad" \
        "$folder/good" >"asked.$3" 2>&1
}

# shellcheck disable=SC2154 # lib.sh sets overtd_pid
n_descriptors() {
    find "/proc/$overtd_pid/fd" -type l | wc -l
}

# One file after the other, until all have been answered.
ask 2 30 first || fail "$(cat asked.first)"
before=$(n_descriptors)

# Other rules under load: no answer is wrong, or missing.
ask 4 60 swap &
asking=$!
for i in 1 2 3 4 5; do
    printf 'Other.%s:0:*:%08d\n' "$i" "$i" >rules/other.ndb
    clamd_ask 'nRELOAD\n' >/dev/null
    swapped() {
        [ "$(grep -c 'other rules are in use' overtd.log)" -ge "$i" ]
    }
    wait_until swapped
done
wait "$asking" || fail "$(cat asked.swap)"
expect_line asked.swap "240 asked, 0 failed"

# A storm of signals.
i=0
while [ "$i" -lt 300 ]; do
    kill -HUP "$overtd_pid"
    i=$((i + 1))
done
ask 2 30 storm || fail "$(cat asked.storm)"

# Workers that are killed cost the file that they were at, no more: with few
# files under way at each, nearly all are answered rightly; all are answered.
ask 4 60 kill &
asking=$!
for i in 1 2 3 4 5 6; do
    pkill -KILL -P "$overtd_pid" overt-worker || :
    ask 1 3 between || :
done
wait "$asking" || :
expect_text asked.kill "240 asked"
expect_no_text asked.kill "failed:"
ask 2 30 after || fail "$(cat asked.after)"

# Slow clients take all connections there may be but do not keep others out for
# longer than they stay; garbage harms nobody.
python3 "$load" "$folder/clamd.sock" slow 150 "$folder/good" >out
expect_line out "$folder/good: OK"
python3 "$load" "$folder/clamd.sock" garbage 7 300
ask 2 30 last || fail "$(cat asked.last)"

# Nothing stays behind.
# Both workers may be there by now, and only one was before.
is_as_before() {
    [ "$(n_descriptors)" -le $((before + 2)) ]
}
wait_until is_as_before
overtd_stop
