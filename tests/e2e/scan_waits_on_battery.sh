#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# With --wait-on-battery nothing is begun while the machine's battery feeds it; the
# scan says so, goes on with the mains, and can be interrupted meanwhile.
# shellcheck disable=SC2154 # lib.sh sets folder and the like
if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: covers /sys with power supplies, so needs root"
    exit 77
fi
# A mount that nobody else sees.
[ -n "${IN_OWN_MOUNTS-}" ] ||
    IN_OWN_MOUNTS=1 exec unshare -m --propagation private sh "$0"
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
make_eicar eicar
supplies=/sys/class/power_supply
[ -d "$supplies" ] || skip "the kernel knows no power supplies"
mkdir supplies
mount --bind supplies "$supplies" || skip "no mounts here"
mkdir "$supplies/BAT0" "$supplies/AC"
echo Battery >"$supplies/BAT0/type"
echo Discharging >"$supplies/BAT0/status"
echo Mains >"$supplies/AC/type"
echo 0 >"$supplies/AC/online"

waits() { grep -q 'on battery: waiting' err; }

overt scan --rules rules eicar # without the option power is nobody's concern
expect_exit 1
expect_text out "eicar: DETECTED Test.Eicar"

overt_start scan --quiet --wait-on-battery --rules rules eicar
wait_until waits
[ ! -s out ] || fail "it went on on battery"
echo 1 >"$supplies/AC/online"
overt_wait
expect_exit 1
expect_text out "eicar: DETECTED Test.Eicar"
expect_line err "overt: on the mains: going on"

echo 0 >"$supplies/AC/online"
overt_start scan --wait-on-battery --rules rules eicar
wait_until waits
kill -INT "$overt_pid"
overt_wait
expect_exit 2
expect_text out "INTERRUPTED"
