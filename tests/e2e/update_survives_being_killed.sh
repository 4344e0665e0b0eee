#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# overt update is killed before each call that changes something on the disk, and
# the disk is full from each of them on: the installed rules are the old or the
# new ones, they scan, and the next update does its work. So it is when a helper
# is killed.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${MAKE_REPO:?set MAKE_REPO to the test program}"
command -v strace >/dev/null || skip "no strace"
strace -o /dev/null true 2>/dev/null || skip "may not trace"
# Every how many calls one is tried: all in the slow suite.
stride=${STRIDE:-1}
now=$(date +%s)
"$MAKE_REPO" old 2 $((now - 60))
"$MAKE_REPO" new 3 "$now"
"$OVERT" --state before update --from old --root old/1.root.json
make_eicar eicar
calls=fsync,renameat,renameat2,symlinkat,unlinkat,mkdirat,linkat,sendfile

# check: what holds whatever happened.
check() {
    case $(readlink state/current) in
    releases/2 | releases/3) ;;
    *) fail "$attempt: current is $(readlink state/current)" ;;
    esac
    overt --state state scan eicar
    [ "$exit_code" -eq 1 ] || fail "$attempt: the scan exits with $exit_code"
    [ ! -s err ] || fail "$attempt: the scan says $(cat err)"
    overt --state state verify
    [ "$exit_code" -eq 0 ] || [ -n "${1-}" ] ||
        fail "$attempt: verify: $(cat out)"
    overt --state state update --from new
    [ "$exit_code" -eq 0 ] || fail "$attempt: the next update: $(cat out err)"
    [ "$(readlink state/current)" = releases/3 ] || fail "$attempt: not updated"
    overt --state state verify
    [ "$exit_code" -eq 0 ] || fail "$attempt: in the end: $(cat out)"
}

cp -r before state
strace -o trace -e trace="$calls" "$OVERT" --state state update --from new \
    >/dev/null
n=$(grep -c '^[a-z]' trace)
[ "$n" -gt 40 ] || fail "only $n calls were seen"

i=1
while [ "$i" -le "$n" ]; do
    attempt="killed at call $i"
    rm -rf state
    cp -r before state
    strace -o /dev/null -e trace="$calls" \
        -e inject="$calls:signal=SIGKILL:when=$i" \
        "$OVERT" --state state update --from new >/dev/null 2>&1 || :
    # Between two files of metadata a look sees both: only the next update
    # tells.
    check metadata
    i=$((i + stride))
done

i=1
while [ "$i" -le "$n" ]; do
    attempt="disk full from call $i on"
    rm -rf state
    cp -r before state
    exit_code=0
    strace -o /dev/null -e trace="$calls" \
        -e inject="$calls:error=ENOSPC:when=$i+" \
        "$OVERT" --state state update --from new >out 2>err || exit_code=$?
    # What comes after the switch is not worth a word.
    [ "$exit_code" -eq 2 ] || [ "$(readlink state/current)" = releases/3 ] ||
        fail "$attempt: exit code $exit_code: $(cat out err)"
    check metadata
    i=$((i + 3 * stride))
done

# A helper dies: the judge, at once; fetch, whenever it is asked.
for role in judge fetch; do
    attempt="overt-$role is gone"
    rm -rf state program
    cp -r before state
    mkdir -p program/bin program/lib/overt
    cp "$OVERT" program/bin/overt
    for helper in worker judge fetch; do
        cp "$(dirname "$(dirname "$OVERT")")/$helper/overt-$helper" \
            program/lib/overt/
    done
    printf '#!/bin/sh\nkill -9 $$\n' >"program/lib/overt/overt-$role"
    exit_code=0
    program/bin/overt --state state update --from http://127.0.0.1:1 \
        >out 2>err || exit_code=$?
    case $role in
    judge) expect_exit 2 ;;
    fetch) expect_exit 3 ;;
    esac
    check
done
