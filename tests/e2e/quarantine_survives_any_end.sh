#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# overt is killed before each call that changes something on the disk while it
# takes a file away or puts it back, and each of these calls fails as on a full
# disk. The file is always in its place, whole, or in quarantine, whole; the next
# use finishes what was begun, and leaves nothing behind. OV_STEP=1 tries each
# call, else every third is tried.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

command -v strace >/dev/null || skip "no strace"
strace -o /dev/null true 2>/dev/null || skip "may not trace"

make_rules
overt rules build rules -o rules.img
expect_exit 0
mkdir files
make_eicar eicar
calls=openat,write,fsync,renameat,renameat2,mkdirat,mkdir,unlinkat,linkat
calls=$calls,fchmod,fchown,utimensat
take="--state state scan --quiet --no-cache --jobs 1 --rules rules.img --quarantine"

# The file of the test is in its place, or an item, or both; whole. After that
# the next use: nothing is left over, and what there is can be had.
check() {
    if [ -e files/bad ]; then
        cmp -s eicar files/bad || fail "$attempt: the file is damaged"
    fi
    overt --state state quarantine list
    [ "$exit_code" -eq 0 ] || fail "$attempt: list: $(cat err)"
    [ -e files/bad ] || grep -q 'files/bad$' out || fail "$attempt: it is lost"

    overt --state state quarantine purge 0000
    case $attempt in
    error*) rmdir files/.overt-* 2>/dev/null || : ;; # rmdir itself may fail
    esac
    left=$(find state/quarantine files -name 'new-*' -o -name 'taking-*' \
        -o -name '.overt-*')
    [ -z "$left" ] || fail "$attempt: left over: $left"
    overt --state state quarantine list
    if grep -q 'files/bad$' out; then
        id=$(sed -n 's/ .*files\/bad$//p' out | tail -n 1)
        rm -f copy
        overt --state state quarantine restore --keep --to copy "$id"
        [ "$exit_code" -eq 0 ] || fail "$attempt: the item: $(cat err)"
        cmp -s eicar copy || fail "$attempt: the item is damaged"
    elif [ ! -e files/bad ]; then
        fail "$attempt: it is lost"
    fi
}

# shellcheck disable=SC2086 # options
begin() {
    cp eicar files/bad
    [ "$state" = taken ] || return 0
    "$OVERT" $take files/bad >/dev/null 2>&1 || :
    [ ! -e files/bad ] || fail "$attempt: not taken"
}

# try COMMAND: once for each of its calls.
try() {
    # shellcheck disable=SC2086 # options
    strace -o trace -e trace="$calls" "$OVERT" $1 >/dev/null 2>&1 || :
    n=$(grep -c '^[a-z]' trace)
    # Opening the rules and so on comes first.
    i=$(grep -n -m 1 'state/quarantine\|"lock"' trace | cut -d: -f1)
    [ "$n" -gt "$((i + 10))" ] || fail "only $n calls were seen"
    while [ "$i" -le "$n" ]; do
        for fault in signal=SIGKILL error=ENOSPC error=EIO; do
            attempt="$fault at call $i of $1"
            rm -rf state files/.overt-* files/bad
            begin
            # shellcheck disable=SC2086 # options
            strace -o trace -e trace="$calls" -e \
                inject="$calls:$fault:when=$i" "$OVERT" $1 >told 2>&1 || :
            check
        done
        i=$((i + ${OV_STEP:-3}))
    done
}

state=there
begin
try "$take files/bad"
state=taken
rm -rf state files/bad
begin
try "--state state quarantine restore 275a021bbfb6"
