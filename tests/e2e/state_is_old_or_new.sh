#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# A writer of the state is killed before each of its system calls, and each of
# them fails: every file is the old or the new one, whole, and so is the current
# release; and the next writer does its work.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${REMEMBER:?set REMEMBER to the test program}"
command -v strace >/dev/null || skip "no strace"
strace -o /dev/null true 2>/dev/null || skip "may not trace"

calls=openat,write,sendfile,fsync,renameat,unlink,unlinkat,mkdirat,mkdir
calls=$calls,symlinkat,fcntl,close,fstat,newfstatat,getdents64,readlinkat,read

# check OLD NEW: what is there says one of the two everywhere.
check() {
    "$REMEMBER" state >out || fail "$attempt: the state cannot be read"
    while read -r what number; do
        case $number in
        '') ;;
        "$1" | "$2") ;;
        none) [ "$1" = none ] || fail "$attempt: $what is lost" ;;
        *) fail "$attempt: $what $number" ;;
        esac
    done <<EOF
$(grep -v '^nothing$' out | sed 's/^current 0$/current none/')
EOF
    current=$(sed -n 's/^current //p' out)
    release=$(sed -n 's/^release //p' out)
    [ "$current" = "$release" ] || [ "$release" = none ] ||
        fail "$attempt: release $current says $release"
}

# How many calls a whole run makes.
strace -o trace -e trace="$calls" "$REMEMBER" state 1
n=$(grep -c '^[a-z]' trace)
[ "$n" -gt 30 ] || fail "only $n calls were seen"

for inject in signal=SIGKILL error=ENOSPC; do
    rm -rf state
    i=1
    old=none
    while [ "$i" -le "$n" ]; do
        attempt="$inject at call $i"
        strace -o trace -e trace="$calls" -e \
            inject="$calls:$inject:when=$i" "$REMEMBER" state "$i" \
            >/dev/null 2>&1 || :
        check "$old" "$i"
        # The next one is not held up by what was left behind.
        if [ $((i % 5)) -eq 0 ]; then
            old=$((1000 + i))
            "$REMEMBER" state "$old" || fail "$attempt: nothing works any more"
            check "$old" "$old"
        else
            rm -rf state
            old=none
            [ "$i" -lt 5 ] || {
                "$REMEMBER" state 1
                old=1
            }
        fi
        i=$((i + 1))
    done
done
[ "$(find state -name '.*' ! -name . | wc -l)" -le 3 ] ||
    fail "rubbish was left behind"
