#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The memory of a process is scanned: by yara's rules as yara does, by ClamAV's,
# and what cannot be read is an error that says why.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

mkfifo gate
# The word is nowhere but in the memory of the shell that puts it together.
# shellcheck disable=SC2016 # for that shell
env -i sh -c 'half=in-memory; word=marker-$half-$1; echo "${#word}" >ready
    read -r line <gate' sh 9731 &
# shellcheck disable=SC2034 # lib.sh ends it
servers=$!
pid=$!
wait_until test -s ready
[ -r "/proc/$pid/mem" ] || skip "no memory of processes here"

cat >rules.yar <<'RULES'
import "hash"
import "elf"
rule word { strings: $a = /marker-in-[a-z]+-9731/ condition: $a }
rule place {
    strings: $a = "in-memory-9731"
    condition: uint32(@a) == 0x6d2d6e69 and $a at @a[1] and !a == 14 and
        hash.md5(@a, 14) == hash.md5("in-memory-9731")
}
rule nothing { condition: filesize >= 0 or entrypoint >= 0 or uint8(0) >= 0 }
rule sized { condition: not defined filesize and not defined hash.md5(0, 9) }
rule starts { strings: $a = /^.ELF/ condition: #a > 1 }
rule absent { strings: $a = "marker-in-memory-9732" condition: $a }
RULES

overt yara rules.yar $pid
expect_exit 0
for rule in word place sized starts; do
    expect_line out "$rule $pid"
done
expect_no_text out absent
if command -v yara >/dev/null; then
    for options in -s -c -n "-s --max-process-memory-chunk=65536"; do
        # shellcheck disable=SC2086 # words
        yara -w $options rules.yar $pid | sort >wanted
        # shellcheck disable=SC2086
        overt yara -w $options rules.yar $pid
        sort out | diff - wanted >differ || fail "yara $options says otherwise"
    done
fi

printf 'Test.Memory:0:*:%s\n' 6d61726b65722d696e2d6d656d6f72792d39373331 >m.ndb
overt scan --pid $pid --rules m.ndb
expect_exit 1
expect_text out "/proc/$pid: DETECTED Test.Memory"
overt scan --pid $pid --rules m.ndb --json
expect_text out '"rule":"Test.Memory"'

overt scan --pid $pid --pid 4194305 --rules rules.yar
expect_exit 1
expect_text err "/proc/4194305: there is no process 4194305"
overt yara rules.yar 4194305
expect_exit 1
expect_text err "error scanning 4194305"
overt scan --pid $pid --rules m.ndb .
expect_exit 2
expect_text err "processes or files, not both"
# A file of that name comes first, as in yara.
echo marker-in-file-9731 >"$pid"
overt yara rules.yar $pid
expect_text out "word $pid"
expect_no_text out "starts"
