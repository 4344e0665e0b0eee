#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# overtd answers clamd's commands in all framings as clamd 1.4.6 does, and
# clamdscan works with it.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
mkdir -p tree/sub empty
make_eicar tree/bad
make_eicar tree/sub/bad
echo clean >tree/good
ln -s tree/bad link
chmod 755 tree tree/sub
overtd_start <<END
socket-mode = 0666
stream-max = 1M
END
name=Test.Eicar.UNOFFICIAL
folder=$PWD

# Three framings, and the old one without an end.
expect_answer 'PING' 'PONG\n'
expect_answer 'PING\n' 'PONG\n'
expect_answer 'PING\r\n' 'PONG\n'
expect_answer 'nPING\n' 'PONG\n'
expect_answer 'zPING\0' 'PONG\n'
expect_answer 'nPING\nnPING\n' 'PONG\n'
expect_answer 'ping\n' 'UNKNOWN COMMAND\n'
expect_answer 'zPINGx\0' 'UNKNOWN COMMAND\n'
expect_answer 'VERSIONCOMMANDS\n' 'UNKNOWN COMMAND\n'
clamd_ask 'VERSION\n' >out
expect_text out "ClamAV "
clamd_ask 'zVERSIONCOMMANDS\0' >out
expect_text out "| COMMANDS: SCAN QUIT RELOAD PING CONTSCAN VERSIONCOMMANDS"
clamd_ask 'nSTATS\n' >out
expect_text out "POOLS: 1"
expect_line out "END"

# Files and folders.
expect_answer "SCAN $folder/tree/bad" "$folder/tree/bad: $name FOUND\n"
expect_answer "nSCAN $folder/tree/good\\n" "$folder/tree/good: OK\n"
expect_answer "nSCAN $folder/empty\\n" "$folder/empty: OK\n"
expect_answer "zSCAN $folder/none\\0" \
    "$folder/none: File path check failure: No such file or directory. ERROR\n"
expect_answer "nSCAN $folder/link\\n" "$folder/link: $name FOUND\n"
clamd_ask "nSCAN $folder/tree\\n" >out
[ "$(wc -l <out)" -eq 1 ] || fail "SCAN goes on after a finding"
for command in CONTSCAN MULTISCAN ALLMATCHSCAN; do
    clamd_ask "n$command $folder/tree\\n" | sort >out
    printf '%s\n' "$folder/tree/bad: $name FOUND" \
        "$folder/tree/sub/bad: $name FOUND" | cmp - out ||
        fail "$command does not find both"
done

printf 'Second:0:*:%s\n' 58354f2150254041 >rules/second.ndb
clamd_ask 'RELOAD\n' >out
wait_until grep -q 'other rules are in use' overtd.log
clamd_ask "nSCAN $folder/tree/bad\\n" >out
[ "$(wc -l <out)" -eq 1 ] || fail "SCAN tells more than one finding"
clamd_ask "nALLMATCHSCAN $folder/tree/bad\\n" | sort >out
printf '%s\n' "$folder/tree/bad: Second.UNOFFICIAL FOUND" \
    "$folder/tree/bad: $name FOUND" | cmp - out ||
    fail "ALLMATCHSCAN does not find both"
rm rules/second.ndb
clamd_ask 'nRELOAD\n' >out
expect_line out RELOADING
has_swapped_twice() {
    [ "$(grep -c 'other rules are in use' overtd.log)" -eq 2 ]
}
wait_until has_swapped_twice

# Streams, descriptors, sessions.
expect_answer 'zINSTREAM\0\0\0\0\3abc\0\0\0\0' 'stream: OK\n'
expect_answer "nINSTREAM\\n\\0\\0\\0\\104$(sed 's/\\/\\\\/g' tree/bad)\\0\\0\\0\\0" \
    "stream: $name FOUND\n"
expect_answer 'zINSTREAM\0\x7f\0\0\0abc' 'INSTREAM size limit exceeded. ERROR\n'
clamd_ask 'zFILDES\0x' tree/bad >out
expect_text out "]: $name FOUND"
clamd_ask 'nFILDES\nx' tree/good >out
expect_text out "]: OK"
expect_answer 'zFILDES\0x' 'No file descriptor received. ERROR\n'
clamd_ask "zIDSESSION\\0zPING\\0zSCAN $folder/tree/bad\\0zINSTREAM\\0\\0\\0\\0\\1x\\0\\0\\0\\0zPING\\0zEND\\0" |
    sort >out
printf '%s\n' "1: PONG" "2: $folder/tree/bad: $name FOUND" "3: stream: OK" \
    "4: PONG" | cmp - out || fail "a session's answers are not four"
expect_answer 'zIDSESSION\0zPING\0zRELOAD\0zPING\0' \
    '1: PONG\n2: Command invalid inside IDSESSION. ERROR\n'

# Not everybody may end it.
expect_answer 'SHUTDOWN\n' 'COMMAND UNAVAILABLE\n'
expect_answer 'nPING\n' 'PONG\n'

if command -v clamdscan >/dev/null 2>&1; then
    echo "LocalSocket $folder/clamd.sock" >clamd.conf
    for how in --stream --fdpass --multiscan --quiet; do
        clamdscan_here "$how" "$folder/tree"
        expect_exit 1
        [ "$how" = --quiet ] || {
            sort out >sorted
            printf '%s\n' "$folder/tree/bad: $name FOUND" \
                "$folder/tree/sub/bad: $name FOUND" | cmp - sorted ||
                fail "clamdscan $how: $(cat out)"
        }
        clamdscan_here "$how" "$folder/tree/good"
        expect_exit 0
    done
    clamdscan --config-file=clamd.conf --reload
    clamdscan --config-file=clamd.conf --ping 3 >out
    expect_text out PONG
fi
overtd_stop
