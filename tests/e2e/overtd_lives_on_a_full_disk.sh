#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# With no room for its state, quarantine and log of events overtd goes on: it
# answers, leaves files where they are, tells what could not be done; and does
# it all once there is room again.
# shellcheck disable=SC2154 # lib.sh sets folder and the like
if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: mounts a small disk, so needs root"
    exit 77
fi
# A mount that nobody else sees.
[ -n "${IN_OWN_MOUNTS-}" ] ||
    IN_OWN_MOUNTS=1 exec unshare -m --propagation private sh "$0"
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
make_eicar eicar
mkdir small
mount -t tmpfs -o size=6M small small || skip "no mounts here"
mkdir -m 700 small/state
overtd_start <<END
stream-max = 20M
[scan]
state = $folder/small/state
[daemon]
on-detection = quarantine
[events]
json = $folder/small/events.json
END

is_taken() { [ ! -e bad ]; }

cp eicar bad
expect_answer "nSCAN $folder/bad\\n" \
    "$folder/bad: Test.Eicar.UNOFFICIAL FOUND\\n"
wait_until is_taken
expect_text small/events.json '"event":"quarantined"'

# Full to the last byte.
dd if=/dev/zero of=small/fill bs=4096 2>/dev/null || :
for n in 1 2 3; do
    cp eicar bad
    expect_answer "nSCAN $folder/bad\\n" \
        "$folder/bad: Test.Eicar.UNOFFICIAL FOUND\\n"
    is_told() {
        [ "$(grep -c 'could not move .* into quarantine' overtd.log)" -eq "$n" ]
    }
    wait_until is_told
    cmp -s eicar bad || fail "the file is not where it was"
done
expect_answer 'nINSTREAM\n\0\0\0\04good\0\0\0\0' 'stream: OK\n'
kill -HUP "$overtd_pid"
expect_answer 'nPING\n' 'PONG\n'

# Room again.
rm small/fill
expect_answer "nSCAN $folder/bad\\n" \
    "$folder/bad: Test.Eicar.UNOFFICIAL FOUND\\n"
wait_until is_taken
"$OVERT" quarantine list --state "$folder/small/state" >out
[ "$(wc -l <out)" -eq 2 ] || fail "not two items: $(cat out)"
is_counted() {
    ! curl -s --unix-socket control http://overt/metrics |
        grep -qx 'overt_events_lost_total 0'
}
is_counted || fail "no lost event is counted"
overtd_stop
umount small
