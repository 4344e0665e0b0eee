#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# overt yara prints the lines and gives the exit codes of yara, option by option;
# overt yarac writes what overt yara -C reads.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

command -v yara >/dev/null || skip "yara is not installed"

mkdir -p d/sub
printf 'hello world hello\001\377\n%0600d' 5 >d/bad
printf 'h\000e\000l\000l\000o\000' >>d/bad
printf 'nothing here' >d/good
cp d/bad d/sub/bad2
ln -s bad d/link
printf 'd/bad\nd/good\n' >list
cat >rules.yar <<'EOF'
rule first : tagA tagB
{
    meta:
        text = "x"
        minus = -5
        hex = 0x10
        truth = true
        odd = "q\"uote\n\x01\xff"
    strings:
        $a = "hello"
        $b = { 68 65 ?? 6c }
        $w = "hello" wide
        $p = "world" private
    condition:
        any of them
}
private rule hidden { condition: true }
rule any_size { condition: filesize > 3 }
rule never { condition: false }
rule long_one : tagC
{
    strings:
        $long = { 30 30 30 [100-110] 30 }
    condition:
        $long
}
EOF

# In any order of files: both look at several at once.
same_as_yara() {
    theirs=0
    yara -w "$@" >their.out 2>their.err || theirs=$?
    overt yara -w "$@"
    expect_exit "$theirs"
    sort their.out >their.lines
    sort out >our.lines
    diff their.lines our.lines >diff.out || {
        cat diff.out >&2
        fail "yara $* prints otherwise"
    }
}

for options in -e -g -m -s -L -c -n -r '-g -m -e -s' '-s -L' '-i any_size' \
    '-t tagC' '-t tagA -t tagC' '-c -n' '-n -m -g' '-r -N' '-z 100' \
    '-r -z 100 -s' '-p 2 -r' '-a 60' '-k 20000 -g'; do
    # shellcheck disable=SC2086 # several options
    same_as_yara $options rules.yar d/bad
    # shellcheck disable=SC2086
    same_as_yara $options rules.yar d
done
same_as_yara rules.yar d/link
same_as_yara -N rules.yar d/link
same_as_yara rules.yar d/nothere
same_as_yara nothere.yar d/bad
same_as_yara -l 1 rules.yar d/bad
same_as_yara -l 2 -s rules.yar d/bad
same_as_yara --scan-list rules.yar list
same_as_yara --print-strings --print-meta rules.yar d/bad
same_as_yara rules.yar
same_as_yara --nosuch rules.yar d/bad

# More matches than are kept of a string that nobody asks the places of.
awk 'BEGIN { for (i = 0; i < 70000; i++) printf "ab"; printf "zz" }' >d/many
cat >places.yar <<'EOF'
rule number { strings: $a = "ab" condition: @a[69000] == 137998 }
rule last { strings: $a = /ab+/ condition: @a[#a] == 139998 and !a[#a] == 2 }
rule far { strings: $a = "ab" condition: $a at 139998 and not $a at 139999 }
rule beside
{
    strings:
        $a = "ab"
        $z = "zz"
    condition:
        for any i in (69990..#a) : (@a[i] + 2 == @z)
}
EOF
same_as_yara places.yar d/many
same_as_yara -s -i number places.yar d/many
rm d/many

# One line of each rule's strings, in the order of places.
overt yara -w -s rules.yar d/bad
yara -w -s rules.yar d/bad >their.out
diff their.out out || fail "the order of lines is another"

overt yarac -w rules.yar compiled
expect_exit 0
overt yara -C -s compiled d/bad
expect_exit 0
diff their.out out || fail "the compiled rules find something else"
overt yara -C rules.yar d/bad
expect_exit 1
expect_text err "not a rule image"

# The name it is called by tells what it is.
ln -s "$OVERT" yara
./yara -w -s rules.yar d/bad >out
diff their.out out || fail "called as yara it prints otherwise"

# What is wrong with a rule is told with its file and line.
echo 'rule broken { condition: nothing_known }' >broken.yar
overt yara broken.yar d/bad
expect_exit 1
expect_text err "broken.yar:1"

# Namespaces, also of an image.
printf 'rule one { condition: true }\n' >one.yar
printf 'rule two : tag { condition: true }\n' >two.yar
overt yara -e -g first:one.yar two.yar one.yar
expect_line out 'first:one [] one.yar'
expect_line out 'default:two [tag] one.yar'
overt yarac first:one.yar second:two.yar spaces.img
overt yara -C -e spaces.img one.yar
expect_line out 'first:one one.yar'
expect_line out 'second:two one.yar'

# What modules say of a file, in yara's order; 4.5 has more fields than 4.2, so
# the lines that yara has are looked for.
cat >data.yar <<'RULES'
import "math"
import "elf"
import "console"
rule data { condition: console.log("said") and elf.type == elf.ET_DYN }
RULES
overt yara -D data.yar "$OVERT"
expect_exit 0
yara -D data.yar "$OVERT" >their.out
grep -vxF -f out their.out >missing && fail "-D lacks lines of yara's"
grep -v '^	' their.out >their.lines
grep -v '^	' out | diff their.lines - || fail "-D has another order"

# Statistics have yara's labels; of rules and strings also the numbers.
overt yara -w -S one.yar one.yar
yara -w -S one.yar one.yar >their.out
sed 's/[0-9.]*$//' their.out >their.lines
sed 's/[0-9.]*$//' out | diff their.lines - || fail "-S prints otherwise"
overt yara -w -S rules.yar d/good
expect_line out 'number of strings                  : 5'

# Warnings, each time, whether or not the rules are known already.
cat >slow.yar <<'RULES'
rule slow {
    strings:
        $a = "a"
        $b = /b.*cde/
    condition:
        any of them and entrypoint >= 0
}
RULES
for options in "" -w --fail-on-warnings "-w --fail-on-warnings"; do
    for time in first second; do
        code=0
        # shellcheck disable=SC2086 # words
        yara $options slow.yar one.yar >/dev/null 2>their.err || code=$?
        # shellcheck disable=SC2086
        overt yara $options slow.yar one.yar
        diff their.err err || fail "$time yara $options warns otherwise"
        expect_exit "$code"
        code=0
        # shellcheck disable=SC2086
        yarac $options d/../slow.yar their.img >/dev/null 2>their.err || code=$?
        # shellcheck disable=SC2086
        overt yarac $options d/../slow.yar our.img
        diff their.err err || fail "yarac $options warns otherwise"
        expect_exit "$code"
    done
done
