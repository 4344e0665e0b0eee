#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What overtd found clean is not scanned again while neither the file nor the
# rules have changed; and is in every other case.
# shellcheck disable=SC2154 # lib.sh sets folder and the like
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

case $(stat -f -c %T .) in
tmpfs | ramfs | fuse* | overlay*)
    skip "changes do not show in the times of such files"
    ;;
esac

# ask COMMAND FILE
ask() {
    clamd_ask "z$1 $folder/$2\\0"
}
cached() {
    curl -s --unix-socket control http://overt/metrics |
        sed -n 's/^overt_cached_total{source="clamd"} //p'
}
# expect FILE ANSWER HOW-MANY: asks once; so many were answered without a scan.
expect() {
    [ "$(ask SCAN "$1")" = "$folder/$1: $2" ] || fail "of $1: not $2"
    [ "$(cached)" -eq "$3" ] || fail "$1: $(cached) known, not $3"
}

make_rules
printf 'Test.Other:0:*:%s\n' 6f7468657220776f7264 >other.ndb # "other word"
overtd_start </dev/null
printf '%-100s' good >good
printf '%-100s' fresh >fresh
ask SCAN fresh >out # below two seconds old: never noted
wait_until is_settled good
expect good OK 0
expect good OK 1
expect good OK 2
[ "$(ask ALLMATCHSCAN good)" = "$folder/good: OK" ] || fail "not clean"
ln good link
wait_until is_settled good
expect link OK 3 # the inode's change time is another since it has two names
expect good OK 4
expect fresh OK 4
expect fresh OK 5

# Same size, and its time of modification set back.
touch -r good before
make_eicar bad
head -c 32 /dev/zero >>bad
cat bad >good
touch -r before good
expect good "Test.Eicar.UNOFFICIAL FOUND" 5
printf '%-100s' good >good
touch -r before good
wait_until is_settled good
expect good OK 5
expect good OK 6

# Another file in its place.
printf '%-100s' good >new
touch -r good new
mv new good
wait_until is_settled good
expect good OK 6
expect good OK 7

# Who has a page of it mapped goes on writing without a trace in its times.
map_start mapped bad
wait_until is_settled mapped
expect mapped OK 7
expect mapped OK 7
map_write
expect mapped "Test.Eicar.UNOFFICIAL FOUND" 7
map_stop
expect mapped "Test.Eicar.UNOFFICIAL FOUND" 7

# What was found is not remembered, nor a stream, nor memory.
wait_until is_settled bad
expect bad "Test.Eicar.UNOFFICIAL FOUND" 7
expect bad "Test.Eicar.UNOFFICIAL FOUND" 7
clamd_ask 'nINSTREAM\n\0\0\0\004good\0\0\0\0' >out
clamd_ask 'nINSTREAM\n\0\0\0\004good\0\0\0\0' >out
[ "$(cached)" -eq 7 ] || fail "a stream is remembered"

# Other rules: nothing is known any more.
printf '%-100s' 'one other word' >words
wait_until is_settled words
expect words OK 7
expect words OK 8
cp other.ndb rules/
kill -HUP "$overtd_pid"
wait_until grep -q 'other rules are in use' overtd.log
expect words "Test.Other.UNOFFICIAL FOUND" 8
expect good OK 8
expect good OK 9
overtd_stop

# Other options are another daemon; and it can be told to remember nothing.
for n in 1 2; do
    if [ "$n" = 1 ]; then
        overtd_start <<END
[scan]
max-filesize = 50
END
        [ "$(ask SCAN good)" != "$folder/good: OK" ] || fail "too large is clean"
    else
        overtd_start <<END
[daemon]
remember = 0
END
        expect good OK 0
        expect good OK 0
    fi
    overtd_stop
done
